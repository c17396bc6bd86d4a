/** Faults of the media servers and of what they have written. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ANNOTATIONS } from '../../src/api/names.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import { pick, type Random, uniform } from '../../src/workload/random.ts';
import type { ChaosCell } from './cell.ts';
import { type Fault, hand, swallow } from './fault.ts';

export const nodeFaults: readonly Fault[] = [
  hand(
    { name: "a node's clock is off", says: 'By a minute, forward or back, for up to 6 s.', extraMs: 15_000 },
    async ({ cell, random }) => {
      const pod = somePod(cell, random);
      if (pod === undefined) return;
      const world = cell.wish.world();
      await onNode(() => world.skew(pod, pick(random, [-60_000, 60_000])));
      await sleep(uniform(random, 2000, 6000));
      await onNode(() => world.skew(pod, 0));
    },
  ),
  hand(
    { name: 'a heartbeat stops', says: 'One node says nothing in Redis for up to 8 s.', extraMs: 25_000 },
    async ({ cell, random }) => {
      const pod = somePod(cell, random);
      if (pod === undefined) return;
      const world = cell.wish.world();
      await onNode(() => world.stall(pod));
      await sleep(uniform(random, 3000, 8000));
      await onNode(() => world.resume(pod));
    },
  ),
  hand(
    {
      name: 'a node crashes',
      says: 'One media server dies with all it carried.',
      extraMs: 45_000,
      weight: 0.3,
    },
    async ({ cell, random }) => {
      const pod = oldPod(cell, random);
      if (pod === undefined) return;
      cell.judge.disturbed(performance.now());
      await onNode(() => cell.wish.world().crash(pod));
    },
  ),
  hand(
    {
      name: 'registry emptied',
      says: 'FLUSHALL under a living fleet.',
      extraMs: 25_000,
      weight: 0.5,
    },
    async ({ cell }) => {
      cell.judge.disturbed(performance.now());
      await swallow(cell.wish.redis.admin.call('FLUSHALL'));
    },
  ),
];

function somePod(cell: ChaosCell, random: Random): string | undefined {
  const nodes = cell.wish.world().nodes(cell.name);
  return nodes.length === 0 ? undefined : pick(random, nodes).pod;
}

/**
 * Of the revision that has been there for longest. A change whose first node dies is stopped, as it should be, and would
 * not come to the end that is waited for.
 */
function oldPod(cell: ChaosCell, random: Random): string | undefined {
  const revisionOf = ({ metadata }: Pod): string => metadata.annotations?.[ANNOTATIONS.revision] ?? '';
  const pods = cell.wish.view
    .pods(cell.name)
    .toSorted((a, b) =>
      (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? -1 : 1,
    );
  const old = pods.filter((pod, _, [first = pod]) => revisionOf(pod) === revisionOf(first));
  return old.length === 0 ? undefined : pick(random, old).metadata.name;
}

/** It may have left a moment ago. */
async function onNode(work: () => void): Promise<void> {
  await swallow(Promise.resolve().then(work));
}
