/**
 * Stories in time for `decide`: a fleet in a world where everything works until the story says otherwise.
 * Heartbeats come every 2 s, one pass is made a second, and what is decided is carried out at once.
 */
import { never } from '../../src/base/assert.ts';
import type { Action } from '../../src/core/action.ts';
import { type DecideInput, type Decision, type NodeState, decide } from '../../src/core/decide.ts';
import type { Learned } from '../../src/core/learned.ts';
import { type Memory, coldMemory } from '../../src/core/memory.ts';
import type { Observed, PodObservation } from '../../src/core/observed.ts';
import type { NodeMetricsReading, RedisReading } from '../../src/core/readings.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { type Machine, aMachine, entryOf, roomsOf, testimonyOf } from './story-machine.ts';

const unitMs = { s: 1000, min: 60_000, h: 3_600_000 } as const;
const epochMs = Date.UTC(2026, 2, 1, 12);
const startMs = 5_000_000;

export interface StoryOptions {
  readonly spec: ClusterSpec;
  /** Nodes that have served for an hour when the story begins. */
  readonly nodes: number;
  readonly launchMs?: number;
  /** Whether launched servers ever register. */
  readonly launchesWork?: boolean;
  readonly learned?: Learned;
}

export class Story {
  readonly #machines = new Map<string, Machine>();
  readonly #ghosts = new Map<string, Machine>();
  readonly #launchMs: number;
  readonly done: { readonly atS: number; readonly action: Action }[] = [];
  #spec: ClusterSpec;
  #nowMs = startMs;
  #memory: Memory = coldMemory(startMs);
  #last: Decision | undefined;
  #input: DecideInput | undefined;
  #wanted: readonly string[] = [];
  #redisWorks = true;
  #launchesWork: boolean;
  #serial = 0;
  readonly #learned: Learned | undefined;

  constructor({ spec, nodes, launchMs = 20_000, launchesWork = true, learned }: StoryOptions) {
    this.#spec = spec;
    this.#learned = learned;
    this.#launchMs = launchMs;
    this.#launchesWork = launchesWork;
    for (let at = 0; at < nodes; at += 1) this.#begin(`c-media-${at}`, startMs - 3_600_000);
  }

  /** Lets the world go on until this time of the story, one pass a second. */
  at(amount: number, unit: keyof typeof unitMs = 's'): this {
    const untilMs = startMs + amount * unitMs[unit];
    while (this.#nowMs < untilMs) this.#second();
    if (this.#last === undefined) this.#pass();
    return this;
  }

  /** One room with this many people on the node; 0 ends it. */
  load(name: string, participants: number, room = `room-on-${name}`): this {
    const { rooms } = this.#machine(name);
    if (participants === 0) rooms.delete(room);
    else rooms.set(room, participants);
    return this;
  }

  /** One room that begins now, so that its age is known. */
  begin(name: string, participants: number, room: string): this {
    const { rooms, begun } = this.#machine(name);
    rooms.set(room, participants);
    begun.set(room, (epochMs + this.#nowMs - startMs) / 1000);
    return this;
  }

  silence(...names: readonly string[]): this {
    for (const name of names) this.#machine(name).silent = true;
    return this;
  }

  speak(...names: readonly string[]): this {
    for (const name of names) this.#machine(name).silent = false;
    return this;
  }

  /** The Pod is gone at once; its entry stays in the registry. */
  vanish(name: string): this {
    const machine = this.#machine(name);
    this.#machines.delete(name);
    this.#ghosts.set(machine.nodeId, machine);
    return this;
  }

  /** The node itself tells of these people whatever Redis says; `undefined`: the truth again. */
  claims(name: string, participants: number | undefined): this {
    this.#machine(name).ownParticipants = participants;
    return this;
  }

  companion(name: string, jobs: number): this {
    this.#machine(name).companionJobs = jobs;
    return this;
  }

  mute(name: string): this {
    this.#machine(name).answers = false;
    return this;
  }

  change(name: string, pod: Partial<PodObservation>): this {
    const machine = this.#machine(name);
    machine.pod = { ...machine.pod, ...pod };
    return this;
  }

  redis(works: boolean): this {
    this.#redisWorks = works;
    return this;
  }

  launches(work: boolean): this {
    this.#launchesWork = work;
    return this;
  }

  respec(changes: Partial<ClusterSpec>): this {
    this.#spec = { ...this.#spec, ...changes };
    return this;
  }

  /** The operator starts anew with no memory. */
  restart(): this {
    this.#memory = coldMemory(this.#nowMs);
    for (const machine of this.#machines.values()) machine.heartbeatsSeen = 0;
    return this;
  }

  get decision(): Decision {
    if (this.#last === undefined) throw new Error('the story has not begun: call at(0)');
    return this.#last;
  }

  /** What the last decision was made from. */
  get input(): DecideInput {
    if (this.#input === undefined) throw new Error('the story has not begun: call at(0)');
    return this.#input;
  }

  get names(): readonly string[] {
    return this.decision.nodes.map(({ node }) => node.name);
  }

  state(name: string): NodeState | undefined {
    return this.decision.nodes.find(({ node }) => node.name === name)?.state;
  }

  states(): readonly (NodeState | undefined)[] {
    return this.decision.nodes.map(({ state }) => state);
  }

  /** What was done so far, as `RemoveNode c-media-1`. */
  deeds(...kinds: readonly Action['kind'][]): readonly string[] {
    return this.done
      .filter(({ action }) => kinds.length === 0 || kinds.includes(action.kind))
      .map(({ action }) => `${action.kind} ${subject(action)}`);
  }

  refusals(): readonly string[] {
    return this.decision.refusals.map(({ reason }) => reason);
  }

  #second(): void {
    this.#nowMs += 1000;
    for (const machine of this.#machines.values()) this.#live(machine);
    for (const [name, machine] of this.#machines) {
      if ((machine.goneAtMs ?? Infinity) <= this.#nowMs) this.#machines.delete(name);
    }
    this.#pass();
  }

  #live(machine: Machine): void {
    if (
      !machine.pod.ready &&
      this.#launchesWork &&
      machine.readyAtMs <= this.#nowMs &&
      !machine.pod.deleting
    ) {
      machine.pod = { ...machine.pod, ready: true, phase: 'Running' };
    }
    if (!machine.pod.ready || machine.silent || machine.pod.deleting) return;
    if (this.#nowMs - machine.lastHeartbeatMs < 2000) return;
    machine.lastHeartbeatMs = this.#nowMs;
    machine.heartbeatsSeen += 1;
    // Nobody puts the mark back while Redis cannot be reached.
    if (!this.#redisWorks) machine.marked = false;
  }

  #pass(): void {
    const input: DecideInput = {
      clusterName: 'c',
      spec: this.#spec,
      observed: this.#observed(),
      memory: this.#memory,
      nowMs: this.#nowMs,
      wallMs: epochMs + this.#nowMs - startMs,
      learned: this.#learned,
      launchMs: undefined,
    };
    const decision = decide(input);
    this.#input = input;
    this.#memory = decision.memory;
    this.#wanted = decision.evidenceWanted;
    this.#last = decision;
    const { open, closed } = decision.steering ?? { open: [], closed: [] };
    for (const machine of this.#machines.values()) {
      if (open.includes(machine.nodeId)) machine.marked = false;
      if (closed.includes(machine.nodeId)) machine.marked = true;
    }
    for (const action of decision.actions) this.#carryOut(action);
  }

  #carryOut(action: Action): void {
    this.done.push({ atS: (this.#nowMs - startMs) / 1000, action });
    switch (action.kind) {
      case 'CreatePod':
        return this.#create(action.name);
      case 'SetInService':
        this.change(action.pod.name, { inService: action.inService });
        return;
      case 'RemoveNode': {
        const machine = this.#machine(action.pod.name);
        machine.pod = { ...machine.pod, deleting: true };
        machine.goneAtMs = this.#nowMs + 2000;
        return;
      }
      case 'RemoveFailed':
        this.#machines.delete(action.pod.name);
        return;
      case 'RemoveGhost':
        this.#ghosts.delete(action.nodeId);
        return;
      default:
        return never(action);
    }
  }

  #create(name: string): void {
    if (this.#machines.has(name)) return;
    this.#begin(name, this.#nowMs);
    const machine = this.#machine(name);
    machine.readyAtMs = this.#nowMs + this.#launchMs;
    machine.heartbeatsSeen = 0;
    machine.pod = { ...machine.pod, ready: false };
  }

  #begin(name: string, atMs: number): void {
    this.#serial += 1;
    this.#machines.set(name, aMachine(name, this.#serial, { atMs, bornMs: epochMs + atMs - startMs }));
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`the story knows no ${name}`);
    return machine;
  }

  #observed(): Observed {
    return {
      pods: [...this.#machines.values()].map(({ pod }) => pod),
      ownWritesSeen: true,
      redis: this.#redis(),
      metrics: Object.fromEntries(this.#wanted.flatMap((name) => this.#testimony(name))),
      serverApi: undefined,
      launchRefusal: undefined,
    };
  }

  #redis(): RedisReading {
    if (!this.#redisWorks) return { kind: 'Failed', why: 'connection refused', atMs: this.#nowMs };
    const registered = [...this.#machines.values(), ...this.#ghosts.values()].filter(
      (machine) => machine.lastHeartbeatMs > 0,
    );
    const nodes = registered.map((machine) => entryOf(machine, this.#nowMs));
    const rooms = registered.flatMap(roomsOf);
    return { kind: 'Read', nodes, rooms, atMs: this.#nowMs, serverVersion: '1.13.5' };
  }

  #testimony(name: string): readonly (readonly [string, NodeMetricsReading])[] {
    const machine = this.#machines.get(name);
    return machine === undefined ? [] : [[name, testimonyOf(machine, this.#nowMs - 1)]];
  }
}

function subject(action: Action): string {
  switch (action.kind) {
    case 'CreatePod':
      return action.name;
    case 'RemoveGhost':
      return action.nodeId;
    case 'SetInService':
      return `${action.pod.name} ${action.inService ? 'in' : 'out'}`;
    case 'RemoveNode':
    case 'RemoveFailed':
      return action.pod.name;
    default:
      return never(action);
  }
}
