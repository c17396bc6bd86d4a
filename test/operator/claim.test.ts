import { describe, expect, test } from '@jest/globals';
import type { PodObservation } from '../../src/core/observed.ts';
import { ConflictError, NotFoundError, UnreachableError } from '../../src/kube/errors.ts';
import { type ClaimParts, claimPods } from '../../src/operator/claim.ts';
import { aPod } from '../support/builders.ts';

const nowIso = '2026-01-02T03:04:05.678Z';

interface Claims {
  readonly asked: readonly unknown[];
  readonly wrote: readonly string[];
  readonly done: boolean;
}

/** Claims them on an API server that answers each time like this. */
async function claims(
  pods: readonly PodObservation[],
  answer: () => Promise<{ readonly metadata: { readonly resourceVersion: string } }> = () =>
    Promise.resolve({ metadata: { resourceVersion: '77' } }),
): Promise<Claims> {
  const asked: unknown[] = [];
  const wrote: string[] = [];
  const patchMerge = ((_: unknown, ref: unknown, patch: unknown) => {
    asked.push([ref, patch]);
    return answer();
  }) as ClaimParts['client']['patchMerge'];
  const parts = {
    client: { patchMerge },
    namespace: 'rooms',
    nowIso,
    wrote: (it: string) => void wrote.push(it),
  };
  return { asked, done: await claimPods(parts, pods), wrote };
}

describe('a new leader', () => {
  test.each<[string, Partial<PodObservation>]>([
    ['is out of the Service', { inService: false }],
    ['has failed', { phase: 'Failed' }],
    ['starts', { phase: 'Pending', ready: false }],
    ['is not ready', { ready: false }],
    ['has no server any more', { ended: { exitCode: 1, reason: 'Error' } }],
    ['somebody wants away', { cordonWish: { by: 'Person', why: 'Ana', sinceMs: 0, leaveWhenEmpty: true } }],
  ])('writes to a Pod that %s, as it was seen', async (_, change) => {
    const pod = aPod('media-0', { inService: true, ready: true, phase: 'Running', ...change });
    const { uid, resourceVersion } = pod;

    expect(await claims([pod])).toEqual({
      asked: [
        [
          { name: 'media-0', namespace: 'rooms' },
          { metadata: { uid, resourceVersion, annotations: { 'openvidu.io/claimed': nowIso } } },
        ],
      ],
      wrote: ['77'],
      done: true,
    });
  });

  test('leaves a node alone that serves', async () => {
    const pod = aPod('media-0', { inService: true, ready: true, phase: 'Running' });
    expect(await claims([pod])).toEqual({ asked: [], wrote: [], done: true });
  });

  test.each([
    ['has changed since', new ConflictError('changed'), true],
    ['is gone', new NotFoundError('gone'), true],
    ['could not be written to', new UnreachableError('down'), false],
  ])('counts a Pod that %s rightly', async (_, error, done) => {
    const pods = [aPod('media-0', { inService: false }), aPod('media-1', { inService: false })];
    const found = await claims(pods, () => Promise.reject(error));
    expect({ done: found.done, asked: found.asked.length, wrote: found.wrote }).toEqual({
      done,
      asked: 2,
      wrote: [],
    });
  });

  test('does not hide a defect', async () => {
    const broken = claims([aPod('media-0', { inService: false })], () =>
      Promise.reject(new TypeError('defect')),
    );
    await expect(broken).rejects.toThrow(TypeError);
  });
});
