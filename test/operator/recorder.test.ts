import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { ClusterStatus, OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Decision } from '../../src/core/decision.ts';
import { undecided } from '../../src/core/hold.ts';
import { UnreachableError } from '../../src/kube/errors.ts';
import { Recorder, type RecorderParts } from '../../src/operator/recorder.ts';
import { specNowOf } from '../../src/operator/spec-now.ts';
import { aClusterSpec, anOwner } from '../manifests/a-cluster-spec.ts';
import { aNode } from '../support/builders.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const cluster = {
  apiVersion: 'openvidu.io/v1alpha1',
  kind: 'OpenViduCluster',
  metadata: { ...anOwner, generation: 1, resourceVersion: '5' },
  spec: aClusterSpec({}),
} as OpenViduCluster;

function partsWith(applyStatus: unknown): RecorderParts {
  return {
    client: { applyStatus },
    events: { record: () => undefined },
    clock: systemClock,
    log: silentLog,
    cluster: () => cluster,
    specNow: () => specNowOf(cluster, []),
    onDecision: () => undefined,
  } as unknown as RecorderParts;
}

/** A recorder with a status to write, at an API server that answers when it is told to. */
async function writing() {
  const answer = Promise.withResolvers<never>();
  const asked = jest.fn(() => answer.promise);
  const recorder = new Recorder(partsWith(asked));
  recorder.faulty({ field: 'spec.redis', message: 'is not there' });
  await jest.advanceTimersByTimeAsync(0);
  expect(asked).toHaveBeenCalledTimes(1);
  return { recorder, asked, fail: () => answer.reject(new UnreachableError('away')) };
}

test('a status that could not be written is written again two seconds later', async () => {
  const { fail, asked } = await writing();

  fail();
  await jest.advanceTimersByTimeAsync(2000);

  expect(asked).toHaveBeenCalledTimes(2);
});

test('a status that could not be written because the operator stops leaves no timer behind', async () => {
  const { recorder, fail, asked } = await writing();

  recorder.stop();
  fail();
  await jest.advanceTimersByTimeAsync(10_000);

  expect(asked).toHaveBeenCalledTimes(1);
  expect(jest.getTimerCount()).toBe(0);
});

test('words whose figures move while nothing happens are not written alone, but with the next thing that is', async () => {
  const written: string[] = [];
  const parts = partsWith(async (_type: unknown, { status }: { status: ClusterStatus }) => {
    written.push(`${status.desiredNodes}: ${status.lastDecision?.message}`);
  });
  const recorder = new Recorder(parts);
  const decision = (desired: number, free: number): Decision => ({
    ...undecided(desired, { reason: 'HeartbeatsStopped', message: 'Nobody reports.' }, 0),
    because: { reason: 'ReserveRequiresNodes', message: `${free} free slots are needed.` },
  });

  for (const next of [decision(2, 40), decision(2, 41), decision(2, 42), decision(3, 43)]) {
    recorder.status(next);
    await jest.advanceTimersByTimeAsync(20_000);
  }

  expect(written).toEqual(['2: 40 free slots are needed.', '3: 43 free slots are needed.']);
});

test.each([
  { nodes: 10, of: 'a small fleet at once', afterMs: 0 },
  { nodes: 100, of: 'a fleet of a hundred nodes within six seconds', afterMs: 6000 },
  { nodes: 1000, of: 'a fleet of a thousand within a minute', afterMs: 60_000 },
])('a node that takes no new rooms any more shows in the status of $of', async ({ nodes, afterMs }) => {
  let closed: number | undefined = 0;
  const recorder = new Recorder(
    partsWith(async (_type: unknown, { status }: { status: ClusterStatus }) => {
      closed = status.standbyNodes;
    }),
  );
  const decision = (standby: number): Decision => ({
    ...undecided(nodes, { reason: 'HeartbeatsStopped', message: 'Nobody reports.' }, 0),
    nodes: Array.from({ length: nodes }, (_, at) => ({
      node: aNode(`m-${at}`),
      state: at < standby ? 'Standby' : 'Serving',
      finding: undefined,
    })),
  });
  recorder.status(decision(0));
  await jest.advanceTimersByTimeAsync(1);

  recorder.status(decision(1));
  const told: [number, number | undefined][] = [];
  for (const untilMs of [Math.max(0, afterMs - 100), afterMs]) {
    await jest.advanceTimersByTimeAsync(untilMs - (told.at(-1)?.[0] ?? 0));
    told.push([untilMs, closed]);
  }

  expect(told.map(([, count]) => count)).toEqual([afterMs === 0 ? 1 : 0, 1]);
});
