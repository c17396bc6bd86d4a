import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { UnreachableError } from '../../src/kube/errors.ts';
import { Recorder, type RecorderParts } from '../../src/operator/recorder.ts';
import { specNowOf } from '../../src/operator/spec-now.ts';
import { aClusterSpec, anOwner } from '../manifests/a-cluster-spec.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const cluster = {
  apiVersion: 'openvidu.io/v1alpha1',
  kind: 'OpenViduCluster',
  metadata: { ...anOwner, generation: 1, resourceVersion: '5' },
  spec: aClusterSpec({}),
} as OpenViduCluster;

/** A recorder with a status to write, at an API server that answers when it is told to. */
async function writing() {
  const answer = Promise.withResolvers<never>();
  const asked = jest.fn(() => answer.promise);
  const parts = {
    client: { applyStatus: asked },
    events: { record: () => undefined },
    clock: systemClock,
    log: silentLog,
    cluster: () => cluster,
    specNow: () => specNowOf(cluster, []),
    onDecision: () => undefined,
  } as unknown as RecorderParts;
  const recorder = new Recorder(parts);
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
