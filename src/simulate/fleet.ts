/** How nodes come to be in a simulated world: from the launch to the moment from which they take rooms. */
import { type Random, chance, uniform } from '../workload/random.ts';
import type { Calendar } from './calendar.ts';
import type { SimFaults } from './faults.ts';
import { type SimNode, type Writable, heartbeatMs } from './world-node.ts';

/** How long before it is ready a server is started, and how long before it registers. */
const startsBeforeReadyMs = 1500;
const registersBeforeReadyMs = 1000;

export interface FleetOptions {
  readonly calendar: Calendar;
  readonly launchMs: number;
  readonly faults: SimFaults;
  readonly random: Random;
  readonly nowMs: () => number;
  /** Whether a server that starts could enter the registry now. */
  canRegister(): boolean;
  onLaunched(node: SimNode): void;
  onReady(node: SimNode): void;
  /** Something about the node's Pod is different. */
  onChanged(node: SimNode): void;
}

export interface Fate {
  /** It will never become a Media Node. */
  readonly doomed?: boolean;
  readonly launchMs?: number;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #nodes = new Set<Writable<SimNode>>();
  #serial = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Nodes that exist, in the order of their launch. */
  get nodes(): ReadonlySet<Writable<SimNode>> {
    return this.#nodes;
  }

  /** A node that is ready at once and has run for a while: the fleet at the beginning. */
  found(): SimNode {
    const { launchMs, nowMs } = this.#options;
    const node = this.#add(false);
    node.createdAtMs = nowMs() - launchMs;
    node.startedAtMs = Math.max(node.createdAtMs, nowMs() - startsBeforeReadyMs);
    node.registeredAtMs = nowMs();
    node.podReady = true;
    this.#settle(node);
    return node;
  }

  /** Asks for another node, to whom happens what happens to others unless told. */
  launch(fate: Fate = {}): SimNode {
    const { faults, random, nowMs } = this.#options;
    const launchMs = fate.launchMs ?? this.#options.launchMs;
    const node = this.#add(fate.doomed ?? chance(random, faults.launchFailureShare));
    if (node.doomed) return node;
    const readyMs = nowMs() + launchMs + Math.floor(uniform(random, 0, faults.launchSpreadS * 1000 + 1));
    const startsMs = Math.max(nowMs(), readyMs - startsBeforeReadyMs);
    const registersMs = Math.max(nowMs(), readyMs - registersBeforeReadyMs);
    this.#later(node, startsMs, () => (node.startedAtMs = nowMs()));
    this.#later(node, registersMs + faults.registrationDelayS * 1000, () => this.#register(node));
    this.#later(node, readyMs, () => (node.podReady = true));
    return node;
  }

  /** The node is gone. */
  drop(node: Writable<SimNode>, lost: boolean): void {
    node.state = 'Gone';
    node.lost = lost;
    node.goneAtMs = this.#options.nowMs();
    this.#nodes.delete(node);
  }

  changed(node: Writable<SimNode>): void {
    node.podVersion += 1;
    this.#options.onChanged(node);
  }

  #add(doomed: boolean): Writable<SimNode> {
    const nowMs = this.#options.nowMs();
    this.#serial += 1;
    const node: Writable<SimNode> = {
      id: `n${this.#serial}`,
      serial: this.#serial,
      state: 'Launching',
      launchedAtMs: nowMs,
      createdAtMs: nowMs,
      startedAtMs: undefined,
      registeredAtMs: undefined,
      podReady: false,
      readyAtMs: undefined,
      doomed,
      lost: false,
      goneAtMs: undefined,
      wantClosed: false,
      closed: false,
      participants: 0,
      rooms: new Set(),
      publishedParticipants: 0,
      publishedRooms: 0,
      phaseMs: Math.floor(this.#options.random() * heartbeatMs),
      joins: 0,
      stall: undefined,
      unlistedAtMs: -Infinity,
      wedged: false,
      podVersion: 0,
    };
    this.#nodes.add(node);
    this.#options.onLaunched(node);
    this.changed(node);
    return node;
  }

  #later(node: Writable<SimNode>, atMs: number, happen: () => void): void {
    this.#options.calendar.enter(atMs, () => {
      if (node.state === 'Gone') return;
      happen();
      this.#settle(node);
    });
  }

  #register(node: Writable<SimNode>): void {
    const nowMs = this.#options.nowMs();
    if (this.#options.canRegister()) node.registeredAtMs = nowMs;
    else this.#later(node, nowMs + heartbeatMs, () => this.#register(node));
  }

  #settle(node: Writable<SimNode>): void {
    if (node.state === 'Launching' && node.podReady && node.registeredAtMs !== undefined) {
      node.state = 'Ready';
      node.readyAtMs = this.#options.nowMs();
      this.#options.onReady(node);
    }
    this.changed(node);
  }
}
