/** One action is one small write: on a real API server, with the precondition that it was decided on. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import type { Action, Closing, PodRef } from '../../src/core/action.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import { CONTROLLER_REVISIONS, NODES, PODS } from '../../src/kube/resource.ts';
import type { JsonObject } from '../../src/base/json-object.ts';
import { RedisRefusedError, RedisUnavailableError } from '../../src/livekit/redis.ts';
import { mediaNodeRevision, mediaNodeSource } from '../../src/manifests/media-node-pod.ts';
import { Actor } from '../../src/operator/actor.ts';
import { PodsCache } from '../../src/operator/pods-cache.ts';
import { CONFIG_MAPS, receiptsName } from '../../src/operator/receipts.ts';
import { noRevisions, RevisionStore } from '../../src/operator/revision-store.ts';
import { ActionRefusedError } from '../../src/reconcile/ports.ts';
import { projectPod } from '../../src/reconcile/project-pod.ts';
import { aClusterSpec } from '../manifests/a-cluster-spec.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';

jest.setTimeout(60_000);

const namespace = 'default';
const nowIso = '2026-03-01T12:00:00.000Z';
/** What the wall clock says; tests set it on. */
let clockIso = nowIso;
/** What the monotonic clock says, one reading after the other; the last one stays. */
let readingsMs: readonly number[] = [0];
let plane: Plane;
let cluster: OpenViduCluster;
let actor: Actor;
let revisions: RevisionStore;
const outcomes: string[] = [];

let redisSays: () => Promise<boolean> = () => Promise.resolve(true);

function withTemplate(image: string, more: JsonObject = {}): void {
  const template = { spec: { containers: [{ name: 'openvidu', image }], nodeName: 'worker-1' } };
  const metadata = {
    name: 'live',
    namespace,
    uid: 'uid-of-live',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-05T09:00:00Z',
  };
  const spec = aClusterSpec({ mediaNodes: { template }, ...more });
  cluster = { apiVersion: 'openvidu.io/v1alpha1', kind: 'OpenViduCluster', metadata, spec };
}

const revisionNow = (): string => mediaNodeRevision(mediaNodeSource(cluster.spec));

beforeAll(async () => {
  plane = await startPlane();
  await plane.client.create(NODES, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-1' } });
  withTemplate('one');
  const { client } = plane;
  revisions = new RevisionStore({
    client,
    view: noRevisions,
    key: 'default/live',
    owner: () => cluster.metadata,
  });
  actor = new Actor({
    client,
    revisions,
    pods: new PodsCache({ byIndex: () => [], version: undefined }, 'default/live'),
    media: { removeGhost: () => redisSays() },
    cluster: () => cluster,
    elapsedMs: () => {
      const [now = 0, ...later] = readingsMs;
      if (later.length > 0) readingsMs = later;
      return now;
    },
    nowIso: () => clockIso,
    onDone: ({ kind }, outcome) => void outcomes.push(`${kind} ${outcome}`),
  });
});
afterAll(async () => await plane.stop());

const podAt = (name: string): Promise<Pod> => plane.client.get(PODS, { name, namespace });

async function refOf(name: string): Promise<PodRef> {
  const { metadata } = await podAt(name);
  return { name, uid: metadata.uid, resourceVersion: metadata.resourceVersion };
}

/** A Pod that a kubelet would run, so that its end takes the grace that it is given. */
async function launched(name: string): Promise<PodRef> {
  const revision = revisionNow();
  await revisions.ensure(revision, mediaNodeSource(cluster.spec));
  await actor.act({ kind: 'CreatePod', name, revision, because: 'load' });
  return await refOf(name);
}

async function receipt(name: string): Promise<unknown> {
  const { data = {} } = await plane.client.get(CONFIG_MAPS, { name: receiptsName('live'), namespace });
  const text = Object.entries(data).find(([key]) => key.endsWith(`.${name}`))?.[1];
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

const closing: Closing = {
  by: 'Maintenance',
  why: 'worker-1: new disks',
  askedAtMs: Date.parse('2026-03-01T10:00:00Z'),
  closedAtMs: Date.parse('2026-03-01T10:00:02Z'),
  rooms: 3,
  participants: 17,
};

describe('a launch', () => {
  test('is made from the revision that was decided on, whatever the spec says by now', async () => {
    withTemplate('one');
    const before = revisionNow();
    await launched('live-a');
    withTemplate('two', { drain: { gracePeriod: '1h' } });
    await launched('live-b');

    await actor.act({ kind: 'CreatePod', name: 'live-c', revision: before, because: 'a way back' });

    const pods = await Promise.all(['live-a', 'live-b', 'live-c'].map(podAt));
    expect(pods.map(({ spec }) => spec.containers[0]?.image)).toEqual(['one', 'two', 'one']);
    expect(pods.map(({ spec }) => spec.terminationGracePeriodSeconds)).toEqual([86_400, 3600, 86_400]);
    expect(pods.map((pod) => projectPod(pod).revision)).toEqual([before, revisionNow(), before]);
    expect(JSON.stringify(pods[2]?.spec)).toContain(`live-livekit-${before}`);
  });

  test('that was made before is no news', async () => {
    const action: Action = { kind: 'CreatePod', name: 'live-b', revision: revisionNow(), because: 'load' };

    await expect(actor.act(action)).resolves.toBeUndefined();
  });

  test('under the name of a Pod that is none of this fleet is refused, with what to do', async () => {
    const metadata = { name: 'live-s', namespace };
    const containers = [{ name: 'main', image: 'none' }];
    await plane.client.create(PODS, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } });
    const action: Action = { kind: 'CreatePod', name: 'live-s', revision: revisionNow(), because: 'load' };

    await expect(actor.act(action)).rejects.toMatchObject({
      stale: false,
      message: expect.stringMatching(
        /live-s exists and is none of this fleet: remove it, or give it the label/,
      ),
    });
  });

  test('of a revision that nobody knows is refused', async () => {
    const action: Action = { kind: 'CreatePod', name: 'live-x', revision: 'unknown', because: 'load' };

    await expect(actor.act(action)).rejects.toThrow(ActionRefusedError);
    expect(outcomes.at(-1)).toBe('CreatePod refused');
  });
});

test.each([
  ['does not answer', new RedisUnavailableError('not connected'), true],
  ['forbids it', new RedisRefusedError('NOPERM'), false],
] as const)('the entry of a ghost stays when Redis %s, which is no defect', async (_, error, stale) => {
  redisSays = () => Promise.reject(error);
  const ghost = { kind: 'RemoveGhost', nodeId: 'ND_x', rooms: 0, participants: 0 } as const;
  await expect(actor.act(ghost)).rejects.toMatchObject({ name: 'ActionRefusedError', stale });
  redisSays = () => Promise.resolve(true);
});

test('a verdict is kept with its revision, and is seen before any watch has told of it', async () => {
  withTemplate('judged');
  const { revision } = await revisions.ensure(revisionNow(), mediaNodeSource(cluster.spec));
  const verdict = { kind: 'Failed', why: 'joins failed' } as const;

  await actor.act({ kind: 'JudgeRevision', revision, verdict });

  expect(revisions.observations().at(-1)).toMatchObject({ revision, verdict });
  const stored = await plane.client.get(CONTROLLER_REVISIONS, { name: `live-${revision}`, namespace });
  expect(stored.metadata.annotations).toMatchObject({
    'openvidu.io/verdict': 'Failed',
    'openvidu.io/verdict-why': 'joins failed',
  });
});

test("the operator's own wish is read back as it was written, and taken back without a trace", async () => {
  const pod = await launched('live-wished');
  await actor.act({ kind: 'SetWish', pod, wish: { by: 'Update', why: 'rolling change' } });
  const wished = projectPod(await podAt('live-wished'));
  expect(wished.cordonWish).toEqual({
    by: 'Update',
    why: 'rolling change',
    sinceMs: Date.parse(nowIso),
    leaveWhenEmpty: true,
  });

  await actor.act({ kind: 'SetWish', pod: await refOf('live-wished'), wish: undefined });
  expect(Object.keys((await podAt('live-wished')).metadata.annotations ?? {})).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/drain|cordon/)]),
  );
});

describe('a removal', () => {
  const evidence = {
    nodeId: 'ND_1',
    closedAtMs: 5000,
    closing,
    tookMs: 7_200_000,
    companions: ['egress'],
    proofs: [],
  };

  test('leaves a receipt and the time that the server may wait for its participants', async () => {
    const pod = await launched('live-gone');
    await actor.act({ kind: 'RemoveNode', pod, evidence, because: 'It is not needed.' });

    expect((await podAt('live-gone')).metadata.deletionGracePeriodSeconds).toBe(86_400);
    expect(await receipt('live-gone')).toEqual({
      node: 'live-gone',
      uid: pod.uid,
      removedAt: nowIso,
      because: 'It is not needed.',
      evicted: false,
      roomsCut: 0,
      participantsCut: 0,
      tookSeconds: 7200,
      closedBy: 'Maintenance',
      closedBecause: 'worker-1: new disks',
      askedAt: '2026-03-01T10:00:00.000Z',
      closedAt: '2026-03-01T10:00:02.000Z',
      roomsWhenClosed: 3,
      participantsWhenClosed: 17,
      nodeId: 'ND_1',
      closedAtMs: 5000,
      companions: ['egress'],
      proofs: [],
    });
  });

  test('at the same moment as another leaves both receipts, also when they are the first', async () => {
    const pods = [await launched('live-one'), await launched('live-two')];
    await plane.client.delete(CONFIG_MAPS, { name: receiptsName('live'), namespace });

    const because = 'It is not needed.';
    await Promise.all(
      pods.map(async (pod) => await actor.act({ kind: 'RemoveNode', pod, evidence, because })),
    );

    const nodes = await Promise.all(['live-one', 'live-two'].map(receipt));
    expect(nodes).toMatchObject([{ node: 'live-one' }, { node: 'live-two' }]);
  });

  test('of a Pod that has changed meanwhile is refused, and decided anew', async () => {
    const pod = await launched('live-changed');
    const annotations = { 'openvidu.io/protect': 'true' };
    await plane.client.patchMerge(PODS, { name: 'live-changed', namespace }, { metadata: { annotations } });

    const removal = actor.act({ kind: 'RemoveNode', pod, evidence, because: 'It is not needed.' });

    await expect(removal).rejects.toMatchObject({ name: 'ActionRefusedError', stale: true });
    expect((await podAt('live-changed')).metadata.deletionTimestamp).toBeUndefined();
  });

  test('that is refused again and again keeps one receipt, so that those of others stay', async () => {
    const kept = async () => {
      const { data = {} } = await plane.client.get(CONFIG_MAPS, { name: receiptsName('live'), namespace });
      return Object.keys(data);
    };
    const pod = await launched('live-refused');
    const annotations = { 'openvidu.io/protect': 'true' };
    await plane.client.patchMerge(PODS, { name: 'live-refused', namespace }, { metadata: { annotations } });
    const before = await kept();

    for (let second = 1; second <= 3; second += 1) {
      clockIso = `2026-03-01T12:00:0${second}.000Z`;
      const removal = actor.act({ kind: 'RemoveNode', pod, evidence, because: 'It is not needed.' });
      await expect(removal).rejects.toThrow(ActionRefusedError);
    }
    clockIso = nowIso;

    const added = (await kept()).filter((key) => !before.includes(key));
    expect(added).toEqual(['20260301T120003000Z.live-refused']);
    expect((await kept()).filter((key) => before.includes(key))).toEqual(before);
  });

  test('whose receipt took longer to store than what was seen holds is not carried out', async () => {
    const pod = await launched('live-slow');
    readingsMs = [0, 5001];
    const removal = actor.act({ kind: 'RemoveNode', pod, evidence, because: 'It is not needed.' });
    await expect(removal).rejects.toMatchObject({ name: 'ActionRefusedError', stale: true });
    readingsMs = [0];
    expect((await podAt('live-slow')).metadata.deletionTimestamp).toBeUndefined();
  });

  test('with people on the node says who was cut, and is over at once', async () => {
    const pod = await launched('live-evicted');
    const companions = [{ name: 'egress', active: 1 }];
    const deadlineMs = Date.parse('2026-03-01T11:59:59Z');
    const eviction = { closing, deadlineMs, tookMs: 7_200_000, companions };
    await actor.act({
      kind: 'EvictNode',
      pod,
      nodeId: 'ND_2',
      rooms: 2,
      participants: 5,
      eviction,
      because: 'spec.drain.deadline is over.',
    });

    expect((await podAt('live-evicted')).metadata.deletionGracePeriodSeconds).toBe(1);
    expect(await receipt('live-evicted')).toMatchObject({
      evicted: true,
      roomsCut: 2,
      participantsCut: 5,
      deadline: '2026-03-01T11:59:59.000Z',
      closedBy: 'Maintenance',
      nodeId: 'ND_2',
      companions,
    });
  });

  test('of a server that hangs shortens the time that it was given before', async () => {
    const pod = await launched('live-hung');
    await actor.act({ kind: 'RemoveNode', pod, evidence, because: 'It is not needed.' });
    const hung = await refOf('live-hung');

    await actor.act({ kind: 'EndWedged', pod: hung, nodeId: 'ND_3', because: 'It hangs.' });

    expect((await podAt('live-hung')).metadata.deletionGracePeriodSeconds).toBe(5);
    expect(await receipt('live-hung')).toMatchObject({
      because: 'It is not needed.',
      proofs: expect.anything(),
    });
  });

  test('of a server that hangs, told to stop by a person, has a receipt of its own', async () => {
    const { uid } = await launched('live-hung-too');
    await plane.client.delete(PODS, { name: 'live-hung-too', namespace }, { uid });

    const hung = await refOf('live-hung-too');
    await actor.act({ kind: 'EndWedged', pod: hung, nodeId: 'ND_4', because: 'It hangs.' });

    expect((await podAt('live-hung-too')).metadata.deletionGracePeriodSeconds).toBe(5);
    expect(await receipt('live-hung-too')).toMatchObject({
      because: 'It hangs.',
      nodeId: 'ND_4',
      roomsCut: 0,
    });
  });
});
