/** What became different about nodes that are to leave, as Events tell it: each thing once. */
import type { NodeView } from './decision.ts';
import type { Finding } from './reasons.ts';

/** Cheap, because it is asked of every node on every pass. */
export function hasDrainNews(before: NodeView | undefined, now: NodeView): boolean {
  const [was, is] = [before?.node.memory, now.node.memory];
  return is.drain !== was?.drain || isIngestTold(now) !== isIngestTold(before);
}

export function drainTransition(before: NodeView | undefined, now: NodeView): readonly Finding[] {
  return [...evictionNotice(before, now), ...lateness(before, now), ...endlessIngest(before, now)];
}

/** What will be cut, and when: told also by an operator that has just started. */
export function evictionNotice(before: NodeView | undefined, now: NodeView): readonly Finding[] {
  const { warned } = now.node.memory.drain ?? {};
  if (warned === undefined || warned === before?.node.memory.drain?.warned) return [];
  return now.finding?.reason === 'EvictionNear' ? [now.finding] : [];
}

function lateness(before: NodeView | undefined, now: NodeView): readonly Finding[] {
  const isNew = now.node.memory.drain?.late === true && before?.node.memory.drain?.late !== true;
  return isNew && now.finding?.reason === 'DrainLate' ? [now.finding] : [];
}

function endlessIngest(before: NodeView | undefined, now: NodeView): readonly Finding[] {
  if (!isIngestTold(now) || isIngestTold(before) || now.finding === undefined) return [];
  return [now.finding];
}

function isIngestTold(view: NodeView | undefined): boolean {
  return view?.finding?.reason === 'IngestContinues';
}
