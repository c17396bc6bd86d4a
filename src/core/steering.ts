/** Whether rooms may be steered by closing nodes, and what takes the place of steering where they may not. */
import type { Steering } from './action.ts';
import { slipRefusal, watchCordon } from './cordon-watch.ts';
import type { DecideInput } from './decide-input.ts';
import { hasLookedAway } from './freshness.ts';
import type { MediaNode } from './media-nodes.ts';
import type { CordonWatch } from './memory.ts';
import type { Role } from './placement.ts';
import type { Finding } from './reasons.ts';
import { versionRefusal } from './server-version.ts';
import { blindUntil } from './view-age.ts';

/** Nothing is written: what was closed opens by itself with the next heartbeat. */
export const letGo: Steering = { open: [], closed: [] };

/** Why no node is closed for now, by what the watch knows; `undefined` when rooms may be steered. */
export function steeringRefusal(
  input: Pick<DecideInput, 'spec' | 'observed' | 'nowMs' | 'wallMs'>,
  watch: CordonWatch | undefined,
): Finding | undefined {
  const { spec, observed, nowMs, wallMs } = input;
  if (spec.trustUnverifiedServers || observed.redis.kind !== 'Read') return undefined;
  // The first server tells its version as it registers: before that there is nothing to steer either.
  if (observed.redis.nodes.length === 0) return undefined;
  return (
    versionRefusal(observed.redis.serverVersion) ??
    slipRefusal(watch, { nowMs, wallMs, revision: spec.revision })
  );
}

/** What this pass saw of whether closing nodes holds. Whoever has not looked for a while has not closed them either. */
export function noteCordons(
  { spec, observed, memory, nowMs, wallMs }: Omit<DecideInput, 'clusterName' | 'learned' | 'launchMs'>,
  nodes: readonly MediaNode[],
): CordonWatch {
  const isBlind = blindUntil({ redis: observed.redis, nodes, memory, nowMs }) !== undefined;
  const afterGap = isBlind || hasLookedAway(memory, nowMs);
  return watchCordon(nodes, memory.cordonWatch, { nowMs, wallMs, revision: spec.revision, afterGap });
}

/** The role as the world sees it: a node that would be closed takes rooms all the same. */
export function roleShown(role: Role | undefined, steered: boolean): Role | undefined {
  return steered || role === undefined || role === 'Cordoned' ? role : 'Serving';
}
