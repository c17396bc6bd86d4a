/** Flash crowds on top of an office week: one that the calendar knows, and one that nobody does. */
import { type Curve, dayS, hourS, weekS } from './curves.ts';
import {
  type RoomDraft,
  adHocRoom,
  adHocShare,
  plannedLengthS,
  plannedRoom,
  plannedSize,
} from './room-kinds.ts';
import { type Random, chance, poisson, stream, uniform, wholeBetween } from './random.ts';
import type { TraceRoom } from './trace.ts';

interface Rush {
  /** When arrivals begin to rise. */
  readonly fromS: number;
  readonly riseS: number;
  /** Arrivals at the top, relative to those expected without it. */
  readonly factor: number;
  readonly plateauS: number;
  /** Time in which what is left falls to 37 %. */
  readonly fallS: number;
}

export interface RushLoad {
  readonly seed: number;
  readonly days: number;
  /** Rooms a minute when the curve is at 1. */
  readonly perBusyMinute: number;
  readonly curve: Curve;
  /** No room is larger. */
  readonly sizeLimit: number;
}

const minuteS = 60;

/** The rooms that come in addition, in no particular order. */
export function rushRooms(load: RushLoad): readonly TraceRoom[] {
  const random = stream(load.seed, 'rush');
  const rooms: TraceRoom[] = [];
  for (let week = 0; week < load.days * dayS; week += weekS) {
    const workdays = Math.min(5, load.days - week / dayS);
    const day = () => week + wholeBetween(random, 0, workdays - 1) * dayS;
    for (const rush of [announced(random, day()), unannounced(random, day())]) {
      rooms.push(...crowd(random, rush, load));
    }
  }
  return rooms;
}

/** A match or a webinar: arrivals double in ten minutes before a full hour and stay so until it has begun. */
function announced(random: Random, day: number): Rush {
  const beginsS = day + wholeBetween(random, 13, 17) * hourS;
  const riseS = 10 * minuteS;
  return { fromS: beginsS - riseS, riseS, factor: 2, plateauS: 20 * minuteS, fallS: 10 * minuteS };
}

/** News: steep, and after ten minutes at 38 % of the top. The factor is assumed; seen were far larger ones. */
function unannounced(random: Random, day: number): Rush {
  const fromS = day + Math.round(uniform(random, 9 * hourS, 17 * hourS));
  const fallS = (10 * minuteS) / -Math.log(0.38);
  return { fromS, riseS: 3 * minuteS, factor: 5, plateauS: 0, fallS };
}

function crowd(random: Random, rush: Rush, load: RushLoad): readonly TraceRoom[] {
  const rooms: TraceRoom[] = [];
  const lengthS = rush.riseS + rush.plateauS + 6 * rush.fallS;
  for (let sinceS = 0; sinceS < lengthS; sinceS += minuteS) {
    const usual = load.perBusyMinute * load.curve(rush.fromS + sinceS);
    const extra = usual * (rush.factor - 1) * strength(rush, sinceS + minuteS / 2);
    for (let left = poisson(random, extra); left > 0; left -= 1) {
      const startS = rush.fromS + sinceS + Math.floor(random() * minuteS);
      rooms.push({ startS, name: undefined, ...usualRoom(random, load.sizeLimit) });
    }
  }
  return rooms;
}

/** Who comes in a rush comes for what people come for on other days. */
function usualRoom(random: Random, limit: number): RoomDraft {
  if (chance(random, adHocShare)) return adHocRoom(random, limit);
  return plannedRoom(random, plannedSize(random, limit), plannedLengthS(random));
}

/** Between 0 and 1. */
function strength({ riseS, plateauS, fallS }: Rush, sinceS: number): number {
  if (sinceS < riseS) return sinceS / riseS;
  return Math.min(1, Math.exp(-(sinceS - riseS - plateauS) / fallS));
}
