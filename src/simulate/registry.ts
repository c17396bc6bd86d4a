/**
 * What Redis shows: rooms at once, numbers of participants with their node's heartbeat, closed nodes as long as
 * somebody keeps them closed.
 */
import type { RoomPlacement } from '../core/readings.ts';
import { noteGroups } from '../core/rooms-by-node.ts';
import type { Calendar } from './calendar.ts';
import {
  type SimNode,
  type SimRoom,
  type Stall,
  type Writable,
  beatAtMs,
  beatsBy,
  chosenWithinMs,
  heartbeatMs,
  nextBeatMs,
} from './world-node.ts';

const none: readonly RoomPlacement[] = [];

export interface RegistryWatcher {
  /** A heartbeat told of another load than the one before. */
  onPublished(node: SimNode, grew: boolean): void;
  /** A node has begun or ceased to take new rooms. */
  onClosed(node: SimNode, closed: boolean): void;
}

export class Registry {
  readonly #calendar: Calendar;
  readonly #nowMs: () => number;
  readonly #watcher: RegistryWatcher;
  /** The records of each node's rooms; `undefined` where one has changed. */
  readonly #lists = new Map<SimNode, readonly RoomPlacement[] | undefined>();
  #records: readonly RoomPlacement[] | undefined;
  /** Nodes whose next heartbeat will tell something new, with the rooms that have changed. */
  readonly #due = new Map<SimNode, Set<Writable<SimRoom>>>();
  #reachable = true;
  #away: { readonly fromMs: number; readonly toMs: number } | undefined;
  #kept = true;

  constructor(calendar: Calendar, nowMs: () => number, watcher: RegistryWatcher) {
    this.#calendar = calendar;
    this.#nowMs = nowMs;
    this.#watcher = watcher;
  }

  get reachable(): boolean {
    return this.#reachable;
  }

  /** The rooms' records at this moment; the same array until one of them changes. */
  get records(): readonly RoomPlacement[] {
    this.#records ??= this.#allRecords();
    return this.#records;
  }

  setReachable(reachable: boolean): void {
    const nowMs = this.#nowMs();
    this.#reachable = reachable;
    this.#away = reachable
      ? { fromMs: this.#away?.fromMs ?? nowMs, toMs: nowMs }
      : { fromMs: nowMs, toMs: Infinity };
  }

  /** Whether somebody closes nodes again after each of their heartbeats; nodes open by themselves otherwise. */
  setKept(kept: boolean, nodes: Iterable<SimNode>): void {
    this.#kept = kept;
    for (const node of nodes) if (node.wantClosed) this.touch(node);
  }

  /** Nothing is heard of this node until then, and nothing that was marked on it is undone. */
  stall(node: Writable<SimNode>, toMs: number): void {
    node.stall = { fromMs: this.#nowMs(), toMs };
  }

  /** Somebody deletes the node's entry: it takes no rooms until its next heartbeat, which nobody has marked. */
  unlist(node: Writable<SimNode>): void {
    node.unlistedAtMs = this.#nowMs();
    this.#mark(node, false);
    if (node.wantClosed) this.touch(node);
  }

  /** All that was written is lost. Servers enter themselves again; which rooms there are they do not tell. */
  empty(nodes: Iterable<Writable<SimNode>>): void {
    for (const node of nodes) {
      this.unlist(node);
      this.#outdate(node);
      for (const room of node.rooms as ReadonlySet<Writable<SimRoom>>) room.forgotten = true;
    }
  }

  add(room: SimRoom): void {
    this.#outdate(room.node);
    this.touch(room.node);
  }

  delete(room: SimRoom): void {
    this.#outdate(room.node);
    this.touch(room.node).delete(room);
  }

  /** The room's participants have changed, which its node's next heartbeat will tell. */
  changed(room: Writable<SimRoom>): void {
    this.touch(room.node).add(room);
  }

  /** Makes sure that the next heartbeat of this node is looked at. */
  touch(node: SimNode): Set<Writable<SimRoom>> {
    const known = this.#due.get(node);
    if (known !== undefined) return known;
    const rooms = new Set<Writable<SimRoom>>();
    this.#due.set(node, rooms);
    this.#calendar.enter(nextBeatMs(node, this.#nowMs()), () => this.#beat(node));
    return rooms;
  }

  forget(node: SimNode): void {
    this.#due.delete(node);
    this.#lists.delete(node);
    this.#records = undefined;
  }

  /** Whether LiveKit chooses from this node now. */
  isChosen(node: SimNode): boolean {
    const isOpen = node.state === 'Ready' && !node.closed;
    if (!isOpen) return false;
    const beatMs = this.lastBeatMs(node);
    return beatMs > node.unlistedAtMs && this.#nowMs() - beatMs <= chosenWithinMs;
  }

  /** When its entry was last written. */
  lastBeatMs(node: SimNode): number {
    if (node.stall !== undefined) return this.#lastBeatAround(node, node.stall);
    return this.#lastBeatBy(node, node.goneAtMs ?? this.#nowMs());
  }

  #lastBeatAround(node: SimNode, { fromMs, toMs }: Stall): number {
    const beat = this.#lastBeatBy(node, node.goneAtMs ?? this.#nowMs());
    return beat < fromMs || beat >= toMs ? beat : this.#lastBeatBy(node, fromMs - 1);
  }

  #lastBeatBy(node: SimNode, atMs: number): number {
    const beat = beatAtMs(node, atMs);
    const away = this.#away;
    if (away === undefined || beat < away.fromMs || beat >= away.toMs) return beat;
    return beatAtMs(node, away.fromMs - 1);
  }

  /** How often its entry has been written, the last time at `lastBeatMs`. */
  beats(node: SimNode, lastBeatMs = this.lastBeatMs(node)): number {
    return beatsBy(node, lastBeatMs) - beatsBy(node, node.registeredAtMs ?? 0);
  }

  close(node: Writable<SimNode>, closed: boolean): void {
    node.wantClosed = closed;
    if (this.#reachable && this.#kept) this.#mark(node, closed);
    else this.touch(node);
  }

  #beat(node: Writable<SimNode>): void {
    const rooms = this.#due.get(node);
    if (rooms === undefined) return;
    if (!this.#reachable || isStalled(node, this.#nowMs())) {
      this.#calendar.enter(this.#nowMs() + heartbeatMs, () => this.#beat(node));
      return;
    }
    this.#due.delete(node);
    const grew = node.participants > node.publishedParticipants;
    const same = node.participants === node.publishedParticipants && node.rooms.size === node.publishedRooms;
    node.publishedParticipants = node.participants;
    node.publishedRooms = node.rooms.size;
    for (const room of rooms) this.#publish(room);
    this.#mark(node, node.wantClosed && this.#kept);
    if (!same || rooms.size > 0) this.#watcher.onPublished(node, grew);
  }

  #publish(room: Writable<SimRoom>): void {
    if (room.record.participants === room.participants) return;
    const { room: name, nodeId, createdAtSeconds } = room.record;
    room.record = { room: name, nodeId, participants: room.participants, createdAtSeconds };
    this.#outdate(room.node);
  }

  #outdate(node: SimNode): void {
    this.#lists.set(node, undefined);
    this.#records = undefined;
  }

  #allRecords(): readonly RoomPlacement[] {
    const groups = new Map<string, readonly RoomPlacement[]>();
    for (const [node, known] of this.#lists) {
      const list = known ?? recordsOf(node);
      if (known === undefined) this.#lists.set(node, list);
      if (list.length > 0) groups.set(node.id, list);
    }
    const all = none.concat(...groups.values());
    noteGroups(all, groups);
    return all;
  }

  #mark(node: Writable<SimNode>, closed: boolean): void {
    if (node.closed === closed) return;
    node.closed = closed;
    this.#watcher.onClosed(node, closed);
  }
}

function isStalled({ stall }: SimNode, nowMs: number): boolean {
  return stall !== undefined && nowMs >= stall.fromMs && nowMs < stall.toMs;
}

function recordsOf(node: SimNode): readonly RoomPlacement[] {
  const records: RoomPlacement[] = [];
  for (const room of node.rooms) if (!room.forgotten) records.push(room.record);
  return records;
}
