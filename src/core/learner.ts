/**
 * Learns from what is seen of the rooms and hands out snapshots that `decide` reads. Deterministic: the same looks at
 * the same times give the same snapshots.
 */
import { ArrivalLearner, evennessOf, similarDays } from './arrivals.ts';
import { type Expected, ForecastJudge, expectedArrivals } from './forecast.ts';
import { earlyS, largeShare, lateS } from './due-rooms.ts';
import { GrowthLearner } from './growth.ts';
import { LaunchWatch } from './launch-watch.ts';
import {
  type ArrivalTable,
  type ExpectedRoom,
  type GrowthSlot,
  type GrowthTable,
  type Learned,
  type SizeTable,
  slotOfDay,
} from './learned.ts';
import { type Checkpoint, checkpointOf, readCheckpoint } from './learner-checkpoint.ts';
import { withoutLoadTests } from './load-test-rooms.ts';
import type { PodObservation } from './observed.ts';
import type { RedisReading } from './readings.ts';
import { NameLearner } from './room-names.ts';
import { RoomWatch, type WatchedRoom } from './room-watch.ts';
import { SizeLearner } from './sizes.ts';
import { SurvivalLearner } from './survival.ts';

/** How long a snapshot, or a part of it, is used before it is made anew. */
const snapshotEveryMs = 10_000;
const growthEveryMs = 60_000;
const sizesEveryMs = 60_000;
const hazardEveryMs = 600_000;
const namesEveryMs = 900_000;
const calendarEveryMs = 300_000;
/** The forecast is put to the test in windows of this many minutes; by then all their rooms have their size. */
const judgedMinutes = 5;
const settledMinutes = 11;
/** Rooms that were there before the watch began tell of arrivals this far back. */
const warmStartMinutes = 45;
const mostSkews = 15;

export interface Sight {
  readonly redis: RedisReading;
  readonly pods: readonly PodObservation[];
  readonly nowMs: number;
  readonly wallMs: number;
}

interface Made<T> {
  readonly value: T;
  readonly atMs: number;
  readonly of: string;
}

export class Learner {
  readonly #growth = new GrowthLearner();
  readonly #sizes = new SizeLearner();
  readonly #survival = new SurvivalLearner();
  readonly #arrivals = new ArrivalLearner();
  readonly #names: NameLearner;
  readonly #judge = new ForecastJudge();
  readonly #launches = new LaunchWatch();
  readonly #rooms: RoomWatch;
  #skews: readonly number[] = [];
  #last: Made<Learned> | undefined;
  #growthMade: Made<GrowthTable> | undefined;
  #slotsMade: Made<readonly GrowthSlot[]> | undefined;
  #hazardMade: Made<readonly number[]> | undefined;
  #namesMade: Made<Learned['names']> | undefined;
  #calendarMade: Made<readonly ExpectedRoom[]> | undefined;
  #sizesMade: Made<SizeTable> | undefined;
  #patternMade: Made<readonly number[]> | undefined;
  #daysMade: Made<ArrivalTable['days']> | undefined;
  #evennessMade: Made<number> | undefined;

  /** `salt` makes the hashes of names those of one fleet alone: any whole number, the same for its life. */
  constructor(salt: number) {
    this.#names = new NameLearner(salt);
    this.#rooms = new RoomWatch({
      began: (room) => this.#began(room),
      grown: (room, bornS) => this.#grown(room, bornS),
      ended: (room, ageS) => this.#ended(room, ageS),
      lost: (room, ageS) => this.#survival.book(room.watchedFromAgeS, ageS, false),
      skew: (seconds) => {
        this.#skews = [...this.#skews, seconds].slice(-mostSkews);
      },
    });
  }

  /** From the first sight of a Pod to Ready and registered; `undefined` before a launch was seen. */
  get launchMs(): number | undefined {
    return this.#launches.launchMs;
  }

  /** Takes a look. Readings that failed teach nothing. */
  see({ redis, pods, nowMs, wallMs }: Sight): void {
    this.#launches.see(pods, redis, { nowMs, wallMs });
    if (redis.kind !== 'Read') return;
    this.#arrivals.watch(Math.floor(wallMs / 60_000));
    this.#arrivals.tick(wallMs / 1000);
    this.#rooms.see(withoutLoadTests(redis, pods), { nowMs, wallMs });
  }

  /** What is known now, for nodes of this capacity. The same object until there is something new to say. */
  snapshot(wallMs: number, capacity: number): Learned {
    const last = this.#last;
    const sinceMs = last === undefined ? Infinity : Math.abs(wallMs - last.atMs);
    if (last !== undefined && sinceMs < snapshotEveryMs && last.of === String(capacity)) return last.value;
    const growth = this.#generalGrowth(wallMs, capacity);
    const value: Learned = {
      version: 1,
      madeAtMs: wallMs,
      growth,
      slots: this.#slotGrowth(wallMs, growth),
      sizes: this.#sizeTable(wallMs, capacity),
      hazard: this.#hazard(wallMs),
      arrivals: this.#arrivalTable(wallMs),
      names: this.#nameTable(wallMs),
      ...this.#calendar(wallMs, capacity),
      clockSkewS: this.#clockSkewS(),
    };
    this.#last = { value, atMs: wallMs, of: String(capacity) };
    return value;
  }

  #generalGrowth(wallMs: number, capacity: number): GrowthTable {
    const of = `${this.#growth.revision}/${capacity}`;
    this.#growthMade = remade(this.#growthMade, { wallMs, of, everyMs: growthEveryMs }, () =>
      this.#growth.general(capacity),
    );
    return this.#growthMade.value;
  }

  #slotGrowth(wallMs: number, general: GrowthTable): readonly GrowthSlot[] {
    const nowSlot = slotOfDay(wallMs / 1000);
    const of = `${nowSlot}/${this.#growthMade?.atMs ?? 0}`;
    this.#slotsMade = remade(this.#slotsMade, { wallMs, of, everyMs: 0 }, () =>
      [-2, -1, 0, 1].map((ahead) => this.#growth.slot((nowSlot + ahead + 288) % 288, general)),
    );
    return this.#slotsMade.value;
  }

  #sizeTable(wallMs: number, capacity: number): SizeTable {
    const of = `${this.#growth.revision}/${capacity}`;
    this.#sizesMade = remade(this.#sizesMade, { wallMs, of, everyMs: sizesEveryMs }, () =>
      this.#sizes.table(capacity),
    );
    return this.#sizesMade.value;
  }

  #hazard(wallMs: number): readonly number[] {
    this.#hazardMade = remade(
      this.#hazardMade,
      { wallMs, of: 'always', everyMs: hazardEveryMs, always: true },
      () => this.#survival.hazard(this.#rooms.running()),
    );
    return this.#hazardMade.value;
  }

  #nameTable(wallMs: number): Learned['names'] {
    const of = String(this.#names.revision);
    this.#namesMade = remade(this.#namesMade, { wallMs, of, everyMs: namesEveryMs }, () =>
      this.#names.table(this.#sizes.mean),
    );
    return this.#namesMade.value;
  }

  /** From somewhat before now on, for rooms that are late, until it is made again and somewhat longer. */
  #calendar(wallMs: number, capacity: number): Pick<Learned, 'calendar'> {
    const window = { fromS: wallMs / 1000 - lateS, toS: (wallMs + calendarEveryMs) / 1000 + earlyS };
    this.#calendarMade = remade(
      this.#calendarMade,
      { wallMs, of: String(capacity), everyMs: calendarEveryMs, always: true },
      () => this.#names.calendar(capacity * largeShare, window),
    );
    return this.#calendarMade.value.length === 0 ? {} : { calendar: this.#calendarMade.value };
  }

  #arrivalTable(wallMs: number): ArrivalTable {
    const minute = Math.floor(wallMs / 60_000);
    this.#patternMade = remade(this.#patternMade, { wallMs, of: String(minute), everyMs: 0 }, () =>
      this.#arrivals.pattern(),
    );
    const minuteOfHour = this.#patternMade.value;
    this.#daysMade = remade(this.#daysMade, { wallMs, of: String(minute), everyMs: 0 }, () =>
      similarDays(this.#arrivals, minute),
    );
    this.#evennessMade = remade(this.#evennessMade, { wallMs, of: String(minute), everyMs: 0 }, () =>
      evennessOf(this.#arrivals, minute),
    );
    const table: ArrivalTable = {
      fromMinute: minute - 1,
      recentPerMinute: this.#arrivals.recentRate(minuteOfHour, (wallMs / 60_000) % 1),
      latestPerMinute: this.#arrivals.latestRate(),
      minuteOfHour,
      days: this.#daysMade.value,
      error: this.#judge.error,
      seasonalIsTrusted: this.#judge.seasonalIsTrusted,
      evenness: this.#evennessMade.value,
    };
    this.#judgeForecast(minute, table);
    return table;
  }

  #judgeForecast(minute: number, table: ArrivalTable): void {
    const due = this.#judge.waitsFor;
    if (due !== undefined && minute >= due + judgedMinutes + settledMinutes) {
      const { sum, known } = this.#arrivals.sum(due, judgedMinutes);
      this.#judge.learn(known === judgedMinutes ? sum : undefined);
    }
    if (minute % judgedMinutes !== 0 || minute === this.#judge.newest) return;
    const ahead: Expected = expectedArrivals(table, minute * 60_000, judgedMinutes * 60);
    this.#judge.foretell(minute, ahead);
  }

  #clockSkewS(): number {
    const sorted = this.#skews.toSorted((a, b) => a - b);
    const middle = sorted[Math.floor(sorted.length / 2)] ?? 0;
    return sorted.length >= 5 && Math.abs(middle) > 2 ? Math.round(middle) : 0;
  }

  #began(room: WatchedRoom): void {
    if (this.#arrivals.minute - room.bornMinute > warmStartMinutes) return;
    room.noted = Math.max(room.peak, this.#sizes.mean);
    this.#arrivals.add(room.bornMinute, room.noted);
  }

  #grown(room: WatchedRoom, bornS: number): void {
    this.#growth.book(slotOfDay(bornS), room.counts, room.mostSince);
    if (room.peak > 0) this.#sizes.book(room.peak);
    if (room.noted > 0) this.#arrivals.add(room.bornMinute, room.peak - room.noted);
    room.noted = room.peak;
  }

  #ended(room: WatchedRoom, ageS: number): void {
    this.#survival.book(room.watchedFromAgeS, ageS, true);
    if (room.watchedFromAgeS <= 60 && room.peak > 0) {
      this.#names.book(room.name, { size: room.peak, lengthS: ageS, startS: room.bornMinute * 60 + 30 });
    }
  }

  /** All that is worth keeping over a restart, as plain JSON well below the size of a ConfigMap. */
  checkpoint(): Checkpoint {
    return checkpointOf(this.#tables());
  }

  /** Takes up what an earlier process knew. @returns why nothing could be used; `undefined` when it was. */
  restore(checkpoint: unknown): string | undefined {
    this.#last = undefined;
    return readCheckpoint(checkpoint, this.#tables());
  }

  #tables() {
    return {
      growth: this.#growth,
      sizes: this.#sizes,
      survival: this.#survival,
      arrivals: this.#arrivals,
      names: this.#names,
      judge: this.#judge,
      launches: this.#launches,
    };
  }
}

interface Wanted {
  readonly wallMs: number;
  /** What it is made of: the same words, the same value. */
  readonly of: string;
  readonly everyMs: number;
  /** Made anew when it is due although nothing says that it has changed. */
  readonly always?: boolean;
}

function remade<T>(made: Made<T> | undefined, wanted: Wanted, make: () => T): Made<T> {
  const due = made === undefined || Math.abs(wanted.wallMs - made.atMs) >= wanted.everyMs;
  const changed = made === undefined || made.of !== wanted.of || wanted.always === true;
  return made !== undefined && !(due && changed)
    ? made
    : { value: make(), atMs: wanted.wallMs, of: wanted.of };
}
