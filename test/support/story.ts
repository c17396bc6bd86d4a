/**
 * Stories in time for `decide`: a fleet in a world where everything works until the story says otherwise.
 * Heartbeats come every 2 s, one pass is made a second, and what is decided is carried out at once.
 */
import { never } from '../../src/base/assert.ts';
import type { Action } from '../../src/core/action.ts';
import type { DecideInput } from '../../src/core/decide-input.ts';
import type { Decision, NodeState } from '../../src/core/decision.ts';
import { decide } from '../../src/core/decide.ts';
import type { Learned } from '../../src/core/learned.ts';
import { type Memory, coldMemory } from '../../src/core/memory.ts';
import type {
  KubeNodeObservation,
  Observed,
  PodObservation,
  RevisionObservation,
} from '../../src/core/observed.ts';
import type { NodeMetricsReading, RedisReading, ServiceQuality } from '../../src/core/readings.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { type Machine, aMachine, entryOf, noteReadiness, roomsOf, testimonyOf } from './story-machine.ts';
import { unused } from './builders.ts';

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
  /** States of the template that are known, oldest first; without them nobody leaves word of what becomes of one. */
  readonly revisions?: readonly string[];
}

export class Story {
  readonly #machines = new Map<string, Machine>();
  readonly #ghosts = new Map<string, Machine>();
  readonly #launchMs: number;
  readonly done: { readonly atS: number; readonly action: Action }[] = [];
  #spec: ClusterSpec;
  #nowMs = startMs;
  /** How far somebody has set the wall clock ahead. */
  #aheadMs = 0;
  #memory: Memory = coldMemory(startMs);
  #last: Decision | undefined;
  #input: DecideInput | undefined;
  #wanted: readonly string[] = [];
  #redisWorks = true;
  #version: string | undefined = '1.13.5';
  #launchesWork: boolean;
  #serial = 0;
  readonly #learned: Learned | undefined;
  #revisions: RevisionObservation[] | undefined;
  readonly #kubeNodes = new Map<string, KubeNodeObservation>();
  readonly #broken = new Set<string>();
  readonly #stuck = new Set<string>();

  constructor({ spec, nodes, launchMs = 20_000, launchesWork = true, learned, revisions }: StoryOptions) {
    this.#revisions = revisions?.map((revision) => ({ revision, createdAtMs: epochMs, verdict: undefined }));
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

  /** A room ends, and its record stays with so many people in it. */
  leaveBehind(name: string, participants: number, room = `room-on-${name}`): this {
    const { rooms, leftBehind } = this.#machine(name);
    rooms.delete(room);
    leftBehind.set(room, participants);
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

  /** Its server ends, for good or until the kubelet starts it again after this time. */
  crash(name: string, restartAfterMs?: number): this {
    const machine = this.#machine(name);
    const ended = { exitCode: 137, reason: 'OOMKilled', atMs: this.#wallMs() };
    const phase = restartAfterMs === undefined ? 'Failed' : 'Running';
    machine.silent = true;
    machine.restartAtMs = restartAfterMs === undefined ? undefined : this.#nowMs + restartAfterMs;
    return this.change(name, { ended, phase, ready: false, startedAtMs: undefined });
  }

  /** Its server is told to stop by somebody else. */
  signal(name: string): this {
    this.#machine(name).signalled = true;
    return this;
  }

  /** Somebody sets the wall clock ahead, or back. */
  setClock(aheadMs: number): this {
    this.#aheadMs = aheadMs;
    return this;
  }

  /** So many clients of rooms elsewhere signal through it. */
  relay(name: string, clients: number): this {
    this.#machine(name).relayed = clients;
    return this;
  }

  ingest(name: string, jobs: number): this {
    this.#machine(name).ingests = jobs;
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

  /** Whoever asks for its removal is refused, as by a view of the past. */
  stick(name: string): this {
    this.#stuck.add(name);
    return this;
  }

  /** Of a node that has served: it reports, and its Pod is not Ready. */
  failProbes(name: string, fails = true): this {
    this.#machine(name).failsProbes = fails;
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

  /** What Redis tells of the version of the media servers from now on. */
  runs(version: string | undefined): this {
    this.#version = version;
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

  /** Somebody changes the template: another revision is known and wanted. */
  revise(revision: string, changes: Partial<ClusterSpec> = {}): this {
    const others = (this.#revisions ?? []).filter((known) => known.revision !== revision);
    const same = this.#revisions?.find((known) => known.revision === revision);
    this.#revisions = [...others, same ?? { revision, createdAtMs: this.#wallMs(), verdict: undefined }];
    return this.respec({ ...changes, revision });
  }

  /** Servers of this revision end as soon as they are started. */
  breaks(revision: string): this {
    this.#broken.add(revision);
    return this;
  }

  verdict(revision: string): string | undefined {
    return this.#revisions?.find((known) => known.revision === revision)?.verdict?.kind;
  }

  /** How well a node serves, by its own word. */
  serves(name: string, quality: Partial<ServiceQuality>): this {
    this.#machine(name).quality = { ...unused, ...quality };
    return this;
  }

  /** A machine is to be freed, with nobody saying until when or so many seconds from now; `why` undefined: no longer. */
  departs(machine: string, why: string | undefined, inS?: number): this {
    const deadlineMs = inS === undefined ? undefined : this.#wallMs() + inS * 1000;
    const departure = why === undefined ? undefined : { why, deadlineMs };
    this.#kubeNodes.set(machine, { name: machine, ready: true, departure });
    return this;
  }

  /** A room begins wherever the registry lets it: on an open node with the fewest people. Tells on which. */
  enter(people: number, room: string): string {
    const open = [...this.#machines.values()]
      .filter((machine) => machine.pod.ready && !machine.marked && !machine.pod.deleting)
      .toSorted((a, b) => sizeOf(a) - sizeOf(b));
    const name = open[0]?.pod.name;
    if (name === undefined) throw new Error('no node takes new rooms');
    this.begin(name, people, room);
    return name;
  }

  /** All rooms of a node end. */
  clear(name: string): this {
    this.#machine(name).rooms.clear();
    return this;
  }

  /** Names of the nodes by the revision that they are made from. */
  of(revision: string): readonly string[] {
    return this.decision.nodes
      .filter(({ node }) => node.pod.revision === revision)
      .map(({ node }) => node.name);
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
    // A kubelet tells its server a moment after the Pod was deleted.
    for (const machine of this.#machines.values()) machine.signalled ||= machine.pod.deleting;
  }

  #startAgain(machine: Machine): void {
    machine.restartAtMs = undefined;
    if (machine.lastHeartbeatMs > 0) {
      this.#ghosts.set(machine.nodeId, { ...machine, rooms: new Map(machine.rooms) });
    }
    this.#serial += 1;
    machine.nodeId = `ND_${this.#serial}`;
    machine.rooms.clear();
    machine.silent = false;
    machine.signalled = false;
    machine.heartbeatsSeen = 0;
    machine.lastHeartbeatMs = 0;
    machine.startedAtSeconds = Math.floor(this.#wallMs() / 1000);
    const { restarts } = machine.pod;
    machine.pod = { ...machine.pod, ended: undefined, restarts: restarts + 1, startedAtMs: this.#wallMs() };
  }

  #wallMs(): number {
    return epochMs + this.#nowMs - startMs + this.#aheadMs;
  }

  #live(machine: Machine): void {
    if ((machine.restartAtMs ?? Infinity) <= this.#nowMs) this.#startAgain(machine);
    noteReadiness(machine, this.#launchesWork && machine.readyAtMs <= this.#nowMs);
    if (!machine.pod.ready && !machine.failsProbes) return;
    if (machine.silent || machine.pod.deleting) return;
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
      wallMs: this.#wallMs(),
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
        return this.#create(action.name, action.revision);
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
      case 'EvictNode':
      case 'EndWedged':
        if (!this.#stuck.has(action.pod.name)) this.vanish(action.pod.name);
        return;
      case 'SetWish': {
        const { wish } = action;
        const cordonWish =
          wish === undefined ? undefined : { ...wish, sinceMs: this.#wallMs(), leaveWhenEmpty: true };
        this.change(action.pod.name, { cordonWish });
        return;
      }
      case 'JudgeRevision':
        this.#revisions = this.#revisions?.map((known) =>
          known.revision === action.revision ? { ...known, verdict: action.verdict } : known,
        );
        return;
      case 'RemoveGhost':
        this.#ghosts.delete(action.nodeId);
        for (const machine of this.#machines.values()) {
          if (machine.nodeId === action.nodeId) machine.lastHeartbeatMs = 0;
        }
        return;
      default:
        return never(action);
    }
  }

  #create(name: string, revision: string): void {
    if (this.#machines.has(name)) return;
    this.#begin(name, this.#nowMs);
    const machine = this.#machine(name);
    machine.readyAtMs = this.#nowMs + this.#launchMs;
    machine.heartbeatsSeen = 0;
    machine.pod = { ...machine.pod, ready: false, revision, kubeNode: 'worker-new' };
    if (!this.#broken.has(revision)) return;
    machine.readyAtMs = Infinity;
    machine.lastHeartbeatMs = 0;
    const ended = { exitCode: 0, reason: 'Completed' };
    machine.pod = { ...machine.pod, phase: 'Succeeded', startedAtMs: undefined, ended };
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
      kubeNodes: this.#kubeNodes.size === 0 ? undefined : Object.fromEntries(this.#kubeNodes),
      revisions: this.#revisions ?? [],
    };
  }

  #redis(): RedisReading {
    if (!this.#redisWorks) return { kind: 'Failed', why: 'connection refused', atMs: this.#nowMs };
    const registered = [...this.#machines.values(), ...this.#ghosts.values()].filter(
      (machine) => machine.lastHeartbeatMs > 0,
    );
    const nodes = registered.map((machine) => entryOf(machine, this.#nowMs));
    const rooms = registered.flatMap(roomsOf);
    return { kind: 'Read', nodes, rooms, atMs: this.#nowMs, serverVersion: this.#version };
  }

  #testimony(name: string): readonly (readonly [string, NodeMetricsReading])[] {
    const machine = this.#machines.get(name);
    return machine === undefined ? [] : [[name, testimonyOf(machine, this.#nowMs - 1)]];
  }
}

function sizeOf({ rooms }: Machine): number {
  return [...rooms.values()].reduce((sum, people) => sum + people, 0);
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
    case 'EvictNode':
    case 'EndWedged':
      return action.pod.name;
    case 'SetWish':
      return `${action.pod.name} ${action.wish === undefined ? 'freed' : 'wished closed'}`;
    case 'JudgeRevision':
      return `${action.revision} ${action.verdict.kind}`;
    default:
      return never(action);
  }
}
