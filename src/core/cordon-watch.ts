/**
 * Watches whether closing nodes holds: whether new rooms stay away from closed nodes. A server that places rooms by
 * other rules than those that were tried is noticed by this, whatever version it claims to be.
 */
import { heartbeatOverdueMs, isLent, type MediaNode } from './media-nodes.ts';
import type { CordonMinute, CordonWatch } from './memory.ts';
import type { Finding } from './reasons.ts';
import { tallyOf } from './rooms-by-node.ts';
import { minuteSaid } from './words.ts';

/** How far back new rooms are counted. */
const windowMs = 600_000;
/** A room that was being placed while its node was closed is no slip; whole seconds are part of it. */
const closingTakesMs = 5000;
/** A record may be seen this much later than it says it was made. */
const lateMs = 3000;
/** Fewer slips are chance: between a heartbeat and its overwriting a node is open for a moment. */
const leastSlips = 3;
/**
 * Of the rooms that closed nodes would have if nobody heeded that they are closed. An operator that a busy machine lets
 * run for a quarter of the time only has a sixth of them; servers that do not heed it have all.
 */
const leastSlipShare = 0.5;
/** How long rooms are not steered after that. */
const offMs = 3_600_000;
/** A change in Redis may wake the operator many times a second. */
const lookEveryMs = 900;
const minuteMs = 60_000;

export interface WatchedAt {
  readonly nowMs: number;
  readonly wallMs: number;
  /** A changed template may bring other servers: then it is tried again. */
  readonly revision: string;
  /** Nobody looked for a while, so nobody knows which nodes were closed then. */
  readonly afterGap?: boolean;
}

/** Why closing is not to be relied on for now; `undefined` when nothing speaks against it. */
export function slipRefusal(watch: CordonWatch | undefined, at: WatchedAt): Finding | undefined {
  const off = watch?.off;
  if (off === undefined || at.nowMs >= off.untilMs || off.revision !== at.revision) return undefined;
  const untilWallMs = at.wallMs + off.untilMs - at.nowMs;
  const message =
    `${off.slips} of ${off.rooms} new rooms were placed on closed Media Nodes, so the media servers place all rooms ` +
    `alone until ${minuteSaid(untilWallMs)}. If your application names a node when it makes rooms, that is why: set ` +
    'spec.autoscaling.placement.unverifiedServers to Allow.';
  return { reason: 'CordonNotHolding', message };
}

/**
 * What is remembered of the watch after this pass. `nodes` carry the memory of the pass before: a room is judged when
 * it is first seen, by what its node was then, because the governor may open the very node on which it appeared.
 */
export function watchCordon(
  nodes: readonly MediaNode[],
  before: CordonWatch | undefined,
  at: WatchedAt,
): CordonWatch {
  if (before !== undefined && at.nowMs - before.lookedMs < lookEveryMs) return before;
  return look(nodes, before ?? { ...nothingSeen, lookedMs: at.nowMs, lookedWallMs: at.wallMs }, at);
}

const nothingSeen = { skewMs: 0, counted: [], minutes: [] } as const;

function look(nodes: readonly MediaNode[], before: CordonWatch, at: WatchedAt): CordonWatch {
  const young = youngRooms(nodes, Math.min(before.lookedWallMs, at.wallMs) - lateMs);
  const skewMs = young.reduce((most, { bornMs }) => Math.max(most, bornMs - at.wallMs), before.skewMs);
  const counted = new Set(before.counted);
  const fresh = young.filter(({ name }) => !counted.has(name));
  const slips = at.afterGap === true ? 0 : fresh.filter((room) => isSlip(room, { ...at, skewMs })).length;
  const unheeded = fresh.length * closedShare(nodes, at);
  const minutes = addMinute(before.minutes, { atMs: at.nowMs, rooms: fresh.length, slips, unheeded });
  const off = offNow(minutes, before.off, at);
  return {
    lookedMs: at.nowMs,
    lookedWallMs: at.wallMs,
    skewMs,
    counted: namesSince(young, at.wallMs - lateMs),
    minutes: off === undefined ? minutes : [],
    ...(off === undefined ? {} : { off }),
  };
}

/** Of the nodes that report, those that have been closed for long enough to be judged. */
function closedShare(nodes: readonly MediaNode[], { nowMs }: WatchedAt): number {
  let all = 0;
  let closed = 0;
  for (const { phase, entry, memory } of nodes) {
    if (phase !== 'Up' || entry === undefined) continue;
    all += 1;
    if (memory.closedSinceMs !== undefined && nowMs - memory.closedSinceMs > closingTakesMs) closed += 1;
  }
  return all === 0 ? 0 : closed / all;
}

interface YoungRoom {
  readonly name: string;
  readonly bornMs: number;
  readonly node: MediaNode;
}

/** Of all rooms of the fleet these are few. A mapping without a record is left over from a join that failed. */
function youngRooms(nodes: readonly MediaNode[], sinceMs: number): readonly YoungRoom[] {
  const young: YoungRoom[] = [];
  const sinceS = sinceMs / 1000;
  for (const node of nodes) {
    // A load test names its node, which is closed for everybody else.
    if (tallyOf(node.rooms).newestS <= sinceS || isLent(node)) continue;
    for (const room of node.rooms) {
      const bornS = room.createdAtSeconds;
      if (bornS === undefined || bornS <= sinceS || room.participants === undefined) continue;
      young.push({ name: room.room, bornMs: bornS * 1000, node });
    }
  }
  return young;
}

/** In an order of their own, so that the order in which rooms are listed leaves no trace. */
function namesSince(rooms: readonly YoungRoom[], sinceMs: number): readonly string[] {
  const names = rooms.filter(({ bornMs }) => bornMs > sinceMs).map(({ name }) => name);
  return names.toSorted((a, b) => (a < b ? -1 : 1));
}

/** Placed on a node that had been closed for a while, without a gap by all that is known. */
function isSlip(
  { bornMs, node: { entry, memory } }: YoungRoom,
  { nowMs, wallMs, skewMs }: WatchedAt & { readonly skewMs: number },
): boolean {
  if (
    entry?.cordonMarked !== true ||
    entry.ageMs > heartbeatOverdueMs ||
    memory.closedSinceMs === undefined
  ) {
    return false;
  }
  return bornMs > wallMs - (nowMs - memory.closedSinceMs) + closingTakesMs + skewMs;
}

type Minutes = CordonWatch['minutes'];

function addMinute(past: Minutes, now: Minutes[number]): Minutes {
  const last = past.at(-1);
  const kept = past.filter(({ atMs }) => now.atMs - atMs < windowMs);
  if (now.rooms === 0) return kept.length === past.length ? past : kept;
  if (last === undefined || now.atMs - last.atMs >= minuteMs) return [...kept, now];
  const joined = {
    atMs: last.atMs,
    rooms: last.rooms + now.rooms,
    slips: last.slips + now.slips,
    unheeded: last.unheeded + now.unheeded,
  };
  return [...kept.slice(0, -1), joined];
}

function offNow(minutes: Minutes, before: CordonWatch['off'], at: WatchedAt): CordonWatch['off'] {
  const total = (figure: (minute: CordonMinute) => number) =>
    minutes.reduce((sum, minute) => sum + figure(minute), 0);
  const slips = total((minute) => minute.slips);
  const rooms = total((minute) => minute.rooms);
  if (slips >= leastSlips && slips > leastSlipShare * total((minute) => minute.unheeded)) {
    return { untilMs: at.nowMs + offMs, slips, rooms, revision: at.revision };
  }
  const isOver = before === undefined || at.nowMs >= before.untilMs || before.revision !== at.revision;
  return isOver ? undefined : before;
}
