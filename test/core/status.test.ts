import { describe, expect, test } from '@jest/globals';
import type { Decision } from '../../src/core/decision.ts';
import { undecided } from '../../src/core/hold.ts';
import type { Finding, ReasonCode } from '../../src/core/reasons.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { type StatusInput, statusOf } from '../../src/core/status.ts';
import { Story } from '../support/story.ts';
import { aNode, aSpec } from '../support/builders.ts';

const nowIso = '2026-03-01T12:00:00Z';
const laterIso = '2026-03-01T12:30:00Z';
const first = 'c-media-0';
const second = 'c-media-1';

const status = (decision: Decision, changes: Partial<StatusInput> = {}) =>
  statusOf({
    clusterName: 'c',
    generation: 3,
    spec: aSpec(),
    problems: [],
    notYetEffective: [],
    decision,
    previous: undefined,
    nowIso,
    ...changes,
  });

const calm = () =>
  new Story({ spec: aSpec({ minNodes: 2 }), nodes: 2 }).at(1).load(first, 30).load(second, 12).at(60);

function condition(decision: Decision, type: string, changes: Partial<StatusInput> = {}) {
  const found = status(decision, changes).conditions?.find((item) => item.type === type);
  return [found?.status, found?.reason];
}

const refused = (reason: ReasonCode): Decision => {
  const finding: Finding = { reason, message: 'So it is.' };
  return { ...calm().decision, refusals: [finding] };
};

describe('the status', () => {
  test('tells sizes, load and nodes', () => {
    expect(status(calm().decision)).toMatchObject({
      observedGeneration: 3,
      desiredNodes: 2,
      readyNodes: 2,
      servingNodes: 1,
      standbyNodes: 1,
      replicas: 2,
      rooms: 2,
      participants: 42,
      utilizationPercent: 21,
      freeSlots: 60,
      selector: 'openvidu.io/cluster=c,openvidu.io/component=media-node',
      lastDecision: { time: nowIso, desired: 2, reason: 'RoomsHoldNodes' },
      nodes: [
        { name: first, nodeId: 'ND_1', state: 'Serving', rooms: 1, participants: 30, kubeNode: 'worker-1' },
        { name: second, state: 'Standby', participants: 12 },
      ],
    });
  });

  test('is the same half an hour later when nothing has changed', () => {
    const story = calm();
    const before = status(story.decision);
    const after = status(story.at(30, 'min').decision, { previous: before, nowIso: laterIso });
    expect(after).toEqual(before);
  });

  test('keeps the version of the servers while nobody can tell it', () => {
    const before = status(calm().decision, { serverVersion: '1.13.5' });
    expect(before.serverVersion).toBe('1.13.5');
    expect(status(calm().decision, { previous: before }).serverVersion).toBe('1.13.5');
    expect(status(calm().decision)).not.toHaveProperty('serverVersion');
  });

  test('dates a decision when its size or reason changes, and only the conditions that change', () => {
    const story = calm();
    const before = status(story.decision);
    const after = status(story.load(first, 300).at(62).decision, { previous: before, nowIso: laterIso });
    expect(after.lastDecision).toMatchObject({ time: laterIso, reason: 'LoadRequiresNodes' });
    const times = Object.fromEntries(
      (after.conditions ?? []).map((item) => [item.type, item.lastTransitionTime]),
    );
    expect(times).toMatchObject({ Progressing: laterIso, DataFresh: nowIso, Ready: nowIso });
  });

  test('leaves the load of a node that is lent to a load test out of that of the fleet', () => {
    const lent = calm().change(second, { underTest: 'rooms', protected: true }).at(61);
    expect(status(lent.decision)).toMatchObject({
      readyNodes: 2,
      rooms: 1,
      participants: 30,
      utilizationPercent: 30,
    });
  });

  test('counts every state, silent nodes with the failed ones', () => {
    const states = ['Launching', 'Serving', 'Standby', 'Cordoned', 'Leaving', 'Failed', 'Suspect'] as const;
    const nodes = states.map((state, at) => ({ node: aNode(`m-${at}`), state, finding: undefined }));
    expect(status({ ...calm().decision, nodes })).toMatchObject({
      readyNodes: 3,
      servingNodes: 1,
      standbyNodes: 1,
      cordonedNodes: 1,
      launchingNodes: 1,
      leavingNodes: 1,
      failedNodes: 2,
      replicas: 7,
    });
  });

  test('tells why a node may not leave yet', () => {
    const spec = aSpec({ mode: 'External', replicas: 1 });
    const story = new Story({ spec, nodes: 2 }).at(1).load(first, 9).load(second, 3).at(60);
    expect(status(story.decision).nodes?.[1]).toMatchObject({
      state: 'Standby',
      reason: 'StillHasRooms',
    });
  });

  test('of a fleet without capacity divides by nothing', () => {
    const nothing = undecided(1, { reason: 'SpecInvalid', message: 'x' }, 0);
    expect(status(nothing)).toMatchObject({ utilizationPercent: 0, freeSlots: 0, nodes: [] });
  });

  test('lists no more nodes than the schema allows', () => {
    const nodes = Array.from({ length: 1200 }, (_, at) => ({
      node: aNode(`m-${at}`),
      state: 'Serving' as const,
      finding: undefined,
    }));
    const told = status({ ...calm().decision, nodes });
    expect([told.nodes?.length, told.replicas]).toEqual([1000, 1200]);
  });
});

describe('two passes a second apart in the same situation', () => {
  const names = [first, second, 'c-media-2', 'c-media-3'];
  const dropped = () => {
    const story = new Story({ spec: aSpec(), nodes: 4 }).at(1);
    for (const name of names) story.load(name, 60);
    story.at(60);
    for (const name of names) story.load(name, 0);
    return story;
  };
  const peak = { name: 'rush', timeZone: 'UTC', start: '0 12 * * *', durationMs: 3_600_000, minNodes: 3 };
  const known = aSpec({ maxNodes: 3, schedules: [peak] });
  const calmSpread = aSpec({ placement: { ...aSpec().placement, strategy: 'Spread' } });
  const failing = aSpec({ startupDeadlineMs: 20_000 });

  const tells = ({ decision }: Story, reason: ReasonCode): boolean =>
    [decision.because, decision.limitedBy, ...decision.refusals].some(
      (finding) => finding?.reason === reason,
    );

  test.each<readonly [situation: string, reason: ReasonCode, story: Story, fromS: number]>([
    ['Redis away', 'RedisUnavailable', calm().redis(false), 61],
    ['a cold start', 'ColdStart', new Story({ spec: calmSpread, nodes: 3 }), 1],
    ['launches that fail', 'LaunchBackoff', new Story({ spec: failing, nodes: 0, launchesWork: false }), 60],
    ['a drop of load', 'LoadDropped', dropped(), 61],
    ['two silent nodes', 'HeartbeatsStopped', calm().silence(first, second), 61],
    ['a known peak', 'ScheduleRequiresNodes', new Story({ spec: known, nodes: 1 }), 1],
  ])('give the same status: %s', (_, reason, story, fromS) => {
    let atS = fromS;
    while (!(tells(story.at(atS), reason) && tells(story.at(atS + 1), reason))) {
      atS += 2;
      expect(atS).toBeLessThan(1200);
    }
    // Numbers and states have settled by then; what remains is what time alone would change.
    const before = status(story.at(atS + 2).decision);
    const after = status(story.at(atS + 3).decision, { previous: before, nowIso: laterIso });
    expect(after).toEqual(before);
  });
});

describe('conditions', () => {
  test('tell what to change about the selector', () => {
    const selectorAdvice = ['Write any.', 'Write clients.'];
    const told = status(calm().decision, { selectorAdvice }).conditions ?? [];
    expect(told.find(({ type }) => type === 'SelectorSuitable')).toMatchObject({
      status: 'False',
      reason: 'SelectorAdvice',
      message: 'Write any. Write clients.',
    });
  });

  test('of a calm fleet say so', () => {
    const told = status(calm().decision).conditions ?? [];
    expect(Object.fromEntries(told.map((item) => [item.type, `${item.status} ${item.reason}`]))).toEqual({
      Ready: 'True NodesReady',
      CapacityKnown: 'True CapacityGiven',
      DataFresh: 'True DataFresh',
      ScalingActive: 'True ScalingEnforced',
      ScalingLimited: 'False WithinLimits',
      RegistryExclusive: 'True OnlyOwnNodes',
      SelectorSuitable: 'True SelectorFits',
      Updated: 'True AllUpdated',
      PlacementGoverned: 'True PlacementSteered',
      Progressing: 'False NothingChanging',
      Degraded: 'False NothingWrong',
      FieldsEffective: 'True AllFieldsEffective',
    });
  });

  test.each<readonly [type: string, expected: readonly [string, ReasonCode], refusal: ReasonCode]>([
    ['DataFresh', ['False', 'RedisUnavailable'], 'RedisUnavailable'],
    ['DataFresh', ['False', 'HeartbeatsStopped'], 'HeartbeatsStopped'],
    ['ScalingActive', ['False', 'RedisUnavailable'], 'RedisUnavailable'],
    ['ScalingActive', ['False', 'DryRun'], 'DryRun'],
    ['ScalingActive', ['False', 'Paused'], 'Paused'],
    ['PlacementGoverned', ['False', 'PlacementNotSteered'], 'RedisUnavailable'],
    ['PlacementGoverned', ['False', 'PlacementNotSteered'], 'PlacementNotSteered'],
    ['Degraded', ['True', 'LaunchesFailing'], 'LaunchFailed'],
    ['Degraded', ['True', 'LaunchesFailing'], 'LaunchBackoff'],
  ])('%s is %j after %s', (type, expected, refusal) => {
    expect(condition(refused(refusal), type)).toEqual(expected);
  });

  test('a fault in the spec stops scaling and names the field', () => {
    const problems = [{ field: 'spec.mediaNodes.max', message: 'raise it.' }];
    expect(condition(calm().decision, 'ScalingActive', { problems })).toEqual(['False', 'SpecInvalid']);
    const told = status(calm().decision, { problems }).conditions?.find(({ type }) => type === 'Degraded');
    expect(told?.message).toBe('spec.mediaNodes.max: raise it.');
  });

  test('fields without effect are named', () => {
    const told = status(calm().decision, { notYetEffective: ['spec.autoscaling.forecast'] }).conditions;
    expect(told?.find(({ type }) => type === 'FieldsEffective')).toMatchObject({
      status: 'False',
      reason: 'FieldsNotYetEffective',
      message: expect.stringContaining('spec.autoscaling.forecast'),
    });
  });

  const fewer: Partial<ClusterSpec> = { minNodes: 3 };
  test('a fleet below its minimum is not ready', () => {
    expect(condition(calm().decision, 'Ready', { spec: aSpec(fewer) })).toEqual([
      'False',
      'TooFewNodesReady',
    ]);
  });

  test('a silent node is told of', () => {
    const story = calm().silence(second).at(75);
    expect(condition(story.decision, 'Degraded')).toEqual(['True', 'MediaNodeSuspect']);
  });
});
