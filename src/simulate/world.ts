/**
 * Media Nodes and rooms in simulated time. What happens to them follows from what LiveKit does; who launches, closes
 * and removes nodes, and when, is somebody else's affair. Equal seeds and equal calls give equal events.
 */
import { assert } from '../base/assert.ts';
import { type Random, pick, stream } from '../workload/random.ts';
import { Calendar } from './calendar.ts';
import type { SimEvent } from './events.ts';
import type { SimFaults } from './faults.ts';
import { type Fate, Fleet } from './fleet.ts';
import { Registry } from './registry.ts';
import { type Selector, leastLoaded, select } from './selection.ts';
import type { SimNode, SimRoom, Writable } from './world-node.ts';

/** A client whose room could not be created tries again after this. */
const tryAgainMs = 1000;

export interface WorldOptions {
  readonly launchMs: number;
  readonly seed: number;
  readonly selector: Selector;
  readonly faults: SimFaults;
  /** Wall clock at the beginning, in milliseconds since the Unix epoch. */
  readonly startWallMs: number;
  emit(event: SimEvent): void;
}

/** Whoever runs the fleet. Calls come in the order of what they tell of. */
export interface WorldWatcher {
  onRoomStarted(node: SimNode): void;
  onRoomEnded(node: SimNode): void;
  /** A heartbeat told of another load than the one before; `grew`: of more people. */
  onPublished(node: SimNode, grew: boolean): void;
  /** Something about its Pod: it came, runs, registered, is ready, leaves, or is gone. */
  onNodeChanged(node: SimNode): void;
}

export interface WorldCounts {
  /** Attempts to create a room for which there was no node. */
  readonly creationsFailed: number;
  /** Rooms that were over before any node took them. */
  readonly roomsNeverPlaced: number;
  readonly nodesLost: number;
  /** What those nodes carried. */
  readonly roomsLost: number;
  readonly participantsLost: number;
}

interface Wanted {
  readonly participants: number;
  readonly title: string;
}

export class World {
  readonly calendar = new Calendar();
  readonly registry: Registry;
  readonly startWallMs: number;
  readonly #options: WorldOptions;
  readonly #selection: Random;
  readonly #losses: Random;
  readonly #fleet: Fleet;
  readonly #rooms = new Map<string, Writable<SimRoom>>();
  /** Rooms that are wanted and that no node has taken yet. */
  readonly #waiting = new Map<string, Wanted>();
  #counts: WorldCounts = {
    creationsFailed: 0,
    roomsNeverPlaced: 0,
    nodesLost: 0,
    roomsLost: 0,
    participantsLost: 0,
  };
  watcher: WorldWatcher | undefined;
  /** Who gives new rooms to nodes. */
  placement: 'LiveKit' | 'LeastLoaded' = 'LiveKit';
  /** Told of each room that was cut with its node. */
  onCut: ((room: SimRoom) => void) | undefined;
  nowMs = 0;

  constructor(options: WorldOptions) {
    const { seed, faults, launchMs } = options;
    const { calendar } = this;
    const nowMs = () => this.nowMs;
    this.#options = options;
    this.startWallMs = options.startWallMs;
    this.#selection = stream(seed, 'selection');
    this.#losses = stream(seed, 'losses');
    this.registry = new Registry(calendar, nowMs, {
      onPublished: (node, grew) => this.watcher?.onPublished(node, grew),
      onClosed: (node, closed) => this.#tell(closed ? 'cordon' : 'uncordon', node),
    });
    this.#fleet = new Fleet({
      calendar,
      launchMs,
      faults,
      random: stream(seed, 'nodes'),
      nowMs,
      canRegister: () => this.registry.reachable,
      onLaunched: (node) => this.#tell('launch', node),
      onReady: (node) => this.#tell('ready', node),
      onChanged: (node) => this.watcher?.onNodeChanged(node),
    });
    this.#enterFaults(faults);
  }

  /** Nodes that exist, in the order of their launch. */
  get nodes(): ReadonlySet<SimNode> {
    return this.#fleet.nodes;
  }

  get rooms(): ReadonlyMap<string, SimRoom> {
    return this.#rooms;
  }

  get counts(): WorldCounts {
    return this.#counts;
  }

  /** A node that is ready at once: the fleet at the beginning. */
  found(): SimNode {
    return this.#fleet.found();
  }

  /** Asks for another node. */
  launch(fate?: Fate): SimNode {
    return this.#fleet.launch(fate);
  }

  /** Lets a node take new rooms, or no more. */
  close(node: SimNode, closed: boolean): void {
    // Wanted and not so: nobody kept it closed for a while.
    if (node.state === 'Gone' || (node.wantClosed === closed && node.closed === closed)) return;
    this.registry.close(node, closed);
  }

  /** Tells a node to stop: it takes no new rooms and goes when it is empty, but not before `afterMs` from now. */
  leave(node: Writable<SimNode>, afterMs: number): void {
    if (node.state === 'Gone' || node.state === 'Leaving') return;
    if (node.state === 'Launching') return this.remove(node);
    node.state = 'Leaving';
    this.#fleet.changed(node);
    if (afterMs === 0) this.#goIfEmpty(node);
    else this.calendar.enter(this.nowMs + afterMs, () => this.#goIfEmpty(node));
  }

  /** Makes that a node that was told to stop never ends by itself. */
  wedge(node: Writable<SimNode>): void {
    node.wedged = true;
  }

  /** Removes a node now, with all it carries. `lost`: nobody wanted it. */
  remove(node: Writable<SimNode>, lost = false): void {
    if (node.state === 'Gone') return;
    const fault: { lost?: true } = lost ? { lost: true } : {};
    const cut = node.participants;
    this.#options.emit({ t: this.nowMs / 1000, e: 'remove', node: node.id, cut, ...fault });
    if (lost) this.#countLoss(node);
    this.#fleet.drop(node, lost);
    for (const room of node.rooms) {
      this.#end(room);
      this.onCut?.(room);
    }
    this.registry.forget(node);
    this.#fleet.changed(node);
  }

  /**
   * Begins a room with this many participants. If no node takes it, it is tried again each second. `title` is what
   * people call it, where that is something else than its name in the log; no two rooms that live have the same.
   */
  startRoom(name: string, participants: number, title = name): void {
    const isNew = !this.#rooms.has(name) && !this.#waiting.has(name);
    assert(participants > 0 && isNew, `room ${name} is new and has somebody in it`);
    this.#waiting.set(name, { participants, title });
    this.#place(name);
  }

  /** Sets the participants of a room that lives or waits. A room that is over is left alone. */
  changeRoom(name: string, participants: number): void {
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined) this.#waiting.set(name, { ...waiting, participants });
    const room = this.#rooms.get(name);
    if (room === undefined || room.participants === participants) return;
    this.#setParticipants(room, participants);
    this.registry.changed(room);
  }

  endRoom(name: string): void {
    if (this.#waiting.delete(name)) this.#count({ roomsNeverPlaced: 1 });
    const room = this.#rooms.get(name);
    if (room === undefined) return;
    const { node } = room;
    this.#end(room);
    this.watcher?.onRoomEnded(node);
    if (node.state === 'Leaving') this.#goIfEmpty(node);
  }

  #goIfEmpty(node: SimNode): void {
    if (node.rooms.size === 0 && !node.wedged) this.remove(node);
  }

  #place(name: string): void {
    const wanted = this.#waiting.get(name);
    if (wanted === undefined) return;
    const node = this.#chooseNode();
    if (node === undefined) {
      this.#count({ creationsFailed: 1 });
      this.calendar.enter(this.nowMs + tryAgainMs, () => this.#place(name));
      return;
    }
    this.#waiting.delete(name);
    this.#begin(name, node, wanted);
    this.watcher?.onRoomStarted(node);
  }

  #chooseNode(): SimNode | undefined {
    if (!this.registry.reachable) return undefined;
    const candidates: SimNode[] = [];
    for (const node of this.nodes) if (this.registry.isChosen(node)) candidates.push(node);
    if (this.placement === 'LeastLoaded') return leastLoaded(candidates);
    return select(candidates, this.#options.selector, this.#selection);
  }

  #begin(name: string, node: SimNode, { participants, title }: Wanted): void {
    const createdAtSeconds = Math.floor((this.startWallMs + this.nowMs) / 1000);
    const record = { room: title, nodeId: node.id, participants, createdAtSeconds };
    const room: SimRoom = { name, node, participants: 0, record, forgotten: false };
    this.#rooms.set(name, room);
    node.rooms.add(room);
    this.#options.emit({ t: this.nowMs / 1000, e: 'room', room: name, node: node.id });
    this.#setParticipants(room, participants);
    this.registry.add(room);
  }

  #setParticipants(room: Writable<SimRoom>, participants: number): void {
    const node: Writable<SimNode> = room.node;
    node.participants += participants - room.participants;
    node.joins += Math.max(0, participants - room.participants);
    room.participants = participants;
    this.#options.emit({ t: this.nowMs / 1000, e: 'load', room: room.name, n: participants });
  }

  #end(room: SimRoom): void {
    const node: Writable<SimNode> = room.node;
    node.participants -= room.participants;
    node.rooms.delete(room);
    this.#rooms.delete(room.name);
    this.registry.delete(room);
    this.#options.emit({ t: this.nowMs / 1000, e: 'end', room: room.name });
  }

  #tell(e: 'launch' | 'ready' | 'cordon' | 'uncordon', node: SimNode): void {
    this.#options.emit({ t: this.nowMs / 1000, e, node: node.id });
  }

  #enterFaults(faults: SimFaults): void {
    for (const { fromS, toS } of faults.redisOutages) {
      this.calendar.enter(fromS * 1000, () => this.registry.setReachable(false));
      this.calendar.enter(toS * 1000, () => this.registry.setReachable(true));
    }
    for (const { atS, nodes } of faults.nodeLosses) {
      this.calendar.enter(atS * 1000, () => this.#lose(nodes));
    }
  }

  #lose(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      const ready = [...this.nodes].filter((node) => node.state === 'Ready');
      if (ready.length > 0) this.remove(pick(this.#losses, ready), true);
    }
  }

  #countLoss({ rooms, participants }: SimNode): void {
    this.#count({ nodesLost: 1, roomsLost: rooms.size, participantsLost: participants });
  }

  #count(more: Partial<WorldCounts>): void {
    const { creationsFailed, roomsNeverPlaced, nodesLost, roomsLost, participantsLost } = this.#counts;
    this.#counts = {
      creationsFailed: creationsFailed + (more.creationsFailed ?? 0),
      roomsNeverPlaced: roomsNeverPlaced + (more.roomsNeverPlaced ?? 0),
      nodesLost: nodesLost + (more.nodesLost ?? 0),
      roomsLost: roomsLost + (more.roomsLost ?? 0),
      participantsLost: participantsLost + (more.participantsLost ?? 0),
    };
  }
}
