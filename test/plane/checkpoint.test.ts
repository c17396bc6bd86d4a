/** What was learned, in a ConfigMap of a real API server. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { silentLog } from '../../src/base/log.ts';
import { Learner } from '../../src/core/learner.ts';
import { CheckpointStore, learnedName } from '../../src/operator/checkpoint.ts';
import { CONFIG_MAPS } from '../../src/operator/receipts.ts';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { aClusterSpec } from '../manifests/a-cluster-spec.ts';
import { aRedisReading, aRoom, anEntry } from '../support/builders.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';

jest.setTimeout(60_000);

let plane: Plane;
const cluster: OpenViduCluster = {
  apiVersion: 'openvidu.io/v1alpha1',
  kind: 'OpenViduCluster',
  metadata: {
    name: 'lessons',
    namespace: 'default',
    uid: 'uid-of-lessons',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-05T09:00:00Z',
  },
  spec: aClusterSpec(),
};
const ref = { name: learnedName('lessons'), namespace: 'default' };
const stored = async () => await plane.client.find(CONFIG_MAPS, ref);

function checkpoints(apiSecret = 'first'): CheckpointStore {
  return new CheckpointStore({ client: plane.client, log: silentLog, apiSecret, cluster: () => cluster });
}

/** What a learner knows after `rooms` rooms have come and gone. */
function knowledge(rooms: number, salt: number): unknown {
  const learner = new Learner(salt);
  const wallMs = Date.parse('2026-01-05T09:00:00Z');
  for (let second = 0; second <= 60 * rooms; second += 2) {
    const room = Math.floor(second / 60);
    const alive = second % 60 < 50 && room < rooms;
    const createdAtSeconds = wallMs / 1000 + room * 60;
    const live = aRoom('live-media-0', { room: `weekly-${room}`, participants: 3, createdAtSeconds });
    const redis = aRedisReading({
      nodes: [anEntry('live-media-0')],
      rooms: alive ? [live] : [],
      atMs: second * 1000,
    });
    learner.see({ redis, pods: [], nowMs: second * 1000, wallMs: wallMs + second * 1000 });
  }
  return learner.checkpoint();
}

async function untilWritten(since: string | undefined): Promise<string> {
  for (let tries = 0; tries < 200; tries += 1) {
    const version = (await stored())?.metadata.resourceVersion;
    if (version !== undefined && version !== since) return version;
    await delay(20);
  }
  throw new Error('nothing was written within 4 s');
}

beforeAll(async () => {
  plane = await startPlane();
});
afterAll(async () => await plane.stop());

test('what was learned is read back as it was, and is written again only when more has been learned', async () => {
  const first = checkpoints();
  expect(await first.load()).toBeUndefined();
  const learned = knowledge(3, first.salt);
  first.save(learned);
  const version = await untilWritten(undefined);
  expect((await stored())?.metadata.ownerReferences?.[0]?.uid).toBe('uid-of-lessons');

  const second = checkpoints();
  const loaded = await second.load();
  expect(loaded).toEqual(JSON.parse(JSON.stringify(learned)));
  expect(new Learner(second.salt).restore(loaded)).toBeUndefined();
  second.save(learned);
  await delay(300);
  expect((await stored())?.metadata.resourceVersion).toBe(version);
  second.save(knowledge(5, second.salt));
  await untilWritten(version);
});

test('names of rooms are nowhere in it, and another secret makes other hashes', async () => {
  expect(JSON.stringify(await stored())).not.toContain('weekly');
  expect(checkpoints('first').salt).toBe(checkpoints('first').salt);
  expect(checkpoints('second').salt).not.toBe(checkpoints('first').salt);
});

test('a checkpoint that a person has broken is given as it is, and the learner says what is wrong with it', async () => {
  await plane.client.patchMerge(CONFIG_MAPS, ref, { data: { 'learned.json': '{"version":' } });
  const broken = await checkpoints().load();
  expect(broken).toBe('{"version":');
  expect(new Learner(1).restore(broken)).toBe('it is no JSON object');
});
