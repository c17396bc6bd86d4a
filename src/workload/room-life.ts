/**
 * How a room fills. A trace says how many people a room has at its largest; nodes feel that they come one by one, and
 * that the size is unknown when the room is placed.
 *
 * Shares and lateness: Read.ai, 2022 (17 % of the people are late in meetings of two, 29 % in those of three to six,
 * 51 % in larger ones, by 3 min 42 s on average). The burst: 92 endpoints joined one Jitsi conference in 31 s
 * (jitsi/jicofo issue 1298). How those who are in time spread around the start is assumed.
 */
import { type Random, chance, exponentialBelow, uniform } from './random.ts';
import type { TraceRoom } from './trace.ts';

export interface RoomStep {
  /** Seconds since the room began, in whole milliseconds. */
  readonly atS: number;
  /** Participants from then on. */
  readonly n: number;
}

const meanLatenessS = 222;
/** Those who are in time come from a minute before the agreed start to a minute after it. */
const inTimeWindowS = 120;
const burstWindowS = 30;
/** No room was seen to take people in faster for long. */
const burstJoinsPerS = 3;

/**
 * The room's participants over time: the first step at 0 with at least one, times and numbers strictly increasing,
 * the last step with everybody, in the first half of the room's life.
 */
export function roomLife(room: TraceRoom, random: Random): readonly RoomStep[] {
  const joins = joinTimesMs(room, random).sort((a, b) => a - b);
  const first = joins[0] ?? 0;
  const steps: RoomStep[] = [];
  joins.forEach((atMs, index) => {
    if (joins[index + 1] === atMs) return;
    steps.push({ atS: (atMs - first) / 1000, n: index + 1 });
  });
  return steps;
}

/** Unordered, and not yet counted from the first. */
function joinTimesMs(room: TraceRoom, random: Random): number[] {
  const people = room.participants;
  const latestS = room.durationS / 2;
  const late = lateShare(people);
  const windowS = Math.min(latestS, isBurst(room) ? burstLengthS(people * (1 - late)) : inTimeWindowS);
  return Array.from({ length: people }, () => {
    const atS = chance(random, late)
      ? exponentialBelow(random, meanLatenessS, latestS)
      : uniform(random, 0, windowS);
    return Math.floor(atS * 1000);
  });
}

function lateShare(people: number): number {
  if (people <= 2) return 0.17;
  return people <= 6 ? 0.29 : 0.51;
}

/** An audience or a class: many people, few cameras. They wait for the door to open. */
function isBurst(room: TraceRoom): boolean {
  return room.participants >= 20 && room.publishers <= room.participants / 4;
}

function burstLengthS(joins: number): number {
  return Math.max(burstWindowS, joins / burstJoinsPerS);
}
