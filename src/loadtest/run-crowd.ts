/** Brings people in and out: one change of level, carried out by all workers at the same moment. */
import { whyOf } from '../livekit/why.ts';
import type { WorkerLink } from './coordinator-link.ts';
import type { WorkerPool } from './coordinator-pool.ts';
import { assign } from './plan-assign.ts';
import { changeLevel, churn, type Crowd, emptyCrowd } from './plan-level.ts';
import { traceLengthMs } from './plan-trace.ts';
import type { LevelChange, PlannedStep } from './plan.ts';
import { type RunClock, RunStoppedError, StageDeadlineError } from './run-clock.ts';
import type { Scenario } from './scenario.ts';

/** What of the target this needs. */
export interface RoomMaker {
  createRooms(names: readonly string[]): Promise<void>;
  deleteRooms(names: readonly string[]): Promise<void>;
}

export interface CrowdParts {
  readonly scenario: Scenario;
  readonly clock: RunClock;
  readonly pool: WorkerPool;
  readonly rooms: RoomMaker;
  /** Before the names of rooms. */
  readonly prefix: string;
  readonly epoch: number;
  readonly onNote: (text: string) => void;
}

/** From sending a change until it begins, so that all workers have it. */
const leadMs = 500;
/** From the last step of a change until all must have told how it went: a join may be tried three times. */
const graceMs = 60_000;
/** Rooms are made this long before their first people, since empty ones are closed after a while. */
const roomLeadMs = 20_000;

export class RunCrowd {
  readonly #parts: CrowdParts;
  #crowd: Crowd;
  /** Where people are; those of workers that were lost are not taken out before the level is given up. */
  readonly #places = new Map<string, { readonly worker: WorkerLink; readonly room: string }>();
  #workers: readonly WorkerLink[] = [];
  #changes = 0;
  #traceEndMs = 0;

  constructor(parts: CrowdParts) {
    this.#parts = parts;
    this.#crowd = emptyCrowd(1, parts.epoch);
  }

  /** Whether everybody of a level is there, and a trace still plays for so long. */
  isAt(level: number, forMs: number): boolean {
    const isOver = this.#traceEndMs > 0 && this.#parts.clock.nowMs() + forMs > this.#traceEndMs;
    return this.#crowd.level === level && this.isWhole && !isOver;
  }

  get planned(): number {
    return this.#places.size;
  }

  /** The workers that play the level; some may have been lost since. */
  get workers(): readonly WorkerLink[] {
    return this.#workers;
  }

  get isWhole(): boolean {
    return this.#workers.every((worker) => !worker.isClosed);
  }

  /** Everybody leaves, also those whose worker was lost. @throws RunStoppedError */
  async empty(signal: AbortSignal): Promise<void> {
    this.#traceEndMs = 0;
    if (this.#places.size > 0) {
      const leaves = [...this.#places.keys()].map(
        (identity): PlannedStep => ({ kind: 'Leave', atMs: 0, identity }),
      );
      await this.#carryOut({ from: this.#crowd.level, to: 0, rooms: [], steps: leaves }, signal);
    }
    if (this.#parts.scenario.workload.kind !== 'Trace') {
      this.#crowd = changeLevel(this.#parts.scenario, this.#crowd, 0).crowd;
    }
  }

  /** Goes to a level. A repetition begins with nobody there. @throws RunStoppedError */
  async goTo(level: number, repetition: number, signal: AbortSignal): Promise<void> {
    const { scenario, pool, epoch } = this.#parts;
    if (repetition !== this.#crowd.repetition) this.#crowd = emptyCrowd(repetition, epoch);
    if (this.#places.size === 0) this.#workers = pool.ready;
    const { change, crowd } = changeLevel(scenario, this.#crowd, level);
    this.#crowd = { ...crowd, level };
    const { workload } = scenario;
    if (workload.kind !== 'Trace') return await this.#carryOut(change, signal);
    await this.#play(change, traceLengthMs(workload), signal);
  }

  /** People come and go during the next window. */
  churn(fromMs: number, forMs: number): void {
    if (this.#parts.scenario.workload.kind === 'Trace') return;
    const { steps, crowd } = churn(this.#parts.scenario, this.#crowd, forMs);
    this.#crowd = crowd;
    if (steps.length > 0) this.#dispatch({ from: crowd.level, to: crowd.level, rooms: [], steps }, fromMs);
  }

  async #carryOut(change: LevelChange, signal: AbortSignal): Promise<void> {
    const { clock, prefix } = this.#parts;
    const before = this.#roomsInUse();
    await this.#makeRooms(change.rooms.map(({ name }) => `${prefix}${name}`));
    const number = this.#dispatch(change, clock.nowMs() + leadMs);
    const lastMs = change.steps.reduce((last, { atMs }) => Math.max(last, atMs), 0);
    await this.#changed(number, leadMs + lastMs + graceMs, signal);
    const after = this.#roomsInUse();
    await this.#takeRooms([...before].filter((room) => !after.has(room)));
  }

  /** The change of a trace is the whole of it: it is not waited for, and its rooms are made as they are due. */
  async #play(change: LevelChange, lengthMs: number, signal: AbortSignal): Promise<void> {
    const { clock, prefix } = this.#parts;
    const due = firstJoins(change);
    const startAtMs = clock.nowMs() + leadMs;
    const make = async (untilMs: number): Promise<void> => {
      const ready = due.splice(0, due.findLastIndex(({ atMs }) => atMs <= untilMs) + 1);
      await this.#makeRooms(ready.map(({ room }) => `${prefix}${room}`));
    };
    await make(roomLeadMs);
    this.#traceEndMs = startAtMs + lengthMs;
    this.#dispatch(change, Math.max(startAtMs, clock.nowMs() + leadMs));
    const keepMaking = async (): Promise<void> => {
      while (due.length > 0 && this.isWhole) {
        await clock.sleep(roomLeadMs / 4, signal);
        await make(clock.nowMs() - startAtMs + roomLeadMs);
      }
    };
    void keepMaking().catch((error: unknown) => {
      if (!(error instanceof RunStoppedError)) this.#parts.onNote(whyOf(error));
    });
  }

  /** Gives every worker its part, also an empty one, so that all report. */
  #dispatch(change: LevelChange, startAtMs: number): number {
    this.#changes += 1;
    const number = this.#changes;
    const parts = new Map<WorkerLink, PlannedStep[]>(this.#workers.map((worker) => [worker, []]));
    for (const step of change.steps) {
      const worker = step.kind === 'Join' ? this.#join(step) : this.#leave(step.identity);
      if (worker !== undefined) parts.get(worker)?.push(this.#named(step));
    }
    const rooms = change.rooms.map((room) => ({ ...room, name: `${this.#parts.prefix}${room.name}` }));
    for (const [worker, steps] of parts) {
      worker.send({ kind: 'change', change: number, startAtMs, rooms, steps });
    }
    return number;
  }

  #join({ person }: Extract<PlannedStep, { readonly kind: 'Join' }>): WorkerLink | undefined {
    const numbers = this.#workers.map(({ number }) => number);
    const number = assign(this.#parts.scenario, person, numbers);
    const worker = this.#workers.find((each) => each.number === number);
    if (worker !== undefined) this.#places.set(person.identity, { worker, room: person.room });
    return worker;
  }

  /** The people of a trace stay listed, since the trace may be given up before they leave. */
  #leave(identity: string): WorkerLink | undefined {
    const place = this.#places.get(identity);
    if (this.#traceEndMs === 0) this.#places.delete(identity);
    return place?.worker;
  }

  #named(step: PlannedStep): PlannedStep {
    if (step.kind === 'Leave') return step;
    return { ...step, person: { ...step.person, room: `${this.#parts.prefix}${step.person.room}` } };
  }

  /** Who does not answer in time is lost. */
  async #changed(number: number, ms: number, signal: AbortSignal): Promise<void> {
    const { pool } = this.#parts;
    const stage = 'a change of level';
    const missing = (): readonly WorkerLink[] =>
      this.#workers.filter((worker) => !worker.isClosed && pool.changedBy(worker, number) === undefined);
    try {
      await pool.until(() => missing().length === 0, stage, ms, signal);
    } catch (error) {
      if (!(error instanceof StageDeadlineError)) throw error;
      for (const worker of missing()) pool.drop(worker, error.message);
    }
  }

  #roomsInUse(): ReadonlySet<string> {
    return new Set([...this.#places.values()].map(({ room }) => room));
  }

  /** A node that makes no rooms any more lets nobody in either, which the windows will show. */
  async #makeRooms(names: readonly string[]): Promise<void> {
    const { rooms, onNote } = this.#parts;
    await rooms.createRooms(names).catch((error: unknown) => onNote(whyOf(error)));
  }

  async #takeRooms(names: readonly string[]): Promise<void> {
    const { rooms, onNote, prefix } = this.#parts;
    await rooms
      .deleteRooms(names.map((name) => `${prefix}${name}`))
      .catch((error: unknown) => onNote(whyOf(error)));
  }
}

/** When the first people of each room come, in that order. */
function firstJoins({ steps }: LevelChange): { readonly room: string; readonly atMs: number }[] {
  const first = new Map<string, number>();
  for (const step of steps) {
    if (step.kind === 'Join' && !first.has(step.person.room)) first.set(step.person.room, step.atMs);
  }
  return [...first].map(([room, atMs]) => ({ room, atMs })).toSorted((a, b) => a.atMs - b.atMs);
}
