/**
 * Known peaks. A schedule that is open, or opens within the time that a launch takes, sets a floor under the number of
 * nodes; when it closes the ordinary rules lead the way down.
 */
import { isoFromMs } from '../base/iso-time.ts';
import { type Cron, isCronDay, parseCron } from './cron.ts';
import type { Schedule } from './spec.ts';
import { instantsOf, localMsAt } from './time-zone.ts';

/** What a schedule asks for at one moment. Instants are wall-clock milliseconds. */
export interface Floor {
  readonly schedule: string;
  readonly nodes: number;
  readonly timeZone: string;
  readonly beginsAtMs: number;
  /** `undefined`: it closes at no time that could be foreseen, because it opens anew before it closes. */
  readonly endsAtMs: number | undefined;
}

export interface FloorAnswer {
  readonly floor: Floor | undefined;
  /** The next wall time at which the answer may be another one. */
  readonly changesAtMs: number | undefined;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** A leap day is at most eight years from the next one. */
const horizonMs = 3300 * dayMs;
/** Beginnings that run into each other are followed this far; what is longer has no foreseeable end. */
const longestChain = 2000;
/** A launch takes this long until one has been measured. */
const launchPriorMs = 120_000;

/** How long before a peak its nodes are asked for: half as long again as a launch takes, and a minute. */
export function scheduleLeadMs(launchMs: number | undefined): number {
  // Whole minutes, so that a measurement that moves a little does not move the beginning.
  return Math.ceil(((launchMs ?? launchPriorMs) * 1.5 + minuteMs) / minuteMs) * minuteMs;
}

/** The largest floor of the schedules that are open at `wallMs` or open within `leadMs`. */
export function floorAt(schedules: readonly Schedule[], wallMs: number, leadMs: number): FloorAnswer {
  let best: Floor | undefined;
  const next: { readonly atMs: number; readonly nodes: number }[] = [];
  for (const schedule of schedules) {
    const opening = openingAfter(schedule, wallMs);
    if (opening === undefined) continue;
    const isOpen = opening.beginMs <= wallMs + leadMs;
    if (!isOpen) {
      next.push({ atMs: opening.beginMs - leadMs, nodes: schedule.minNodes });
      continue;
    }
    next.push({ atMs: opening.endMs, nodes: schedule.minNodes });
    const floor = floorOf(schedule, opening);
    if (best === undefined || isStronger(floor, best)) best = floor;
  }
  const least = best?.nodes ?? 0;
  const changes = next.filter(({ nodes }) => nodes >= least).map(({ atMs }) => atMs);
  return { floor: best, changesAtMs: changes.length === 0 ? undefined : Math.min(...changes) };
}

function floorOf(schedule: Schedule, opening: Opening): Floor {
  return {
    schedule: schedule.name,
    nodes: schedule.minNodes,
    timeZone: schedule.timeZone,
    beginsAtMs: opening.beginMs,
    endsAtMs: opening.isEndless ? undefined : opening.endMs,
  };
}

/** Of two that ask for the same the one that lasts longer is told. */
function isStronger(a: Floor, b: Floor): boolean {
  if (a.nodes !== b.nodes) return a.nodes > b.nodes;
  return (a.endsAtMs ?? Infinity) > (b.endsAtMs ?? Infinity);
}

/** `Schedule lessons keeps 5 until 16:00 Europe/Madrid`: the same words for as long as it is open. */
export function sayFloor(floor: Floor): string {
  const keeps = `Schedule ${floor.schedule} keeps ${floor.nodes}`;
  if (floor.endsAtMs === undefined) return `${keeps} with no end`;
  const begin = isoFromMs(localMsAt(floor.timeZone, floor.beginsAtMs));
  const end = isoFromMs(localMsAt(floor.timeZone, floor.endsAtMs));
  const date = begin.slice(0, 10) === end.slice(0, 10) ? '' : `${end.slice(0, 10)} `;
  return `${keeps} until ${date}${end.slice(11, 16)} ${floor.timeZone}`;
}

/** Time in which a schedule is open without a break. */
interface Opening {
  readonly beginMs: number;
  readonly endMs: number;
  /** It was followed only so far, and goes on. */
  readonly isEndless: boolean;
}

interface Known {
  /** The answer holds for every moment from here to the end of the opening, or to `untilMs`. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly opening: Opening | undefined;
}

/** Finding an opening costs up to milliseconds, asking for one happens in every pass. Only remembers, never decides. */
const known = new Map<string, Known>();
const mostKnown = 1024;

/** The opening that holds at `wallMs`, or else the next one. */
function openingAfter(schedule: Schedule, wallMs: number): Opening | undefined {
  const key = `${schedule.timeZone} ${schedule.durationMs} ${schedule.start}`;
  const before = known.get(key);
  if (before !== undefined && wallMs >= before.fromMs && wallMs < before.untilMs) return before.opening;
  const opening = findOpening(schedule, wallMs);
  if (known.size >= mostKnown) known.clear();
  known.set(key, { fromMs: wallMs, untilMs: opening?.endMs ?? wallMs + dayMs, opening });
  return opening;
}

function findOpening(schedule: Schedule, wallMs: number): Opening | undefined {
  const reading = parseCron(schedule.start);
  if (reading.kind === 'Faulty') return undefined;
  const { durationMs, timeZone } = schedule;
  const begins = startsAfter(reading.cron, timeZone, wallMs - Math.min(durationMs, horizonMs));
  const first = begins.next();
  if (first.done === true) return undefined;
  let endMs = first.value + durationMs;
  for (let length = 1; length < longestChain; length += 1) {
    const following = begins.next();
    if (following.done === true || following.value > endMs) {
      return { beginMs: first.value, endMs, isEndless: false };
    }
    endMs = following.value + durationMs;
  }
  return { beginMs: first.value, endMs, isEndless: true };
}

/** Every beginning later than `afterMs`, in order, as far as the horizon reaches. */
export function* startsAfter(cron: Cron, timeZone: string, afterMs: number): Generator<number, void> {
  // The day before, because a clock that is put back may show a day twice.
  const firstDay = Math.floor(localMsAt(timeZone, afterMs) / dayMs) - 1;
  let last = afterMs;
  for (let epochDay = firstDay; epochDay * dayMs < afterMs + horizonMs; epochDay += 1) {
    for (const start of startsOn(cron, timeZone, epochDay)) {
      // Several times that the clock skips begin together.
      if (start <= last) continue;
      last = start;
      yield start;
    }
  }
}

function startsOn(cron: Cron, timeZone: string, epochDay: number): readonly number[] {
  const date = isoFromMs(epochDay * dayMs);
  const month = Number(date.slice(5, 7));
  const day = Number(date.slice(8, 10));
  if (!isCronDay(cron, { month, day, epochDay })) return [];
  const times = cron.hours.flatMap((hour) =>
    cron.minutes.map((minute) => epochDay * dayMs + (hour * 60 + minute) * minuteMs),
  );
  return instantsOf(timeZone, times);
}
