/** A network outage: every room ends at once, nobody comes, and then everybody tries again. */
import { dayS, hourS, weekS } from './curves.ts';
import { type Random, chance, exponential, stream, uniform, wholeBetween } from './random.ts';
import type { TraceRoom } from './trace.ts';

interface Outage {
  readonly fromS: number;
  readonly untilS: number;
}

/** All of these are assumed. */
const returningShare = 0.9;
const worthReturningS = 60;
const meanRetryS = 40;
const meanDelayedS = 120;

/** The rooms as an outage in each week leaves them: cut short, come back or delayed. */
export function withOutages(
  rooms: readonly TraceRoom[],
  when: { readonly seed: number; readonly days: number },
): readonly TraceRoom[] {
  const random = stream(when.seed, 'outage');
  let result = rooms;
  for (let week = 0; week < when.days * dayS; week += weekS) {
    const workdays = Math.min(5, when.days - week / dayS);
    const day = week + wholeBetween(random, 0, workdays - 1) * dayS;
    const fromS = day + Math.round(uniform(random, 9.5 * hourS, 15.5 * hourS));
    const untilS = fromS + Math.round(uniform(random, 240, 900));
    result = result.flatMap((room) => throughOutage(room, { fromS, untilS }, random));
  }
  return result;
}

function throughOutage(room: TraceRoom, { fromS, untilS }: Outage, random: Random): readonly TraceRoom[] {
  const endS = room.startS + room.durationS;
  if (endS <= fromS || room.startS >= untilS) return [room];
  const again = (meanS: number) => untilS + Math.round(exponential(random, meanS));
  if (room.startS >= fromS) return [{ ...room, startS: again(meanDelayedS) }];
  const cut = { ...room, durationS: fromS - room.startS };
  const leftS = endS - fromS;
  if (leftS < worthReturningS || !chance(random, returningShare)) return [cut];
  return [cut, { ...room, startS: again(meanRetryS), durationS: leftS }];
}
