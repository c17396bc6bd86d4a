/** Real operators on a real API server: a leader that was frozen changes nothing once another one leads. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { isRemoval } from '../../lab/chaos/fencing-judge.ts';
import { fencingUsers, type FencingResult, runFencing } from '../../lab/chaos/fencing-run.ts';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { define } from '../../lab/plane/steps.ts';

jest.setTimeout(240_000);

const handovers = 8;
let plane: Plane;
let redis: LocalRedis;
let result: FencingResult;

beforeAll(async () => {
  [plane, redis] = await Promise.all([startPlane({ users: fencingUsers, audit: true }), startRedis()]);
  await define(plane.client, 'openviducluster');
  result = await runFencing({
    client: plane.client,
    url: plane.url,
    auditLog: plane.auditLog,
    kubeconfigFor: (token) => plane.kubeconfigFor(token),
    redisAddress: redis.address,
    handovers,
    seed: 1,
    say: () => undefined,
  });
});
afterAll(async () => {
  await redis?.stop();
  await plane?.stop();
});

describe(`${handovers} leaders frozen in the middle of their work, or cut off from the API server`, () => {
  test('have each given way to another, which worked', () => {
    expect(result.judgement.handovers).toBeGreaterThanOrEqual(handovers);
    expect(result.judgement.deletes).toBeGreaterThan(handovers);
  });

  test('have had no removal accepted since another one led, nor since their own lease was over', () => {
    const { accepted, afterLease } = result.judgement;
    expect([...accepted, ...afterLease].filter(isRemoval)).toEqual([]);
    // A process can be frozen between its last question and the system call: seldom, and then another lock holds.
    expect(accepted.length).toBeLessThanOrEqual(2);
  });

  test('have had no removal accepted that was held up on the wire until another one led', () => {
    const { accepted, refused } = result.judgement.delayed;
    expect(accepted.filter(isRemoval)).toEqual([]);
    expect(accepted.length + refused.length).toBeGreaterThan(0);
  });

  test('have ended by themselves once they ran again', () => {
    expect(result.endedMs).toHaveLength(handovers - result.strokes.OnWire);
  });
});
