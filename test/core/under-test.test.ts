/** A Media Node that is lent to a load test: closed for others, safe from removal, and no part of the fleet's load. */
import { describe, expect, test } from '@jest/globals';
import { slipRefusal, watchCordon } from '../../src/core/cordon-watch.ts';
import { demand } from '../../src/core/demand.ts';
import { loadTestPrefix, withoutLoadTests } from '../../src/core/load-test-rooms.ts';
import type { CordonWish, PodObservation } from '../../src/core/observed.ts';
import type { RedisReading } from '../../src/core/readings.ts';
import { projectPod } from '../../src/reconcile/project-pod.ts';
import { aNode, aPod, aRedisReading, aRoom, aSpec, nowMs, wallMs } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const first = 'c-media-0';
const second = 'c-media-1';
const third = 'c-media-2';
const wish: CordonWish = {
  by: 'LoadTest',
  why: 'OpenViduLoadTest rooms',
  sinceMs: undefined,
  leaveWhenEmpty: false,
};
const lent: Partial<PodObservation> = { cordonWish: wish, protected: true, underTest: 'rooms' };
const givenBack: Partial<PodObservation> = { cordonWish: undefined, protected: false };
const spreading = aSpec({ placement: { ...aSpec().placement, strategy: 'Spread' } });

describe('the label on its Pod', () => {
  const pod = (annotations = {}) =>
    projectPod({
      metadata: {
        name: 'm-1',
        uid: 'u-1',
        resourceVersion: '1',
        creationTimestamp: '2026-03-01T12:00:00Z',
        labels: { 'openvidu.io/under-test': 'rooms' },
        annotations,
      },
      spec: { containers: [{ name: 'openvidu' }] },
    });

  test('closes it, protects it, and says for whom', () => {
    expect(pod()).toMatchObject(lent);
  });

  test('leaves the wish of a person in its place', () => {
    const drained = pod({ 'openvidu.io/drain': 'new kernel' });
    expect(drained.cordonWish).toMatchObject({ by: 'Person', why: 'new kernel', leaveWhenEmpty: true });
    expect(drained).toMatchObject({ protected: true, underTest: 'rooms' });
  });
});

describe('a node under test', () => {
  test('is closed and stays, however empty it is and however few are needed', () => {
    const story = new Story({ spec: aSpec(), nodes: 2 }).at(1).change(second, lent).at(10, 'min');
    expect(story.state(second)).toBe('Cordoned');
    expect(story.names).toContain(second);
    expect(story.deeds('RemoveNode', 'SetWish', 'SetInService').join()).not.toContain(second);
  });

  test('is replaced where its fleet needs one more, and takes rooms until that serves', () => {
    const story = new Story({ spec: aSpec(), nodes: 1 }).at(1).change(first, lent).at(2);
    expect(story.deeds('CreatePod')).toEqual([`CreatePod ${second}`]);
    expect(story.state(first)).toBe('Serving');
    expect(story.at(40).state(first)).toBe('Cordoned');
    expect(story.state(second)).toBe('Serving');
  });

  test('can be full to the brim without the fleet growing', () => {
    const load = (pod: Partial<PodObservation>) =>
      new Story({ spec: spreading, nodes: 3 }).at(1).change(third, pod).load(third, 250).at(40).decision;
    expect(load(lent).desired).toBe(1);
    expect(load({ cordonWish: { ...wish, by: 'Person' } }).desired).toBe(4);
  });

  test('is not made to leave by a rolling change before it is given back', () => {
    const story = new Story({ spec: aSpec(), nodes: 2 }).at(1).change(second, lent).at(5);
    story.revise('r2').at(30, 'min');
    expect(story.names).toContain(second);
    expect(story.deeds('SetWish').join()).not.toContain(second);
  });

  test('belongs to the fleet again when it is given back', () => {
    const story = new Story({ spec: aSpec(), nodes: 2 }).at(1).change(second, lent).at(30);
    const pod = story.input.observed.pods.find(({ name }) => name === second);
    expect(pod?.underTest).toBe('rooms');
    story.change(second, givenBack).at(32);
    expect(story.state(second)).not.toBe('Cordoned');
  });
});

test('its people ask for no nodes and no headroom', () => {
  const nodes = [
    aNode('m-0', { load: { participants: 10 }, rooms: [aRoom('m-0', { participants: 10 })] }),
    aNode('m-1', { pod: lent, load: { participants: 300 }, rooms: [aRoom('m-1', { participants: 300 })] }),
  ];
  const spec = aSpec({ headroom: { slots: 0, share: 0.5, largestRoom: true } });
  const { wanted, opinions } = demand(spec, nodes, nodes.slice(0, 1));
  expect(wanted).toBe(1);
  expect(opinions.map(({ message }) => message).join(' ')).not.toContain('300');
});

test('rooms that a test puts on its closed node are no sign that closing does not hold', () => {
  const rooms = Array.from({ length: 30 }, (_, at) =>
    aRoom('m-1', { room: `r${at}`, createdAtSeconds: wallMs / 1000 - 30 }),
  );
  const node = (pod: Partial<PodObservation>) =>
    aNode('m-1', { pod, entry: { cordonMarked: true }, memory: { closedSinceMs: nowMs - 120_000 }, rooms });
  const before = {
    lookedMs: nowMs - 60_000,
    lookedWallMs: wallMs - 60_000,
    skewMs: 0,
    counted: [],
    minutes: [],
  };
  const at = { nowMs, wallMs, revision: 'r1' };
  const refusal = (pod: Partial<PodObservation>) => slipRefusal(watchCordon([node(pod)], before, at), at);
  expect(refusal({ cordonWish: wish })?.reason).toBe('CordonNotHolding');
  expect(refusal(lent)).toBeUndefined();
});

describe('what is learned of rooms', () => {
  const rooms = ['lesson', `${loadTestPrefix('rooms')}a1b2c-0`, 'lt-rooms'].map((room) =>
    aRoom('m-1', { room }),
  );
  const reading = aRedisReading({ rooms });
  const seen = (redis: RedisReading, pods: readonly PodObservation[]) =>
    redis.kind === 'Read' ? withoutLoadTests(redis, pods) : redis;

  test('leaves out those of a test that has a node', () => {
    const left = seen(reading, [aPod('m-1', lent)]);
    expect(left.kind === 'Read' && left.rooms.map(({ room }) => room)).toEqual(['lesson', 'lt-rooms']);
  });

  test('is the very same reading where there is no test', () => {
    expect(seen(reading, [aPod('m-1')])).toBe(reading);
  });
});
