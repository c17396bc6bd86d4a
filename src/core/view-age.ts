/** Whether what is seen is so old that a burst of rooms could happen unseen. */
import type { MediaNode } from './media-nodes.ts';
import type { Memory } from './memory.ts';
import type { RedisReading } from './readings.ts';

/** One open node is a hazard for whoever looks less often than this. */
const freshMs = 2000;
/** The heartbeat's period: an entry is that old at most, however fresh the view is. */
const heartbeatMs = 2000;
/** Somebody who was late once is expected to be late again. */
const blindForMs = 30_000;

export interface View {
  readonly redis: RedisReading;
  readonly nodes: readonly MediaNode[];
  readonly memory: Memory;
  readonly nowMs: number;
}

/** Until when the view counts as old; `undefined` while it is fresh. */
export function blindUntil({ redis, nodes, memory, nowMs }: View): number | undefined {
  const late = memory.dueMs !== undefined && nowMs - memory.dueMs > freshMs;
  if (late || nowMs - redis.atMs > freshMs || heartbeatsAreOld(nodes)) return nowMs + blindForMs;
  const { blindUntilMs } = memory;
  return blindUntilMs !== undefined && blindUntilMs > nowMs ? blindUntilMs : undefined;
}

/** Half of the nodes, not a single one: that one is a suspect, and nobody's view is old for it. */
function heartbeatsAreOld(nodes: readonly MediaNode[]): boolean {
  let known = 0;
  let fresh = 0;
  for (const { entry } of nodes) {
    if (entry === undefined) continue;
    known += 1;
    if (entry.ageMs <= heartbeatMs + freshMs) fresh += 1;
  }
  return known > 0 && fresh <= Math.floor(known / 2);
}
