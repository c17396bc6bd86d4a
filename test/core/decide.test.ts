/** Stories: what a fleet does in the course of time. */
import { describe, expect, test } from '@jest/globals';
import type { ClusterSpec, ScalingRules, Schedule } from '../../src/core/spec.ts';
import { Story } from '../support/story.ts';
import { aSpec } from '../support/builders.ts';
import type { ReasonCode } from '../../src/core/reasons.ts';

const first = 'c-media-0';
const second = 'c-media-1';
const third = 'c-media-2';
/** Its size follows from the load alone. */
const spreading = aSpec({ placement: { ...aSpec().placement, strategy: 'Spread' } });

describe('growth', () => {
  test('an empty cluster gets its minimum at once', () => {
    const story = new Story({ spec: aSpec({ minNodes: 2 }), nodes: 0 }).at(0);
    expect(story.deeds()).toEqual([`CreatePod ${first}`, `CreatePod ${second}`]);
    expect(story.at(30).states()).toEqual(['Serving', 'Standby']);
  });

  test('a node is launched before the last slot is taken, and only one', () => {
    const story = new Story({ spec: aSpec(), nodes: 1 }).at(20).load(first, 71).at(40);
    expect(story.deeds('CreatePod')).toEqual([`CreatePod ${second}`]);
    expect(story.decision.because.reason).toBe('LoadRequiresNodes');
  });

  test('a standby node is taken back into service rather than another one launched', () => {
    const spec = aSpec({ scaleDown: { stabilizationMs: 0, selectPolicy: 'Max', policies: [] } });
    const story = new Story({ spec, nodes: 2 }).at(1).load(first, 30).load(second, 5).at(15);
    expect(story.state(second)).toBe('Standby');
    story.load(first, 80).at(17);
    expect(story.state(second)).toBe('Serving');
    expect(story.deeds('CreatePod')).toEqual([]);
  });

  test('one room larger than a node asks for as many nodes as its people need', () => {
    const story = new Story({ spec: aSpec(), nodes: 1 }).at(1).load(first, 210).at(40);
    expect(story.decision.desired).toBe(3);
    expect(story.decision.nodes).toHaveLength(3);
  });
});

describe('shrinking', () => {
  test('a node stands by for a minute before it is let go, however idle the fleet is', () => {
    const story = new Story({ spec: aSpec(), nodes: 2 }).at(60);
    expect(story.states()).toEqual(['Serving', 'Standby']);
    expect([story.deeds(), story.decision.desired]).toEqual([[], 2]);
    expect(story.at(65).decision.desired).toBe(1);
  });

  test('an idle surplus node is closed, taken out of the Service, proven empty twice and only then removed', () => {
    const story = new Story({ spec: aSpec(), nodes: 2 }).at(90);
    const deeds = story.done.filter(({ action }) => action.kind !== 'CreatePod');
    expect(story.deeds()).toEqual([`SetInService ${second} out`, `RemoveNode ${second}`]);
    const removed = deeds.find(({ action }) => action.kind === 'RemoveNode')?.action;
    const proofs = removed?.kind === 'RemoveNode' ? removed.evidence.proofs : [];
    expect(proofs).toHaveLength(2);
    expect((proofs[1]?.atMs ?? 0) - (proofs[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(2000);
    expect(story.names).toEqual([first]);
  });

  test.each<readonly [claim: string, spec: ClusterSpec]>([
    ['that the governor lets become empty', aSpec()],
    ['that is surplus by the number that somebody set', aSpec({ mode: 'External', replicas: 1 })],
    ['that is surplus by the load', spreading],
  ])('a closed node with people waits for as long as they stay: one %s', (_, spec) => {
    const story = new Story({ spec, nodes: 2 }).at(1).load(first, 9).load(second, 3).at(2, 'h');
    expect(story.state(second)).toBe('Standby');
    expect(story.deeds('RemoveNode')).toEqual([]);
    expect(story.load(second, 0).at(125, 'min').deeds('RemoveNode')).toEqual([`RemoveNode ${second}`]);
  });

  test('no removal happens while the node itself tells of people', () => {
    const story = new Story({ spec: aSpec(), nodes: 2 }).claims(second, 1).at(120);
    expect(story.deeds('RemoveNode')).toEqual([]);
    expect(story.refusals()).toContain('EvidenceContradicts');
    expect(story.claims(second, undefined).at(180).deeds('RemoveNode')).toEqual([`RemoveNode ${second}`]);
  });

  test('no removal happens while a recording runs', () => {
    const story = new Story({ spec: aSpec(), nodes: 2 }).companion(second, 1).at(120);
    expect(story.deeds('RemoveNode')).toEqual([]);
    expect(story.refusals()).toContain('CompanionBusy');
  });

  test('no removal happens while the node does not answer', () => {
    const story = new Story({ spec: aSpec(), nodes: 2 }).mute(second).at(120);
    expect(story.deeds('RemoveNode')).toEqual([]);
    expect(story.refusals()).toContain('EvidenceMissing');
  });

  test('a protected node stays, empty or not', () => {
    const story = new Story({ spec: aSpec({ minNodes: 1 }), nodes: 1 }).change(first, { protected: true });
    story
      .at(10)
      .change(first, {
        cordonWish: {
          by: 'Person' as const,
          why: 'ana: new kernel',
          sinceMs: undefined,
          leaveWhenEmpty: true,
        },
      })
      .at(120);
    expect(story.deeds('RemoveNode')).toEqual([]);
    expect(story.refusals()).toContain('Protected');
  });

  test('a fleet of ten with no load becomes one, never more than two at a time on their way out', () => {
    const story = new Story({ spec: aSpec(), nodes: 10 });
    for (let atS = 1; atS <= 200; atS += 1) {
      story.at(atS);
      expect(story.states().filter((state) => state === 'Leaving').length).toBeLessThanOrEqual(2);
      expect(story.states().filter((state) => state === 'Serving')).toHaveLength(1);
    }
    expect(story.names).toHaveLength(1);
  });
});

describe('a known peak', () => {
  // The story begins at 12:00 UTC.
  const rush: Schedule = {
    name: 'rush',
    timeZone: 'UTC',
    start: '30 12 * * *',
    durationMs: 3_600_000,
    minNodes: 4,
  };
  const window: ScalingRules = { stabilizationMs: 300_000, selectPolicy: 'Max', policies: [] };

  test('finds its nodes ready when it begins, and none were launched long before', () => {
    const story = new Story({ spec: aSpec({ schedules: [rush] }), nodes: 1, launchMs: 60_000 });
    expect(story.at(25, 'min').names).toHaveLength(1);
    expect(story.at(30, 'min').states()).not.toContain('Launching');
    expect(story.names).toHaveLength(4);
    expect(story.decision.because).toEqual({
      reason: 'ScheduleRequiresNodes',
      message: 'Schedule rush keeps 4 until 13:30 UTC.',
    });
    const launched = story.done.flatMap(({ action }) =>
      action.kind === 'CreatePod' ? [action.because] : [],
    );
    expect(new Set(launched)).toEqual(new Set(['Schedule rush keeps 4 until 13:30 UTC.']));
  });

  test('leads down by the ordinary rules: after their window, and never a node with a room', () => {
    const story = new Story({ spec: aSpec({ schedules: [rush], scaleDown: window }), nodes: 1 });
    story.at(40, 'min').load('c-media-3', 5).at(94, 'min');
    expect(story.decision.desired).toBe(4);
    expect(story.decision.because.reason).toBe('Stabilizing');
    expect(story.at(100, 'min').names).toEqual(['c-media-3']);
  });
});

describe('trouble', () => {
  test('nothing is done while Redis cannot be read, and life goes on when it can be', () => {
    const story = new Story({ spec: aSpec(), nodes: 3 }).at(2).redis(false).at(300);
    const before = story.done.length;
    expect(story.refusals()).toEqual(['RedisUnavailable']);
    expect(story.decision.desired).toBe(3);
    expect(story.at(301).done).toHaveLength(before);
    expect(story.redis(true).at(400).names).toEqual([first]);
  });

  test('a fleet is watched anew for 10 s after an outage of Redis before it may become smaller', () => {
    const story = new Story({ spec: spreading, nodes: 3 }).redis(false).at(1, 'h').redis(true).at(3605);
    expect([story.decision.desired, story.decision.limitedBy?.reason]).toEqual([3, 'ColdStart']);
    expect(story.at(3615).decision.desired).toBe(1);
  });

  test('the governor waits for a minute of emptiness after an outage, too, and meanwhile opens more nodes', () => {
    const story = new Story({ spec: aSpec(), nodes: 3 }).redis(false).at(1, 'h').redis(true).at(3630);
    expect([story.decision.desired, story.deeds()]).toEqual([3, []]);
    expect(story.states().filter((state) => state === 'Serving').length).toBeGreaterThanOrEqual(1);
    expect(story.at(3720).names).toHaveLength(1);
  });

  test('proofs from before an outage of Redis count for nothing after it', () => {
    const story = new Story({ spec: spreading, nodes: 2 }).companion(second, 1).at(30);
    story.companion(second, 0).at(32).redis(false).at(40);
    const removedBefore = story.deeds('RemoveNode');
    expect(removedBefore).toEqual([]);
    story.redis(true).at(41);
    expect(story.deeds('RemoveNode')).toEqual([]);
    expect(story.at(60).deeds('RemoveNode')).toEqual([`RemoveNode ${second}`]);
  });

  test('several nodes that fall silent together stop removals and launches until they report again', () => {
    const story = new Story({ spec: aSpec(), nodes: 4 }).at(1).load(first, 50);
    for (const name of [second, third, 'c-media-3']) story.load(name, 40);
    story.at(20).silence(second, third).at(200);
    expect(story.refusals()).toEqual(['HeartbeatsStopped']);
    expect(story.deeds('CreatePod', 'RemoveNode', 'RemoveGhost')).toEqual([]);
    expect(story.speak(second, third).at(210).refusals()).not.toContain('HeartbeatsStopped');
  });

  test('nodes that die with their machine are replaced, because nodes elsewhere still report', () => {
    const spec = aSpec({ minNodes: 4 });
    const story = new Story({ spec, nodes: 4 })
      .change(second, { kubeNode: 'w-2' })
      .change(third, { kubeNode: 'w-2' });
    story.at(20).silence(second, third).at(80);
    expect(story.deeds()).toEqual(['CreatePod c-media-4', 'CreatePod c-media-5']);
  });

  test('a single silent node is replaced as capacity after a while, and is never removed', () => {
    const story = new Story({ spec: aSpec({ minNodes: 2 }), nodes: 2 })
      .at(1)
      .load(first, 60)
      .load(second, 60);
    story.at(20).silence(second).at(80);
    expect(story.state(second)).toBe('Suspect');
    expect(story.deeds()).toEqual([`CreatePod ${third}`]);
    expect(story.speak(second).at(90).state(second)).not.toBe('Suspect');
  });

  test('a vanished Pod is replaced at once and its registry entry goes, its and no other', () => {
    const story = new Story({ spec: aSpec({ minNodes: 2 }), nodes: 2 }).at(1).load(second, 12).at(20);
    story.vanish(second).at(21);
    expect(story.deeds('CreatePod')).toEqual([`CreatePod ${second}`]);
    expect(story.at(60).deeds('RemoveGhost')).toEqual(['RemoveGhost ND_2']);
    expect(story.states()).toEqual(['Serving', 'Standby']);
  });

  test('a Pod that takes the name of one that vanished begins a life of its own', () => {
    const story = new Story({ spec: aSpec({ minNodes: 3 }), nodes: 3, launchMs: 60_000 }).at(20);
    story.vanish(second).vanish(third).at(23);
    expect(story.states()).toEqual(['Serving', 'Launching', 'Launching']);
    expect(story.at(70).deeds('CreatePod')).toHaveLength(2);
    expect(story.at(120).states()).toEqual(['Serving', 'Standby', 'Standby']);
  });

  test('the entry of a node that was silent for long before its Pod vanished is removed, too', () => {
    const story = new Story({ spec: aSpec({ minNodes: 2 }), nodes: 2 }).at(20).silence(second).at(320);
    story.vanish(second).at(330);
    expect(story.deeds('RemoveGhost')).toEqual(['RemoveGhost ND_2']);
  });

  test('launches that hang do not hold up the rest', () => {
    const spec = aSpec({ minNodes: 3 });
    const story = new Story({ spec, nodes: 1, launchesWork: false }).at(1).mute(second).mute(third).at(310);
    expect(story.refusals()).not.toContain('HeartbeatsStopped');
    expect(story.load(first, 10).launches(true).at(340).states()).not.toContain('Launching');
  });

  test('launched servers that never register are removed and tried again at growing intervals', () => {
    const spec = aSpec({ startupDeadlineMs: 30_000 });
    const story = new Story({ spec, nodes: 1, launchesWork: false }).at(1).load(first, 80).at(10, 'min');
    const removals = story.done.filter(({ action }) => action.kind === 'RemoveFailed').map(({ atS }) => atS);
    const gaps = removals.slice(1).map((atS, at) => atS - (removals[at] ?? 0));
    expect(removals.length).toBeGreaterThan(3);
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
    expect(story.decision.nodes.length).toBeLessThanOrEqual(2);
    const states = story.launches(true).at(20, 'min').states();
    expect(new Set(states)).toEqual(new Set(['Serving', 'Standby']));
  });

  test('a launch that failed is one failure, however often its removal has to be asked for', () => {
    const spec = aSpec({ startupDeadlineMs: 30_000, minNodes: 2 });
    const story = new Story({ spec, nodes: 1, launchesWork: false }).at(1).stick(second).at(60);
    expect(story.deeds('RemoveFailed').length).toBeGreaterThan(10);
    expect(story.decision.memory.failures?.count).toBe(1);
  });

  test('many nodes that lose their people at once are kept for the wave of returns', () => {
    const story = new Story({ spec: aSpec(), nodes: 4 }).at(1);
    const names = [first, second, third, 'c-media-3'];
    for (const name of names) story.load(name, 60);
    story.at(60);
    for (const name of names) story.load(name, 0);
    story.at(20, 'min');
    expect(story.deeds('RemoveNode')).toEqual([]);
    expect(story.refusals()).toContain('LoadDropped');
    expect(story.at(40, 'min').names).toEqual([first]);
  });

  test('a fleet that is being deleted goes all the same when its people leave together', () => {
    const story = new Story({ spec: aSpec(), nodes: 4 }).at(1);
    const names = [first, second, third, 'c-media-3'];
    for (const name of names) story.load(name, 60);
    story.at(60).respec({ deleting: true }).at(70);
    for (const name of names) story.clear(name);
    expect(story.at(120).names).toEqual([]);
    expect(story.deeds('RemoveNode')).toHaveLength(4);
  });

  test('an idle node that is not Ready when an operator begins after an outage of Redis is kept', () => {
    const spec = aSpec({ startupDeadlineMs: 60_000 });
    const story = new Story({ spec, nodes: 1 }).at(10, 'min').redis(false).failProbes(first).at(630);
    story.restart().at(640).redis(true).at(645).failProbes(first, false);
    story.at(15, 'min');
    expect(story.deeds('RemoveFailed', 'RemoveNode', 'CreatePod')).toEqual([]);
    expect(story.states()).not.toContain('Failed');
  });
});

describe('people and modes', () => {
  test('a node that a person cordons keeps its rooms, is replaced, and is not removed', () => {
    const wish = { by: 'Person' as const, why: 'ana: looks odd', sinceMs: undefined, leaveWhenEmpty: false };
    const story = new Story({ spec: aSpec({ minNodes: 2 }), nodes: 2 })
      .at(5)
      .change(second, { cordonWish: wish });
    expect(story.at(60).states()).toEqual(['Serving', 'Cordoned', 'Standby']);
    expect(story.deeds()).toEqual([`CreatePod ${third}`]);
    story.change(second, { cordonWish: undefined }).at(180);
    expect(story.names).toHaveLength(2);
  });

  test('a node that a person drains leaves once it is empty', () => {
    const wish = { by: 'Person' as const, why: 'ana: new kernel', sinceMs: undefined, leaveWhenEmpty: true };
    const story = new Story({ spec: aSpec({ minNodes: 2 }), nodes: 2 }).at(1).load(second, 4).at(5);
    story.change(second, { cordonWish: wish }).at(100);
    expect(story.deeds('RemoveNode')).toEqual([]);
    expect(story.load(second, 0).at(130).deeds('RemoveNode')).toEqual([`RemoveNode ${second}`]);
    expect(story.states()).toEqual(['Serving', 'Standby']);
  });

  test('a cordon of the only node takes effect when its replacement serves', () => {
    const wish = { by: 'Person' as const, why: 'ana: new kernel', sinceMs: undefined, leaveWhenEmpty: false };
    const story = new Story({ spec: aSpec(), nodes: 1 }).at(5).change(first, { cordonWish: wish }).at(10);
    expect(story.refusals()).toContain('PlacementNotSteered');
    expect(story.decision.steering?.open).toEqual(['ND_1']);
    expect(story.at(60).states()).toEqual(['Cordoned', 'Serving']);
  });

  test.each<readonly [strategy: string, spec: ClusterSpec, heldBy: ReasonCode | undefined, goneS: number]>([
    ['Spread', spreading, 'ColdStart', 140],
    ['Packed', aSpec(), undefined, 200],
  ])('an operator that restarts launches and removes nothing at once (%s)', (_, spec, heldBy, goneS) => {
    const story = new Story({ spec, nodes: 3 }).at(1).load(first, 60).load(second, 60).load(third, 60);
    story.at(100).load(third, 0).load(second, 0);
    const before = story.done.length;
    story.restart().at(108);
    expect(story.done).toHaveLength(before);
    expect([story.decision.desired, story.decision.limitedBy?.reason]).toEqual([3, heldBy]);
    expect(story.at(goneS).deeds('RemoveNode')).toHaveLength(2);
  });

  test('an operator that restarts steers from its first pass on, and changes its mind no more than before', () => {
    const story = new Story({ spec: aSpec({ minNodes: 3 }), nodes: 3 })
      .at(1)
      .load(first, 60)
      .load(second, 30);
    story.load(third, 5).at(400).restart();
    const steered = new Set<string>();
    for (let atS = 401; atS < 700; atS += 1) steered.add(story.at(atS).states().join());
    expect([...steered].flatMap((states) => states.match(/Serving/gu) ?? [])).toEqual(['Serving']);
  });

  test('in mode External the number of replicas is followed, by the same proofs', () => {
    const story = new Story({ spec: aSpec({ mode: 'External', replicas: 3 }), nodes: 1 }).at(40);
    expect(story.names).toHaveLength(3);
    expect(story.decision.because.reason).toBe('ReplicasRequested');
    story.load(third, 2).respec({ replicas: 1 }).at(120);
    expect(story.names).toEqual([third]);
  });

  test.each(['DryRun', 'Paused'] as const)('in mode %s nothing is done', (mode) => {
    const story = new Story({ spec: aSpec({ mode, minNodes: 2 }), nodes: 1 }).at(1).load(first, 100).at(60);
    expect(story.done).toEqual([]);
    expect(story.refusals()).toContain(mode);
  });

  test('in mode DryRun what would be wanted is told', () => {
    const story = new Story({ spec: aSpec({ mode: 'DryRun' }), nodes: 1 }).at(1).load(first, 100).at(60);
    expect(story.decision.desired).toBe(2);
    expect(story.decision.steering).toEqual({ open: [], closed: [] });
  });

  test('in mode Paused what a person cordoned stays closed', () => {
    const wish = { by: 'Person' as const, why: 'ana', sinceMs: undefined, leaveWhenEmpty: false };
    const story = new Story({ spec: aSpec({ mode: 'Paused' }), nodes: 2 }).change(second, {
      cordonWish: wish,
    });
    expect(story.at(5).decision.steering).toEqual({ closed: ['ND_2'], open: ['ND_1'] });
  });
});
