/** What a media server has counted in a stretch of time, though it adds up track by track, and every five seconds only. */
import { mean } from './statistics.ts';

export interface Counters {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface CountersAt extends Counters {
  readonly atMs: number;
}

/** `connectionquality.UpdateInterval` of livekit-server 1.13.5. */
const addedEveryMs = 5000;
/** Looks are never made at the very millisecond. */
const nearMs = 50;
/** Two looks that should lie whole periods apart, and do not by more than this, are no pair. */
const pairedWithinMs = 250;

/**
 * What was counted from the first to the last of these looks, oldest first. Between two instants that lie whole periods
 * apart every track was added up equally often, wherever its own period begins: the mean over all such pairs of looks
 * counts for the whole time. Less than a period is told as it is found.
 */
export function countedOver(looks: readonly CountersAt[]): Counters {
  const [first] = looks;
  const last = looks.at(-1);
  if (first === undefined || last === undefined) return nothing;
  const lengthMs = last.atMs - first.atMs;
  const spanMs = Math.floor((lengthMs + nearMs) / addedEveryMs) * addedEveryMs;
  if (spanMs === 0) return difference(first, last);
  const found = looks.flatMap((begin) => {
    const end = nearest(looks, begin.atMs + spanMs);
    return end === undefined ? [] : [difference(begin, end)];
  });
  if (found.length === 0) return difference(first, last);
  return mapped((kind) => {
    const counted = mean(found.map((counters) => counters[kind])) ?? 0;
    return Math.round((counted * lengthMs) / Math.min(spanMs, lengthMs));
  });
}

const nothing: Counters = { packetsIn: 0, packetsOut: 0, bytesIn: 0, bytesOut: 0 };

function mapped(value: (kind: keyof Counters) => number): Counters {
  return {
    packetsIn: value('packetsIn'),
    packetsOut: value('packetsOut'),
    bytesIn: value('bytesIn'),
    bytesOut: value('bytesOut'),
  };
}

const difference = (from: Counters, to: Counters): Counters => mapped((kind) => to[kind] - from[kind]);

function nearest(looks: readonly CountersAt[], atMs: number): CountersAt | undefined {
  const off = (look: CountersAt): number => Math.abs(look.atMs - atMs);
  const found = looks.toSorted((a, b) => off(a) - off(b))[0];
  return found !== undefined && off(found) <= pairedWithinMs ? found : undefined;
}
