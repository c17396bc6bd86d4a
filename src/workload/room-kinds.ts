/**
 * What rooms of a kind are like. Only a mixture fits what is published: many short unplanned calls (60 % of Teams
 * meetings last less than 15 min) beside few long planned ones that carry nearly all the load (means of 45 to 54 min).
 */
import { type Random, binomial, chance, lognormal, normal, pick, uniform, weighted } from './random.ts';

export interface RoomDraft {
  readonly durationS: number;
  readonly participants: number;
  readonly publishers: number;
}

/** Of ordinary rooms, those that nobody planned: 57 % (Microsoft, 2025) to 64 %. The others are planned meetings. */
export const adHocShare = 0.6;

const minuteS = 60;
/** Vendors refuse larger ordinary rooms (100 to 150). */
export const ordinaryLimit = 150;
const eventLimit = 300;
/** Camera on in 32.5 % of the meetings attended (Vyopta); more than 25 pictures fit on no screen. */
const cameraShare = 0.33;
const mostCameras = 25;

/** A call that nobody planned. Sizes above `limit` are drawn again. */
export function adHocRoom(random: Random, limit: number = ordinaryLimit): RoomDraft {
  const participants = sizeUpTo(limit, () => (chance(random, 0.55) ? 2 : group(random, 4, 0.6)));
  const durationS = clamp(lognormal(random, 6 * minuteS, 1.15), 30, 240 * minuteS);
  return meeting(random, participants, durationS);
}

/** Length that the calendar has for a planned meeting; 30 min are the most common (Flowtrace). */
export function plannedLengthS(random: Random): number {
  const minutes = weighted(random, [
    [15, 0.12],
    [30, 0.45],
    [45, 0.08],
    [60, 0.28],
    [90, 0.05],
    [120, 0.02],
  ]);
  return minutes * minuteS;
}

/** Number of people of a planned meeting. Sizes above `limit` are drawn again. */
export function plannedSize(random: Random, limit: number = ordinaryLimit): number {
  return sizeUpTo(limit, () => (chance(random, 0.225) ? 2 : group(random, 7, 0.95)));
}

/** One occurrence of a planned meeting; about half overrun by more than a minute (Read.ai). */
export function plannedRoom(random: Random, participants: number, lengthS: number): RoomDraft {
  return meeting(random, participants, Math.max(minuteS, lengthS + normal(random, 65, 180)));
}

/** A large event: an all-hands, a webinar. */
export function eventRoom(random: Random): RoomDraft {
  const participants = sizeUpTo(eventLimit, () => Math.max(20, Math.round(lognormal(random, 60, 0.66))));
  const durationS = pick(random, [60, 90]) * minuteS + normal(random, 0, 5 * minuteS);
  return whole({ durationS, participants, publishers: Math.max(1, binomial(random, participants, 0.03)) });
}

/** A room that stays open for hours, such as an open office. */
export function allDayRoom(random: Random, limit: number = ordinaryLimit): RoomDraft {
  const { participants } = adHocRoom(random, limit);
  return meeting(random, participants, uniform(random, 180, 600) * minuteS);
}

/** A class of so many who are enrolled. 80 % attend, and in larger ones few show themselves: both assumed. */
export function classRoom(random: Random, enrolled: number): RoomDraft {
  const participants = Math.max(2, binomial(random, enrolled, 0.8));
  const cameras = binomial(random, participants, participants <= 21 ? 0.48 : 0.15);
  const durationS = 50 * minuteS + normal(random, minuteS, 2.5 * minuteS);
  return whole({ durationS, participants, publishers: Math.max(1, cameras) });
}

/** A call with a doctor or an agent: median 8 min in 210,383 video visits, lognormal as telephone calls are. */
export function contactRoom(random: Random): RoomDraft {
  const participants = weighted(random, [
    [2, 0.92],
    [3, 0.06],
    [4, 0.02],
  ]);
  const durationS = clamp(lognormal(random, 8 * minuteS, 0.7), 20, 180 * minuteS);
  return whole({ durationS, participants, publishers: participants });
}

function group(random: Random, median: number, sigma: number): number {
  return Math.max(3, Math.round(lognormal(random, median, sigma)));
}

/** Draws again, because cutting would heap rooms at the limit. */
function sizeUpTo(limit: number, draw: () => number): number {
  for (;;) {
    const size = draw();
    if (size <= limit) return size;
  }
}

function meeting(random: Random, participants: number, durationS: number): RoomDraft {
  const cameras = binomial(random, participants, cameraShare);
  return whole({ durationS, participants, publishers: clamp(cameras, 1, mostCameras) });
}

function whole(room: RoomDraft): RoomDraft {
  return { ...room, durationS: Math.max(1, Math.round(room.durationS)) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
