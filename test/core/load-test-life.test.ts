import { describe, expect, test } from '@jest/globals';
import type { LoadTestStatus } from '../../src/api/v1alpha1.gen.ts';
import { loadTestLife, type LoadTestDecision } from '../../src/core/load-test-life.ts';
import type { CoordinatorSummary, LoadTestNode, LoadTestPod } from '../../src/core/load-test-seen.ts';
import {
  nowMs,
  minuteMs,
  agoIso,
  baseSpec,
  aNode,
  aPod,
  cluster,
  done,
  result,
  searching,
  complete,
  seen,
  running,
  type Change,
} from './a-load-test.ts';

const kinds = ({ actions }: LoadTestDecision): readonly string[] => actions.map(({ kind }) => kind);
const condition = ({ status }: LoadTestDecision, type: string) =>
  status?.conditions?.find((one) => one.type === type);
const outline = (decision: LoadTestDecision) => ({
  phase: decision.status?.phase,
  actions: kinds(decision),
});

describe('a load test that begins', () => {
  test('is held by a finalizer before anything else', () => {
    expect(kinds(loadTestLife(seen({ status: undefined, hasFinalizer: false })))).toEqual(['Hold']);
  });

  test('tells that it was taken up, once', () => {
    expect(loadTestLife(seen({ status: undefined })).events.map(({ reason }) => reason)).toEqual([
      'LoadTestStarted',
    ]);
    expect(loadTestLife(seen()).events).toEqual([]);
  });

  test.each<[string, Change, string]>([
    ['the cluster does not exist', { cluster: undefined }, 'prod does not exist: create it'],
    ['the scenario does not exist', { scenario: { kind: 'Missing', message: 'Create it.' } }, 'Create it.'],
    [
      'no node is empty',
      { cluster: cluster(aNode('m-1', { rooms: 1, participants: 3 })) },
      'None of 1 ready Media Nodes is empty',
    ],
    [
      'the only node that there may be cannot be spared',
      { cluster: { ...cluster(aNode('m-1')), maxNodes: 1 } },
      'raise spec.mediaNodes.max',
    ],
    [
      'the node asked for is not there',
      { spec: { target: { ...baseSpec.target, mediaNode: 'm-9' } } },
      'has no Media Node m-9: there is m-1 and m-2',
    ],
    [
      'the node asked for is lent to another test',
      {
        spec: { target: { ...baseSpec.target, mediaNode: 'm-1' } },
        cluster: cluster(aNode('m-1', { state: 'Cordoned', cordonedBy: 'LoadTest' })),
      },
      'lent to another load test',
    ],
  ])('waits while %s, and says so', (_, change, says) => {
    const decision = loadTestLife(seen(change));
    expect(outline(decision)).toEqual({ phase: 'Pending', actions: [] });
    expect(decision.status?.message).toContain(says);
    expect(condition(decision, 'Complete')).toMatchObject({ status: 'False', reason: 'LoadTestRunning' });
  });

  test.each<[string, Change, string]>([
    [
      'its scenario is wrong',
      { scenario: { kind: 'Invalid', message: 'spec.load.mode: unknown. Give search.' } },
      'spec.load.mode: unknown. Give search.',
    ],
    [
      'the node asked for has rooms of others',
      { spec: { target: { ...baseSpec.target, mediaNode: 'm-1' } } },
      'm-1 has 12 participants in 3 rooms that the test did not make: cordon it',
    ],
    ['nodes are not steered', { cluster: { ...cluster(aNode('m-1')), mode: 'DryRun' } }, 'mode DryRun'],
    [
      'its cluster is being deleted',
      { cluster: { ...cluster(aNode('m-1')), deleting: true } },
      'is being deleted',
    ],
    ['the API server refuses what it starts', { refusal: 'limits are wrong' }, 'limits are wrong'],
    [
      'it has waited for ten minutes',
      { status: { phase: 'Pending', startTime: agoIso(11 * minuteMs), message: 'No node.' } },
      'Waited for 10 min in vain. No node.',
    ],
  ])('fails at once, with nothing started, when %s', (_, change, says) => {
    const decision = loadTestLife(seen(change));
    expect(outline(decision)).toEqual({ phase: 'Failed', actions: [] });
    expect(decision.status?.message).toContain(says);
    expect(condition(decision, 'Complete')).toMatchObject({ status: 'True', reason: 'LoadTestFailed' });
    expect(decision.events.map(({ reason }) => reason)).toContain('LoadTestFailed');
  });

  test('takes an empty node that stands by before one that serves', () => {
    const nodes = [aNode('m-1'), aNode('m-2', { state: 'Standby' }), aNode('m-3')];
    const decision = loadTestLife(seen({ cluster: cluster(...nodes) }));
    expect(decision.status?.target).toEqual({ mediaNode: 'm-2', nodeId: 'ND_m-2' });
    expect(outline(decision)).toEqual({ phase: 'Isolating', actions: [] });
  });

  test('takes a node with rooms only when it is told that it may', () => {
    const busy = aNode('m-1', { rooms: 1, participants: 3 });
    const target = { ...baseSpec.target, allowSharedTarget: true };
    const decision = loadTestLife(seen({ cluster: cluster(busy), spec: { target } }));
    expect(decision.status?.target?.mediaNode).toBe('m-1');
  });
});

describe('a chosen node', () => {
  const chosen: LoadTestStatus = {
    phase: 'Isolating',
    startTime: agoIso(minuteMs),
    target: { mediaNode: 'm-2', nodeId: 'ND_m-2' },
  };

  test('is written down with its uid before it is lent', () => {
    const decision = loadTestLife(seen({ status: chosen, pod: aPod('m-2') }));
    expect(decision).toMatchObject({ order: 'StatusFirst', actions: [{ kind: 'Lend' }] });
    expect(decision.status?.target?.uid).toBe('uid-m-2');
  });

  test('is waited for until it is closed', () => {
    const decision = loadTestLife(seen({ status: chosen, pod: aPod('m-2', 'rooms') }));
    expect(outline(decision)).toEqual({ phase: 'Isolating', actions: [] });
    expect(condition(decision, 'TargetIsolated')).toMatchObject({ status: 'False', reason: 'TargetAwaited' });
  });

  const closed = (change: Partial<LoadTestNode> = {}) =>
    cluster(aNode('m-1'), aNode('m-2', { state: 'Cordoned', cordonedBy: 'LoadTest', ...change }));

  test('is used once it is closed and empty', () => {
    const decision = loadTestLife(seen({ status: chosen, pod: aPod('m-2', 'rooms'), cluster: closed() }));
    expect(outline(decision)).toEqual({ phase: 'Provisioning', actions: ['Start'] });
    expect(condition(decision, 'TargetIsolated')).toMatchObject({ status: 'True', reason: 'TargetIsolated' });
  });

  test('is given back, and another one chosen, when a room came before it was closed', () => {
    const view = seen({
      status: chosen,
      pod: aPod('m-2', 'rooms'),
      cluster: closed({ rooms: 1, participants: 2 }),
    });
    const decision = loadTestLife(view);
    expect(outline(decision)).toEqual({ phase: 'Pending', actions: ['GiveBack'] });
    expect(decision.status).not.toHaveProperty('target');
  });

  test('that was asked for by name is given back and the test fails, when a room came', () => {
    const decision = loadTestLife(
      seen({
        status: chosen,
        pod: aPod('m-2', 'rooms'),
        cluster: closed({ rooms: 1, participants: 2 }),
        spec: { target: { ...baseSpec.target, mediaNode: 'm-2' } },
      }),
    );
    expect(outline(decision)).toEqual({ phase: 'Failed', actions: ['GiveBack'] });
  });

  test.each<[string, LoadTestPod | undefined]>([
    ['has gone', undefined],
    ['has ended', { ...aPod('m-2'), usable: false }],
    ['is lent to another test', aPod('m-2', 'other')],
  ])('is chosen anew when it %s', (_, pod) => {
    const decision = loadTestLife(seen({ status: chosen, pod }));
    expect(outline(decision)).toEqual({ phase: 'Pending', actions: [] });
    expect(decision.status).not.toHaveProperty('target');
  });
});

describe('a server by its address', () => {
  const target = {
    url: 'ws://livekit:7880',
    allowSharedTarget: false,
    credentialsSecretRef: { name: 'k', apiKeyKey: 'a', apiSecretKey: 'b' },
  };

  test('is tested without a node being closed, and that is said', () => {
    const decision = loadTestLife(seen({ spec: { target }, cluster: undefined }));
    expect(outline(decision)).toEqual({ phase: 'Provisioning', actions: ['Start'] });
    expect(condition(decision, 'TargetIsolated')).toMatchObject({
      status: 'Unknown',
      reason: 'TargetExternal',
    });
  });
});

describe('a load test under way', () => {
  test('shows what the coordinator says', () => {
    const decision = loadTestLife(running());
    expect(outline(decision)).toEqual({ phase: 'Searching', actions: [] });
    expect(decision.status?.progress?.level).toBe(4);
    expect(condition(decision, 'GeneratorsReady')).toMatchObject({
      status: 'True',
      reason: 'GeneratorsReady',
    });
  });

  test('goes on while a generator is replaced', () => {
    const progress = { ...searching, shown: { ...searching.shown, workers: 1 } };
    const decision = loadTestLife(running({ result: result({ progress }) }));
    expect(outline(decision)).toEqual({ phase: 'Searching', actions: [] });
    expect(condition(decision, 'GeneratorsReady')).toMatchObject({
      status: 'False',
      message: '1 of 2 generators are connected.',
    });
  });

  test('starts what is missing again, after the operator was restarted in between', () => {
    expect(kinds(loadTestLife(running({ workers: undefined })))).toEqual(['Start']);
    expect(
      kinds(
        loadTestLife(
          running({ coordinator: undefined, cluster: cluster(aNode('m-2', { state: 'Cordoned' })) }),
        ),
      ),
    ).toEqual(['Start']);
  });

  test.each<[string, Change, readonly string[]]>([
    ['are not made before the coordinator has an address', { workers: undefined, address: undefined }, []],
    ['are made when it has one', { workers: undefined, dialled: undefined }, ['Start']],
    ['are left alone while its Pod is replaced', { address: undefined }, []],
    ['are made anew when its new Pod has another address', { address: '10.0.0.10' }, ['EndGenerators']],
  ])('its generators %s', (_, change, actions) => {
    expect(kinds(loadTestLife(running(change)))).toEqual(actions);
  });

  test('says the words of the scheduler while its generators do not start', () => {
    const decision = loadTestLife(
      running({ result: result(), trouble: 'Unschedulable: 0/2 nodes are available' }),
    );
    expect(decision.status).toMatchObject({ phase: 'Provisioning' });
    expect(decision.status?.message).toContain('0/2 nodes are available');
  });

  test('the same look again changes nothing in the status', () => {
    const first = loadTestLife(running()).status;
    expect(first).toBeDefined();
    if (first === undefined) return;
    expect(loadTestLife(running({ status: first, nowMs: nowMs + 5000 })).status).toEqual(first);
  });
});

const stopping = (as: 'Aborted' | 'Inconclusive' | 'Failed', agoMs: number): LoadTestStatus => ({
  phase: 'Stopping',
  startTime: agoIso(10 * minuteMs),
  target: { mediaNode: 'm-2', uid: 'uid-m-2' },
  stopping: { since: agoIso(agoMs), as, message: 'because' },
});

describe('a load test ends', () => {
  test.each<[string, Change, string, readonly string[]]>([
    ['by its result: its report is awaited', { result: result({ summary: complete }) }, 'Analysing', []],
    [
      'by its result: then what still runs is ended',
      { result: result({ summary: complete }), status: stopping('Failed', 21_000) },
      'Analysing',
      ['EndJobs'],
    ],
    [
      'by its result: then its Pods are awaited',
      { result: result({ summary: complete }), coordinator: done, workers: done, podsLeft: 1 },
      'Analysing',
      [],
    ],
    [
      'by its result: last the node is given back',
      { result: result({ summary: complete }), coordinator: done, workers: done, podsLeft: 0 },
      'Succeeded',
      ['GiveBack', 'SweepRooms'],
    ],
    ['by a person: the coordinator is asked', { spec: { abort: true } }, 'Stopping', ['AskAbort']],
    [
      'by a person: at once, where nothing has begun',
      { spec: { abort: true }, result: result() },
      'Stopping',
      ['EndJobs'],
    ],
    [
      'by a person: the coordinator is given its time',
      {
        spec: { abort: true },
        status: stopping('Aborted', 10_000),
        result: result({ abortAsked: true, progress: searching }),
      },
      'Stopping',
      [],
    ],
    [
      'by a person: by force, in the end',
      {
        spec: { abort: true },
        status: stopping('Aborted', 21_000),
        result: result({ abortAsked: true, progress: searching }),
      },
      'Stopping',
      ['EndJobs'],
    ],
    [
      'by a person: Pods that hang are not waited for for ever',
      {
        spec: { abort: true },
        status: stopping('Aborted', 90_000),
        coordinator: undefined,
        workers: undefined,
      },
      'Aborted',
      ['GiveBack'],
    ],
    [
      'by a person, and keeps what was measured',
      {
        spec: { abort: true },
        coordinator: done,
        workers: done,
        podsLeft: 0,
        result: result({ summary: { outcome: 'Stopped', why: 'Stopped.', result: { outcome: 'Stopped' } } }),
      },
      'Aborted',
      ['GiveBack', 'SweepRooms'],
    ],
    [
      'by its deadline',
      { status: { phase: 'Searching', startTime: agoIso(121 * minuteMs) } },
      'Stopping',
      ['AskAbort'],
    ],
    [
      'by its deadline, as Inconclusive',
      { status: stopping('Inconclusive', 90_000), coordinator: undefined, workers: undefined, podsLeft: 0 },
      'Inconclusive',
      ['GiveBack'],
    ],
    [
      'with the loss of its coordinator',
      { coordinator: { state: 'Failed', message: 'BackoffLimitExceeded' }, workers: done, podsLeft: 0 },
      'Inconclusive',
      ['GiveBack', 'SweepRooms'],
    ],
    [
      'with its fleet, which would wait for it',
      { cluster: { ...cluster(aNode('m-2')), deleting: true } },
      'Stopping',
      ['AskAbort'],
    ],
    ['with its node', { pod: undefined }, 'Stopping', ['AskAbort']],
    [
      'with its node, when that is another Pod by now',
      { pod: { ...aPod('m-2', 'rooms'), uid: 'new' } },
      'Stopping',
      ['AskAbort'],
    ],
    [
      'as it was asked to, whatever came between',
      { status: stopping('Failed', 1000) },
      'Stopping',
      ['AskAbort'],
    ],
  ])('%s', (_, change, phase, actions) => {
    expect(outline(loadTestLife(running(change)))).toEqual({ phase, actions });
  });

  test('when its generators did not come up in five minutes, with what is to be done', () => {
    const at = agoIso(6 * minuteMs);
    const status: LoadTestStatus = {
      phase: 'Provisioning',
      startTime: at,
      message: '0 of 2 generators are connected: Unschedulable.',
      conditions: [
        {
          type: 'GeneratorsReady',
          status: 'False',
          reason: 'GeneratorsAwaited',
          message: '',
          lastTransitionTime: at,
        },
      ],
      target: { mediaNode: 'm-2', uid: 'uid-m-2' },
    };
    const decision = loadTestLife(running({ status, result: undefined }));
    expect(decision.status?.stopping).toMatchObject({ as: 'Failed' });
    expect(decision.status?.message).toMatch(/Unschedulable\. Give the cluster Kubernetes Nodes/);
  });

  test('well although its deadline came, when the result came first', () => {
    const change = { status: stopping('Inconclusive', 1000), coordinator: done, workers: done, podsLeft: 0 };
    const decision = loadTestLife(running({ ...change, result: result({ summary: complete }) }));
    expect(decision.status).toMatchObject({ phase: 'Succeeded', result: { capacity: 11 } });
    expect(decision.status?.stopping).toBeUndefined();
  });

  test('with a profile where one is asked for and the answer holds', () => {
    const publishProfile = { name: 'm6in', mode: 'Propose' } as const;
    const change = { coordinator: done, workers: done, podsLeft: 0, spec: { publishProfile } };
    const summary = { ...complete, outcome: 'Inconclusive' } as const;
    const profile = { costs: {} };
    const found = (one: CoordinatorSummary) =>
      kinds(loadTestLife(running({ ...change, result: result({ summary: one, profile }) })));
    expect(found(complete)).toContain('PublishProfile');
    expect(found(summary)).not.toContain('PublishProfile');
  });
});

describe('a load test that is over', () => {
  const over: LoadTestStatus = { phase: 'Succeeded', endTime: agoIso(10 * minuteMs) };

  test('lets its finalizer go, and after that is looked at no more', () => {
    expect(kinds(loadTestLife(seen({ status: over })))).toEqual(['Release']);
    expect(loadTestLife(seen({ status: over, hasFinalizer: false }))).toMatchObject({
      actions: [],
      status: undefined,
      againInMs: undefined,
    });
  });

  test('gives a node back that it still has', () => {
    expect(kinds(loadTestLife(seen({ status: over, pod: aPod('m-2', 'rooms') })))).toEqual([
      'GiveBack',
      'Release',
    ]);
  });

  test('is deleted when its time is over, and not before', () => {
    const at = (ttl: string) =>
      loadTestLife(seen({ status: over, hasFinalizer: false, spec: { cleanup: { policy: 'Keep', ttl } } }));
    expect(kinds(at('5m'))).toEqual(['Delete']);
    expect(at('30m')).toMatchObject({ actions: [], againInMs: 20 * minuteMs });
  });

  test('hands its result to whom the policy says by now', () => {
    const at = (policy: 'Keep' | 'Delete', owned: boolean) =>
      loadTestLife(
        seen({ status: over, hasFinalizer: false, result: result({ owned }), spec: { cleanup: { policy } } }),
      ).actions;
    expect(at('Delete', false)).toEqual([{ kind: 'OwnResult', owned: true }]);
    expect(at('Keep', true)).toEqual([{ kind: 'OwnResult', owned: false }]);
    expect(at('Keep', false)).toEqual([]);
  });
});

describe('a load test that is deleted', () => {
  const deleted = (change: Change, agoMs = 1000) =>
    kinds(loadTestLife(running({ deletedAtMs: nowMs - agoMs, ...change })));

  test.each<[string, Change, readonly string[]]>([
    ['ends its Jobs first', {}, ['EndJobs']],
    ['waits for their Pods', { coordinator: undefined, workers: undefined, podsLeft: 2 }, []],
    [
      'gives its node back and goes',
      { coordinator: undefined, workers: undefined, podsLeft: 0 },
      ['GiveBack', 'SweepRooms', 'Release'],
    ],
    ['is no longer ours without a finalizer', { hasFinalizer: false }, []],
  ])('%s', (_, change, actions) => {
    expect(deleted(change)).toEqual(actions);
  });

  test('goes after a minute whatever hangs, and gives its node back also then', () => {
    expect(deleted({ podsLeft: 2 }, minuteMs)).toEqual(['GiveBack', 'Release']);
  });
});
