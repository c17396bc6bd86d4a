/**
 * Whether the nodes use as much processor time as their capacity profile foretells. One odd moment says nothing, and a
 * profile that is off is not taken up again at the first good one.
 */
import type { CoreCosts, ProfileUse } from './capacity-profile.ts';
import { type MediaNode, isLent } from './media-nodes.ts';
import type { DriftMemory } from './memory.ts';
import type { NodeLoad } from './readings.ts';

/** Off by more for this long, it has drifted; off by less than the other for as long, it holds again. */
export const driftShare = 0.2;
export const calmShare = 0.1;
export const driftMs = 900_000;
/** What the server says of its processors jumps about: it is smoothed over about this time. */
const smoothMs = 120_000;
/** After a longer time without figures the watch begins anew. */
const gapMs = 60_000;
/** Nodes that should use a smaller share of their processors say nothing: what is always there drowns the rest. */
const leastShare = 0.1;

/** Cores that this load should cost; `undefined` where a part of it is not known. */
export function foretoldCores(costs: CoreCosts, load: NodeLoad): number | undefined {
  const { packetsInPerSecond: packetsIn, packetsOutPerSecond: packetsOut } = load;
  if (costs.packetIn > 0 && packetsIn === undefined) return undefined;
  if (costs.packetOut > 0 && packetsOut === undefined) return undefined;
  const megabytes = (load.bytesInPerSecond + load.bytesOutPerSecond) / 1e6;
  return (
    costs.base +
    costs.participant * load.participants +
    costs.packetIn * (packetsIn ?? 0) +
    costs.packetOut * (packetsOut ?? 0) +
    costs.megabyte * megabytes
  );
}

/** What one look adds to the watch. `undefined` where there is nothing to watch. */
export function noteDrift(
  use: ProfileUse,
  nodes: readonly MediaNode[],
  before: DriftMemory | undefined,
  nowMs: number,
): DriftMemory | undefined {
  const known = before?.version === use.version ? before : undefined;
  const off = offBy(use, nodes);
  if (off === undefined) return known;
  if (known === undefined) return judged({ version: use.version, lookedMs: nowMs, off }, nowMs);
  const sinceLookMs = nowMs - known.lookedMs;
  if (sinceLookMs > gapMs) {
    const { sinceMs: _, ...kept } = known;
    return judged({ ...kept, lookedMs: nowMs, off }, nowMs);
  }
  const weight = 1 - Math.exp(-Math.max(0, sinceLookMs) / smoothMs);
  return judged({ ...known, lookedMs: nowMs, off: known.off + weight * (off - known.off) }, nowMs);
}

/** Each state is left only by what has lasted: the time begins with the first look that speaks against it. */
function judged(drift: DriftMemory, nowMs: number): DriftMemory {
  const isDrifted = drift.offPercent !== undefined;
  const against = isDrifted ? Math.abs(drift.off) < calmShare : Math.abs(drift.off) > driftShare;
  const { sinceMs, ...rest } = drift;
  if (!against) return rest;
  const fromMs = sinceMs ?? nowMs;
  if (nowMs - fromMs < driftMs) return { ...rest, sinceMs: fromMs };
  const { offPercent: _, ...calm } = rest;
  return isDrifted ? calm : { ...rest, offPercent: toTens(drift.off) };
}

/** As it is told, and told the same until it holds again. */
function toTens(off: number): number {
  return Math.sign(off) * Math.max(20, 10 * Math.round(10 * Math.abs(off)));
}

/** By which share the nodes use more than foretold, all together; `undefined` where that cannot be told. */
function offBy({ costs, cpus }: ProfileUse, nodes: readonly MediaNode[]): number | undefined {
  if (costs === undefined || cpus === undefined) return undefined;
  let foretold = 0;
  let used = 0;
  for (const node of nodes) {
    const load = usualLoad(node);
    const cores = load === undefined ? undefined : foretoldCores(costs, load);
    if (load === undefined || cores === undefined || cores < leastShare * cpus) continue;
    foretold += cores;
    used += load.cpuLoad * cpus;
  }
  return foretold > 0 ? used / foretold - 1 : undefined;
}

/** One under a load test is driven to its limits, where nothing is as usual. */
function usualLoad({ phase, entry, pod }: MediaNode): (NodeLoad & { readonly cpuLoad: number }) | undefined {
  const cpuLoad = entry?.load.cpuLoad;
  const isUsual = phase === 'Up' && !isLent({ pod });
  if (!isUsual || entry === undefined || cpuLoad === undefined || !Number.isFinite(cpuLoad)) return undefined;
  return { ...entry.load, cpuLoad };
}
