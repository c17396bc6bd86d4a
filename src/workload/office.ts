/**
 * The load of offices: unplanned calls, planned meetings of which many recur, events, and rooms that stay open all
 * day. Sources of the numbers: docs/reference/traces.md.
 */
import { type Curve, busyHoursPerWeek, dayS, hourS, slotS } from './curves.ts';
import { type Random, noise, poisson, stream } from './random.ts';
import {
  type RoomDraft,
  adHocRoom,
  adHocShare,
  allDayRoom,
  eventRoom,
  ordinaryLimit,
  plannedLengthS,
  plannedRoom,
  plannedSize,
} from './room-kinds.ts';
import { heldRooms, planSeries, startJitterS } from './series.ts';
import type { TraceRoom } from './trace.ts';

export interface OfficeLoad {
  readonly seed: number;
  readonly days: number;
  /** Without growth, on average. */
  readonly roomsPerWeek: number;
  readonly curve: Curve;
  /** Whether meetings begin at :00, :30 and sometimes :15 and :45, or anywhere. */
  readonly snapped: boolean;
  /** Large events; without them no room reaches 50 either. */
  readonly events: boolean;
  /** Rooms that stay open for hours. */
  readonly tail: boolean;
  /** 0.01 is one per cent a day, compounded. */
  readonly growthPerDay: number;
  /** Tells apart loads of one seed. */
  readonly label: string;
}

/** Of all rooms; what is left over is divided between unplanned calls and planned meetings. */
const eventShare = 0.005;
const tailShare = 0.02;
/** Of the planned meetings; an assumption. */
const recurringShare = 0.7;
const snappedQuarters = [0.64, 0.04, 0.28, 0.04];
const evenQuarters = [0.25, 0.25, 0.25, 0.25];
/** Bank calls vary by 5 to 8 % from day to day beyond what the clock explains; the hours' share is assumed. */
const dayVariation = 0.065;
const hourVariation = 0.15;
const limitWithoutEvents = 49;

interface Shares {
  readonly adHoc: number;
  readonly oneOff: number;
  readonly recurring: number;
  readonly event: number;
  readonly tail: number;
}

interface Kind {
  readonly label: string;
  readonly share: number;
  readonly quarters: readonly number[];
  /** Begins in the quarter of an hour from `slot` on, or is planned for that moment. */
  readonly draw: (random: Random, slot: number) => TraceRoom;
}

/** Rooms in no particular order; some may begin before 0 or after the last day. */
export function officeRooms(load: OfficeLoad): readonly TraceRoom[] {
  const perBusyHour = load.roomsPerWeek / busyHoursPerWeek(load.curve);
  const arrivals = new Arrivals(load, perBusyHour);
  const rooms = kindsOf(load).flatMap((kind) => arrivals.of(kind));
  return [...rooms, ...recurringRooms(load, perBusyHour * sharesOf(load).recurring)];
}

function kindsOf(load: OfficeLoad): readonly Kind[] {
  const shares = sharesOf(load);
  const limit = sizeLimitOf(load);
  const quarters = quartersOf(load);
  const calls = { quarters: evenQuarters };
  const meeting = (random: Random) => plannedRoom(random, plannedSize(random, limit), plannedLengthS(random));
  const planned = (draft: (random: Random) => RoomDraft) => (random: Random, slot: number) =>
    unnamed(load.snapped ? slot + startJitterS(random) : anywhereIn(random, slot), draft(random));
  const unplanned = (draft: (random: Random, limit: number) => RoomDraft) => (random: Random, slot: number) =>
    unnamed(anywhereIn(random, slot), draft(random, limit));
  return [
    { label: 'one-off', share: shares.oneOff, quarters, draw: planned(meeting) },
    { label: 'event', share: shares.event, quarters, draw: planned(eventRoom) },
    { label: 'ad-hoc', share: shares.adHoc, ...calls, draw: unplanned(adHocRoom) },
    { label: 'tail', share: shares.tail, ...calls, draw: unplanned(allDayRoom) },
  ];
}

function sharesOf({ events, tail }: OfficeLoad): Shares {
  const event = events ? eventShare : 0;
  const open = tail ? tailShare : 0;
  const rest = 1 - event - open;
  const planned = rest * (1 - adHocShare);
  return {
    adHoc: rest * adHocShare,
    oneOff: planned * (1 - recurringShare),
    recurring: planned * recurringShare,
    event,
    tail: open,
  };
}

function recurringRooms(load: OfficeLoad, perBusyHour: number): readonly TraceRoom[] {
  const finalSize = growthAt(load, load.days * dayS);
  const plan = planSeries(stream(load.seed, `${load.label}/series`), {
    perBusyHour: perBusyHour * finalSize,
    curve: load.curve,
    quarters: quartersOf(load),
    snapped: load.snapped,
    sizeLimit: sizeLimitOf(load),
  });
  const held = stream(load.seed, `${load.label}/held`);
  return heldRooms(held, plan, load.days, (timeS) => growthAt(load, timeS) / finalSize);
}

/** The most people of an ordinary room. */
export function sizeLimitOf(load: OfficeLoad): number {
  return load.events ? ordinaryLimit : limitWithoutEvents;
}

function quartersOf(load: OfficeLoad): readonly number[] {
  return load.snapped ? snappedQuarters : evenQuarters;
}

function growthAt(load: OfficeLoad, timeS: number): number {
  return (1 + load.growthPerDay) ** (timeS / dayS);
}

/** Counts of rooms, slot by slot; good and bad hours are good and bad for all kinds alike. */
class Arrivals {
  readonly #load: OfficeLoad;
  readonly #perBusyHour: number;
  readonly #hours: readonly number[];

  constructor(load: OfficeLoad, perBusyHour: number) {
    this.#load = load;
    this.#perBusyHour = perBusyHour;
    const random = stream(load.seed, `${load.label}/noise`);
    this.#hours = Array.from({ length: load.days }, () => noise(random, dayVariation)).flatMap((day) =>
      Array.from({ length: 24 }, () => day * noise(random, hourVariation)),
    );
  }

  of({ label, share, quarters, draw }: Kind): readonly TraceRoom[] {
    const random = stream(this.#load.seed, `${this.#load.label}/${label}`);
    const rooms: TraceRoom[] = [];
    for (let slot = 0; slot < this.#load.days * dayS; slot += slotS) {
      const quarter = quarters[(slot % hourS) / slotS] ?? 0;
      const expected = this.#perBusyHour * share * quarter * this.#factor(slot);
      for (let left = poisson(random, expected); left > 0; left -= 1) rooms.push(draw(random, slot));
    }
    return rooms;
  }

  #factor(slot: number): number {
    const middle = slot + slotS / 2;
    const hour = this.#hours[Math.floor(slot / hourS)] ?? 1;
    return this.#load.curve(middle) * growthAt(this.#load, middle) * hour;
  }
}

function anywhereIn(random: Random, slot: number): number {
  return slot + Math.floor(random() * slotS);
}

function unnamed(startS: number, draft: RoomDraft): TraceRoom {
  return { startS, name: undefined, ...draft };
}
