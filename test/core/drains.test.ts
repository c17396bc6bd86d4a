import { describe, expect, test } from '@jest/globals';
import type { Action } from '../../src/core/action.ts';
import { drainFinding, evictionOf, noteDrain } from '../../src/core/drains.ts';
import type { DrainNote } from '../../src/core/memory.ts';
import type { CordonWish } from '../../src/core/observed.ts';
import type { Finding } from '../../src/core/reasons.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { transitions } from '../../src/core/transitions.ts';
import { type NodeChanges, aNode, aRoom, aSpec, nowMs, ownWord, wallMs } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const minutes = (count: number) => count * 60_000;

/** Half an hour is what a drain may take, and then its rooms are cut. */
const evict: Partial<ClusterSpec> = { drainDeadlineMs: minutes(30), onDrainDeadline: 'Evict' };
const wait: Partial<ClusterSpec> = { drainDeadlineMs: minutes(30), onDrainDeadline: 'Wait' };

function wish(changes: Partial<CordonWish> = {}): CordonWish {
  return { by: 'Person', why: 'ana: new kernel', sinceMs: wallMs, leaveWhenEmpty: true, ...changes };
}

const drained = (since: number | undefined, changes: NodeChanges & { drain?: DrainNote } = {}) =>
  aNode('m-0', {
    load: { participants: 4 },
    rooms: [aRoom('m-0', { participants: 4 })],
    ...changes,
    pod: { cordonWish: wish({ sinceMs: since }), ...changes.pod },
    memory: { ...changes.memory, ...(changes.drain === undefined ? {} : { drain: changes.drain }) },
  });
const at = (spec: Partial<ClusterSpec>) => ({ spec: aSpec(spec), nowMs, wallMs });
const end = { expectedInS: 600, latestInS: 1200 };

describe('what is noted of a drain', () => {
  const noted = (spec: Partial<ClusterSpec>, agoMs: number | undefined, drain?: DrainNote) => {
    const node = drained(
      agoMs === undefined ? undefined : wallMs - agoMs,
      drain === undefined ? {} : { drain },
    );
    return noteDrain(node, 'Cordoned', { ...at(spec), end }).drain;
  };

  test('is by when it was to be expected to end when it began, fronts and proofs included', () => {
    expect(noted({ signallingGraceMs: minutes(10) }, 0)).toEqual({ dueMs: wallMs + minutes(20 + 10 + 1) });
    expect(noted({}, minutes(15), { dueMs: wallMs + 5 })).toEqual({ dueMs: wallMs + 5 });
  });

  test('is half a day where nobody can say, and not for ever', () => {
    const unknown = {
      ...at({ signallingGraceMs: 0 }),
      end: { expectedInS: undefined, latestInS: undefined },
    };
    const halfADayMs = 44_000_000;
    expect(noteDrain(drained(wallMs), 'Cordoned', unknown).drain).toEqual({
      dueMs: wallMs + halfADayMs + minutes(1),
    });
  });

  test.each<
    readonly [claim: string, spec: Partial<ClusterSpec>, agoMs: number | undefined, drain: DrainNote]
  >([
    ['than was to be expected', {}, 0, { dueMs: wallMs }],
    ['than the deadline allows, where it waits', wait, minutes(30), {}],
    ['and stays so', {}, 0, { dueMs: wallMs + 1, late: true }],
  ])('is that it takes longer %s', (_, spec, agoMs, drain) => {
    expect(noted(spec, agoMs, drain)?.late).toBe(true);
  });

  test.each<readonly [claim: string, spec: Partial<ClusterSpec>, agoMs: number | undefined]>([
    ['before the deadline', wait, minutes(30) - 1],
    ['without a deadline', {}, minutes(300)],
    ['whose wish does not say since when', wait, undefined],
  ])('is not that it is late: one %s', (_, spec, agoMs) => {
    expect(noted(spec, agoMs, {})?.late).toBeUndefined();
  });

  test.each<readonly [left: number, warned: DrainNote['warned']]>([
    [minutes(10) + 1, undefined],
    [minutes(10), 'AtSight'],
    [minutes(1) + 1, 'AtSight'],
    [minutes(1), 'OneMinute'],
    [-minutes(60), 'OneMinute'],
  ])('with %d ms left the announcement that is due is %s', (left, warned) => {
    expect(noted(evict, minutes(30) - left)?.warned).toBe(warned);
  });

  test.each<readonly [claim: string, spec: Partial<ClusterSpec>, changes: NodeChanges]>([
    ['a node that is protected', evict, { pod: { protected: true, cordonWish: wish({ sinceMs: 0 }) } }],
    ['a deadline that waits', wait, {}],
    [
      'a cordon that is no drain',
      evict,
      { pod: { cordonWish: wish({ sinceMs: 0, leaveWhenEmpty: false }) } },
    ],
    ['a wish that does not say since when', evict, { pod: { cordonWish: wish({ sinceMs: undefined }) } }],
  ])('nothing is announced of %s', (_, spec, changes) => {
    const memory = noteDrain(drained(0, changes), 'Cordoned', { ...at(spec), end });
    expect(memory.drain?.warned).toBeUndefined();
  });

  test('is forgotten when the node takes rooms again, and kept while it is silent for a moment', () => {
    const node = drained(wallMs, { drain: { dueMs: 5, late: true } });
    expect(noteDrain(node, 'Serving', { ...at({}), end }).drain).toBeUndefined();
    expect(noteDrain({ ...node, phase: 'Suspect' }, undefined, { ...at({}), end })).toBe(node.memory);
  });
});

describe('what is said of a drain', () => {
  const refusal: Finding = { reason: 'StillHasRooms', message: 'm-0 has 1 room.', node: 'm-0' };
  const said = (spec: Partial<ClusterSpec>, since: number | undefined, drain?: DrainNote) =>
    drainFinding(drained(since, drain === undefined ? {} : { drain }), refusal, at(spec));

  test('is what holds it, as long as it is not late', () => {
    expect(said(evict, wallMs, {})).toBe(refusal);
  });

  test.each<readonly [claim: string, found: Finding, message: string]>([
    [
      'late against what was to be expected',
      said({}, wallMs, { dueMs: wallMs - 1, late: true }),
      'The drain of m-0 takes longer than was to be expected when it began. m-0 has 1 room.',
    ],
    [
      'late against the deadline',
      said(wait, wallMs - minutes(30), { late: true }),
      'The drain of m-0 takes longer than spec.drain.deadline allows; it goes on waiting, because onDeadline is Wait. m-0 has 1 room.',
    ],
    [
      'near its end',
      said(evict, wallMs - minutes(25), { warned: 'AtSight', warnedMs: nowMs }),
      'm-0 will be removed at 2026-03-01T12:05:00Z with what is then on it, now 4 participants in 1 room, because spec.drain.deadline is over then.',
    ],
    [
      'past its end at first sight',
      said(evict, wallMs - minutes(90), { warned: 'OneMinute', warnedMs: nowMs }),
      'm-0 will be removed at 2026-03-01T12:01:00Z with what is then on it, now 4 participants in 1 room, because spec.drain.deadline is over then.',
    ],
    [
      'without a deadline although one is set',
      said(evict, undefined, {}),
      'm-0 has 1 room. Its drain has no deadline, because its Pod does not say since when it drains.',
    ],
  ])('is the sentence for one that is %s', (_, found, message) => {
    expect(found.message).toBe(message);
  });

  test('is the endless ingest before the lateness that it causes', () => {
    const ingest: Finding = { reason: 'IngestContinues', message: 'x', node: 'm-0' };
    const node = drained(wallMs, { drain: { dueMs: 0, late: true } });
    expect(drainFinding(node, ingest, at({}))).toBe(ingest);
  });
});

describe('an eviction', () => {
  const announced: DrainNote = { warned: 'OneMinute', warnedMs: nowMs - minutes(1) };
  const over = (changes: NodeChanges = {}, drain = announced) =>
    drained(wallMs - minutes(30), { ...changes, drain });

  test('has all that its receipt needs', () => {
    const companions = [{ name: 'egress', active: 1 }];
    const memory = { closing: { atMs: wallMs - minutes(29), rooms: 3, participants: 11 } };
    const node = over({ memory, metrics: ownWord('m-0', { companions }) });
    expect(evictionOf(node, at(evict))).toEqual({
      kind: 'EvictNode',
      pod: { name: 'm-0', uid: 'uid-m-0', resourceVersion: '7' },
      nodeId: 'ND_m-0',
      rooms: 1,
      participants: 4,
      eviction: {
        closing: {
          by: 'Person',
          why: 'ana: new kernel',
          askedAtMs: wallMs - minutes(30),
          closedAtMs: wallMs - minutes(29),
          rooms: 3,
          participants: 11,
        },
        deadlineMs: wallMs,
        tookMs: minutes(30),
        companions,
      },
      because: 'spec.drain.deadline is over and onDeadline is Evict. ana: new kernel',
    } satisfies Action);
  });

  test.each<readonly [claim: string, node: ReturnType<typeof over>, spec: Partial<ClusterSpec>]>([
    ['before the deadline', drained(wallMs - minutes(30) + 1, { drain: announced }), evict],
    ['without a deadline', over(), { onDrainDeadline: 'Evict' }],
    ['where the policy is to wait', over(), wait],
    ['of a wish that does not say since when', drained(undefined, { drain: announced }), evict],
    ['that was not announced', over({}, {}), evict],
    [
      'that was announced less than a minute ago',
      over({}, { ...announced, warnedMs: nowMs - 59_999 }),
      evict,
    ],
    ['of a node that is silent', over({ entry: { ageMs: 6001 } }), evict],
    ['of a node of which no heartbeat was seen', over({ entry: { heartbeatsSeen: 0 } }), evict],
    ['of a node that is not registered', over({ entry: undefined }), evict],
  ])('%s is none', (_, node, spec) => {
    expect(evictionOf(node, at(spec))).toBeUndefined();
  });
});

describe('in the course of time', () => {
  const [first, second] = ['c-media-0', 'c-media-1'] as const;

  /** Two busy nodes, and the second is drained from the beginning. */
  function draining(spec: Partial<ClusterSpec>, changes: Partial<CordonWish> = {}): Story {
    return new Story({ spec: aSpec({ minNodes: 1, ...spec }), nodes: 2 })
      .at(1)
      .load(first, 9)
      .load(second, 7)
      .change(second, { cordonWish: wish(changes) });
  }

  function toldBetween(story: Story, fromS: number, untilS: number): readonly string[] {
    const events: string[] = [];
    for (let atS = fromS + 1; atS <= untilS; atS += 1) {
      const before = story.decision;
      const findings = transitions(before, story.at(atS).decision);
      events.push(...findings.map(({ reason }) => `${atS / 60} ${reason}`));
    }
    return events.filter((event) => /Evict|Late|Ingest|Lost/.test(event));
  }

  test('ten minutes before, one minute before, and then its rooms are cut and its entry goes at once', () => {
    const story = draining(evict).at(2);
    expect(toldBetween(story, 2, 1799)).toEqual(['20 EvictionNear', '29 EvictionNear']);
    expect(story.deeds('EvictNode')).toEqual([]);
    expect(toldBetween(story, 1799, 1860)).toEqual([]);
    expect(
      story.done.filter(({ action }) => ['EvictNode', 'RemoveGhost'].includes(action.kind)),
    ).toMatchObject([
      { atS: 1800, action: { kind: 'EvictNode', participants: 7, rooms: 1 } },
      { atS: 1801, action: { kind: 'RemoveGhost', nodeId: 'ND_2' } },
    ]);
  });

  test('a node that becomes empty in time leaves by its proofs', () => {
    const story = draining(evict).at(1750).load(second, 0).at(1900);
    expect(story.deeds('EvictNode', 'RemoveNode').at(-1)).toBe('RemoveNode c-media-1');
    expect(story.deeds('EvictNode')).toEqual([]);
  });

  test('a deadline that was over long ago is announced for a minute first, by a new operator anew', () => {
    const story = draining(evict, { sinceMs: wallMs - minutes(600) })
      .at(50)
      .restart()
      .at(70);
    expect(story.deeds('EvictNode')).toEqual([]);
    expect(story.at(125).deeds('EvictNode')).toEqual(['EvictNode c-media-1']);
  });

  test('a new operator tells at sight what is about to be cut, although nothing has changed', () => {
    const story = draining(evict).at(1500).restart().at(1501);
    expect(transitions(undefined, story.decision).map(({ reason }) => reason)).toEqual(['EvictionNear']);
  });

  test.each<readonly [claim: string, tell: (story: Story) => Story]>([
    ['while Redis cannot be read', (story) => story.redis(false)],
    ['while it is silent', (story) => story.silence(second)],
    ['while several nodes are silent', (story) => story.silence(first, second)],
    ['that is protected', (story) => story.change(second, { protected: true })],
    ['whose wish was taken back', (story) => story.change(second, { cordonWish: undefined })],
    ['where the policy was changed', (story) => story.respec({ onDrainDeadline: 'Wait' })],
  ])('nobody is evicted %s', (_, tell) => {
    expect(tell(draining(evict).at(1790)).at(2400).deeds('EvictNode')).toEqual([]);
  });

  test('nobody is evicted sooner because somebody sets the clock ahead, nor never because it is set back for a while', () => {
    const ahead = draining(evict)
      .at(600)
      .setClock(3 * 3_600_000)
      .at(1799);
    expect(ahead.deeds('EvictNode')).toEqual([]);
    expect(ahead.at(1801).deeds('EvictNode')).toEqual(['EvictNode c-media-1']);
    const back = draining(evict).at(600).setClock(-3_600_000).at(2400).setClock(0);
    expect(back.deeds('EvictNode')).toEqual([]);
    expect(back.at(2470).deeds('EvictNode')).toEqual(['EvictNode c-media-1']);
  });

  test('no more are evicted at once than may leave at once', () => {
    const spec = aSpec({ ...evict, maxConcurrentLeaving: 1 });
    const story = new Story({ spec, nodes: 3 }).at(1);
    for (const name of [first, second, 'c-media-2']) story.load(name, 5);
    for (const name of [second, 'c-media-2']) story.change(name, { cordonWish: wish() });
    story.at(1810);
    const evictions = story.done.filter(({ action }) => action.kind === 'EvictNode');
    expect(evictions.map(({ atS }) => atS)).toEqual([1800, 1801]);
  });

  test('the last open node is not evicted, because new rooms would fail', () => {
    const spec = aSpec({ ...evict, maxNodes: 1 });
    const story = new Story({ spec, nodes: 1 }).at(1).load(first, 5).change(first, { cordonWish: wish() });
    expect(story.at(2400).deeds('EvictNode')).toEqual([]);
    expect(story.refusals()).toContain('PlacementNotSteered');
  });

  test('where the policy is to wait it is told once that the deadline is over, and nobody is cut', () => {
    const story = draining(wait).at(2);
    expect(toldBetween(story, 2, 3000)).toEqual(['30 DrainLate']);
    expect(story.deeds('EvictNode')).toEqual([]);
    expect(story.decision.nodes[1]?.finding?.reason).toBe('DrainLate');
  });

  test('its expected end is told with the node, likely and latest', () => {
    const story = draining({}).at(60);
    const [stays, leaves] = story.decision.nodes;
    expect(stays?.end).toBeUndefined();
    expect(leaves?.end?.expectedInS).toBeGreaterThan(0);
    expect(leaves?.end?.latestInS ?? Infinity).toBeGreaterThan(leaves?.end?.expectedInS ?? Infinity);
  });
});
