import type { Clock } from '../base/clock.ts';
import type { Timers } from '../livekit/timers.ts';
import { StageError } from './bulk-stage.ts';
import type { PlannedPerson, PlannedStep } from './plan.ts';
import type { JoinRecord } from './record.ts';
import type { SenderCounts } from './rtp-sender.ts';
import type { SharedClock } from './worker-clock.ts';
import type { ProbeSeat, ReceivedSums, Seat } from './worker-person.ts';
import { speakersOf, turnAt } from './worker-speakers.ts';

/** Somebody who should be there now, whether connected or not. */
export interface Person {
  readonly plan: PlannedPerson;
  readonly seat: Seat;
  readonly probe: ProbeSeat | undefined;
  /** On the worker's own clock; undefined until the join has ended. */
  joinedAtMs?: number;
}

/** What happens to people, as it happens. */
export interface CrowdEvents {
  onTried(): void;
  onJoined(tookMs: number): void;
  onFailed(stage: string): void;
  onDisconnected(): void;
  onRecord(record: JoinRecord): void;
}

export interface CrowdParts {
  readonly clock: Clock;
  readonly shared: SharedClock;
  readonly timers: Timers;
  readonly seed: number;
  readonly activeSpeakers: number | 'All';
  /** Sits a person down under a name; `onLost` when it is thrown out later. */
  readonly seat: (
    person: PlannedPerson,
    identity: string,
    onLost: (detail: string) => void,
  ) => Pick<Person, 'seat' | 'probe'>;
  readonly events: CrowdEvents;
}

interface Attendance {
  readonly plan: PlannedPerson;
  current: Person | undefined;
  tries: number;
  hasLeft: boolean;
}

/** How a step ended. */
export type StepEnd = 'joined' | 'failed' | 'left';

const mostTries = 3;
const retryPauseMs = 1000;

/** All the people of one worker: they come and go as planned, and try again when they are thrown out. */
export class Crowd {
  readonly #parts: CrowdParts;
  readonly #people = new Map<string, Attendance>();
  readonly #gone = new Map<string, RoomSums>();
  #turn = Number.NEGATIVE_INFINITY;

  constructor(parts: CrowdParts) {
    this.#parts = parts;
  }

  get expected(): number {
    return this.#people.size;
  }

  get connected(): number {
    let connected = 0;
    for (const { current } of this.#people.values()) if (current?.seat.isConnected === true) connected += 1;
    return connected;
  }

  people(): readonly Person[] {
    return [...this.#people.values()].flatMap(({ current }) => (current === undefined ? [] : [current]));
  }

  /** By room, what everybody ever received and sent, also those who have left. */
  sums(): ReadonlyMap<string, RoomSums> {
    const rooms = new Map([...this.#gone].map(([room, sums]) => [room, { ...sums }] as const));
    for (const person of this.people()) addPerson(rooms, person);
    return rooms;
  }

  /** Carries one step out. It never throws. */
  async step(step: PlannedStep, intendedAtMs: number): Promise<StepEnd> {
    if (step.kind === 'Leave') return await this.#leave(step.identity, intendedAtMs);
    const attendance = { plan: step.person, current: undefined, tries: 0, hasLeft: false };
    this.#people.set(step.person.identity, attendance);
    return await this.#join(attendance, intendedAtMs);
  }

  /** Everybody sends what is due. */
  tick(nowMs: number): void {
    const { shared, clock } = this.#parts;
    const stampMs = shared.fromLocalMs(nowMs);
    if (turnAt(stampMs) !== this.#turn) this.#takeTurns(turnAt(stampMs));
    const wallMs = clock.wallMs();
    for (const { current } of this.#people.values()) current?.seat.tick(nowMs, stampMs, wallMs);
  }

  /** Everybody leaves at once, without a record. */
  async leaveAll(): Promise<void> {
    const leaving = [...this.#people.values()];
    this.#people.clear();
    await Promise.all(leaving.map(async (attendance) => await this.#stop(attendance)));
  }

  async #join(attendance: Attendance, intendedAtMs: number): Promise<StepEnd> {
    while (attendance.tries < mostTries) {
      const stage = await this.#tryOnce(attendance, intendedAtMs);
      if (attendance.hasLeft) return 'left';
      if (stage === undefined) return 'joined';
      await this.#pause(retryPauseMs * attendance.tries);
      if (attendance.hasLeft) return 'left';
    }
    return 'failed';
  }

  /** Answers the stage at which it failed. A name that failed is not used again: the server may keep it to another transport. */
  async #tryOnce(attendance: Attendance, intendedAtMs: number): Promise<string | undefined> {
    const { seat, events } = this.#parts;
    const { plan } = attendance;
    attendance.tries += 1;
    const identity = attendance.tries === 1 ? plan.identity : `${plan.identity}~${attendance.tries}`;
    const person: Person = { plan, ...seat(plan, identity, () => void this.#lost(attendance, person)) };
    attendance.current = person;
    events.onTried();
    try {
      const tookMs = await person.seat.join();
      person.joinedAtMs = this.#parts.clock.elapsedMs();
      events.onJoined(tookMs);
      this.#record({ kind: 'join', intendedAtMs, room: plan.room, identity, tookMs });
      this.#turn = Number.NEGATIVE_INFINITY;
      return undefined;
    } catch (error) {
      if (attendance.hasLeft) return 'left';
      this.#retire(attendance, person);
      const stage = error instanceof StageError ? error.stage : 'other';
      events.onFailed(stage);
      this.#record({ kind: 'failed', intendedAtMs, room: plan.room, identity, stage });
      return stage;
    }
  }

  /** Thrown out after it had joined: counted, and back as people do. */
  async #lost(attendance: Attendance, person: Person): Promise<void> {
    if (attendance.hasLeft || attendance.current !== person) return;
    const { plan } = attendance;
    const atMs = this.#parts.shared.nowMs();
    this.#retire(attendance, person);
    this.#parts.events.onDisconnected();
    this.#record({ kind: 'disconnected', intendedAtMs: atMs, room: plan.room, identity: plan.identity });
    await this.#pause(retryPauseMs);
    if (!attendance.hasLeft) await this.#join(attendance, atMs);
  }

  async #leave(identity: string, intendedAtMs: number): Promise<StepEnd> {
    const attendance = this.#people.get(identity);
    if (attendance === undefined) return 'left';
    this.#people.delete(identity);
    const wasThere = attendance.current?.seat.isConnected === true;
    await this.#stop(attendance);
    if (wasThere) this.#record({ kind: 'leave', intendedAtMs, room: attendance.plan.room, identity });
    return 'left';
  }

  async #stop(attendance: Attendance): Promise<void> {
    attendance.hasLeft = true;
    const { current } = attendance;
    if (current === undefined) return;
    this.#retire(attendance, current);
    await current.seat.leave();
  }

  #retire(attendance: Attendance, person: Person): void {
    if (attendance.current !== person) return;
    attendance.current = undefined;
    addPerson(this.#gone, person);
  }

  #record(record: Omit<JoinRecord, 'atMs'>): void {
    this.#parts.events.onRecord({ ...record, atMs: this.#parts.shared.nowMs() });
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.#parts.timers.after(ms, () => resolve()));
  }

  #takeTurns(turn: number): void {
    this.#turn = turn;
    const { seed, activeSpeakers } = this.#parts;
    const talkers = this.people().filter(({ plan }) => plan.sendsAudio);
    for (const [room, people] of Map.groupBy(talkers, ({ plan }) => plan.room)) {
      const identities = people.map(({ plan }) => plan.identity);
      const speakers = speakersOf({ seed, room, turn }, identities, activeSpeakers);
      for (const { plan, seat } of people) seat.speak(speakers.has(plan.identity));
    }
  }
}

export type RoomSums = { -readonly [K in keyof (ReceivedSums & { sentPackets: 0 })]: number } & {
  sentBytes: number;
  intended: number;
};

function addPerson(rooms: Map<string, RoomSums>, { plan, seat }: Person): void {
  let sums = rooms.get(plan.room);
  if (sums === undefined) rooms.set(plan.room, (sums = noSums()));
  const received = seat.received();
  const sent: SenderCounts = seat.sent();
  sums.received += received.received;
  sums.lost += received.lost;
  sums.bytes += received.bytes;
  sums.nacks += received.nacks;
  sums.plis += received.plis;
  sums.sentPackets += sent.packets;
  sums.sentBytes += sent.bytes;
  sums.intended += sent.intended;
}

export function noSums(): RoomSums {
  return { received: 0, lost: 0, bytes: 0, nacks: 0, plis: 0, sentPackets: 0, sentBytes: 0, intended: 0 };
}
