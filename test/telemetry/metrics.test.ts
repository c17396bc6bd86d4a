import { describe, expect, test } from '@jest/globals';
import type { DecideInput } from '../../src/core/decide-input.ts';
import type { CapacityView, Decision, NodeView } from '../../src/core/decision.ts';
import type { MediaNode } from '../../src/core/media-nodes.ts';
import { compileSpec } from '../../src/core/compile-spec.ts';
import { coldMemory } from '../../src/core/memory.ts';
import type { RedisReading } from '../../src/core/readings.ts';
import type { Reserve } from '../../src/core/reserve.ts';
import { projectPod } from '../../src/reconcile/project-pod.ts';
import { metricTable } from '../../src/telemetry/metric-table.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { aClusterSpec } from '../manifests/a-cluster-spec.ts';

function started() {
  let nowMs = 0;
  const clock = { wallMs: () => nowMs, elapsedMs: () => nowMs };
  const metrics = createMetrics({ version: '1.2.3', nodeVersion: 'v24.0.0', clock });
  const samples = async (): Promise<Readonly<Record<string, number>>> => {
    const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.lastIndexOf(' ')),
        Number(line.slice(line.lastIndexOf(' ') + 1)),
      ]),
    );
  };
  return { metrics, samples, goTo: (ms: number) => (nowMs = ms) };
}

function aNode(name: string, participants: number, rooms = 0): MediaNode {
  const pod = projectPod({
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-03-01T12:00:00Z' },
    spec: { containers: [{ name: 'openvidu' }] },
  });
  return {
    name,
    pod,
    phase: 'Up',
    entry: undefined,
    rooms: Array.from({ length: rooms }, (_, at) => ({
      room: `r-${at}`,
      nodeId: name,
      participants: 1,
      createdAtSeconds: undefined,
    })),
    metrics: undefined,
    memory: { proofs: [], served: true, participants },
    participants,
  };
}

const view = (node: MediaNode, state: NodeView['state']): NodeView => ({ node, state, finding: undefined });

const read = (atMs: number): RedisReading => ({
  kind: 'Read',
  nodes: [],
  rooms: [],
  atMs,
  serverVersion: undefined,
});

function inputWith(redis: RedisReading): DecideInput {
  return {
    clusterName: 'live',
    spec: compileSpec(aClusterSpec({ autoscaling: { placement: { ceilingPercent: 85 } } }), {
      knownTimeZone: () => true,
      revision: 'r1',
      deleting: false,
    }).spec,
    observed: {
      pods: [],
      ownWritesSeen: true,
      redis,
      metrics: {},
      serverApi: undefined,
      launchRefusal: undefined,
      kubeNodes: undefined,
      revisions: [],
    },
    memory: coldMemory(0),
    nowMs: 0,
    wallMs: 0,
    learned: undefined,
    launchMs: undefined,
  };
}

function aDecision(nodes: readonly NodeView[]): Decision {
  return {
    desired: 4,
    because: { reason: 'LoadRequiresNodes', message: '' },
    limitedBy: undefined,
    refusals: [
      { reason: 'DryRun', message: '' },
      { reason: 'TooYoung', message: '' },
    ],
    actions: [],
    steering: undefined,
    evidenceWanted: [],
    nodes,
    losses: [],
    updates: undefined,
    departures: [],
    aside: 0,
    demand: undefined,
    governor: undefined,
    memory: coldMemory(0),
    wakeAtMs: undefined,
  };
}

const labels = '{cluster_namespace="rooms",cluster="live"}';
const gauge = (name: string): string => `openvidu_operator_${name}${labels}`;
const refusals = (reason: string): string =>
  `openvidu_operator_refusals_total{cluster_namespace="rooms",cluster="live",reason="${reason}"}`;
const freeRooms = (shape: string, unit: string): string =>
  `openvidu_operator_free_rooms{cluster_namespace="rooms",cluster="live",shape="${shape}",unit="${unit}"}`;

describe('a decision', () => {
  const nodes = [
    view(aNode('a', 30, 2), 'Serving'),
    view(aNode('b', 85), 'Serving'),
    view(aNode('c', 5, 1), 'Standby'),
    view(aNode('d', 1), 'Cordoned'),
    view(aNode('e', 0), 'Launching'),
    view(aNode('f', 0), 'Leaving'),
    view(aNode('g', 0), 'Failed'),
    view(aNode('h', 2), 'Suspect'),
  ];

  test('counts what was lost and what was cut, from nothing on', async () => {
    const { metrics, samples } = started();
    const loss = { node: 'a', nodeId: 'ND_a', rooms: 2, participants: 9, why: 'it ended', shortLived: false };
    metrics.decision('rooms/live', inputWith(read(0)), aDecision(nodes), 3);
    expect(await samples()).toMatchObject({
      [gauge('rooms_lost_total')]: 0,
      [gauge('participants_lost_total')]: 0,
      [gauge('evictions_total')]: 0,
    });

    metrics.decision('rooms/live', inputWith(read(0)), { ...aDecision(nodes), losses: [loss, loss] }, 3);
    metrics.evicted('rooms/live', { rooms: 1, participants: 4 });

    expect(await samples()).toMatchObject({
      [gauge('nodes_lost_total')]: 2,
      [gauge('rooms_lost_total')]: 4,
      [gauge('participants_lost_total')]: 18,
      [gauge('evictions_total')]: 1,
      [gauge('participants_evicted_total')]: 4,
    });
    metrics.forgetCluster('rooms/live');
    expect(Object.keys(await samples()).filter((name) => name.includes('"live"'))).toEqual([]);
  });

  test('shows the one phase that a rolling change is in', async () => {
    const { metrics, samples } = started();
    const updates = {
      phase: 'Rolling',
      revision: 'r2',
      fallbackRevision: 'r1',
      updatedNodes: 1,
      outdatedNodes: 3,
      endsInS: undefined,
      message: '',
    } as const;
    metrics.decision('rooms/live', inputWith(read(0)), { ...aDecision(nodes), updates }, 3);
    const all = await samples();

    const phases = Object.entries(all).filter(([name]) => name.startsWith('openvidu_operator_update_phase'));
    expect(phases.filter(([, value]) => value === 1).map(([name]) => name)).toEqual([
      'openvidu_operator_update_phase{cluster_namespace="rooms",cluster="live",phase="Rolling"}',
    ]);
    expect(phases).toHaveLength(5);
    expect(all[gauge('outdated_nodes')]).toBe(3);
  });

  test('shows the time until the first machine is taken away, which passes without another decision', async () => {
    const { metrics, samples, goTo } = started();
    const departure = (name: string, deadlineMs: number | undefined, participants: number) => ({
      name,
      uid: name,
      machine: `m-${name}`,
      why: 'it is drained',
      deadlineMs,
      nearness: 'Known' as const,
      rooms: 1,
      participants,
    });
    const departures = [departure('a', 900_000, 4), departure('b', 600_000, 3), departure('c', undefined, 2)];
    const left = gauge('maintenance_deadline_seconds');

    metrics.decision('rooms/live', inputWith(read(0)), { ...aDecision(nodes), departures }, 1);
    expect(await samples()).toMatchObject({ [left]: 600, [gauge('departing_participants')]: 9 });
    goTo(610_000);
    expect(await samples()).toMatchObject({ [left]: -10 });

    metrics.decision('rooms/live', inputWith(read(0)), aDecision(nodes), 1);
    const after = await samples();
    expect(after).not.toHaveProperty([left]);
    expect(after).toHaveProperty([gauge('departing_participants')], 0);
  });

  test('shows for what there is space and how far the profile is off, while one is in use', async () => {
    const { metrics, samples } = started();
    const capacity = (rooms: CapacityView['freeRooms']): Decision => ({
      ...aDecision(nodes),
      capacity: {
        profile: {
          name: 'measured',
          version: '1',
          state: 'Applied',
          finding: { reason: 'ProfileApplied', message: '' },
          figures: {},
          shape: undefined,
          shapes: [],
          costs: undefined,
          cpus: undefined,
          cpuLimit: 0.8,
        },
        figures: { participants: 80, tracks: undefined, egressBytesPerSecond: undefined },
        freeRooms: rooms,
      },
      memory: { ...coldMemory(0), drift: { version: '1', lookedMs: 0, off: 0.25 } },
    });
    const ten = { shape: 'conference-10', unit: 'Rooms', size: 10, count: 15 } as const;
    const live = { shape: 'live', unit: 'Viewers', size: undefined, count: 790 } as const;

    metrics.decision('rooms/live', inputWith(read(0)), capacity([ten, live]), 1);
    expect(await samples()).toMatchObject({
      [freeRooms('conference-10', 'Rooms')]: 15,
      [freeRooms('live', 'Viewers')]: 790,
      [gauge('profile_drift')]: 0.25,
    });

    metrics.decision('rooms/live', inputWith(read(0)), capacity([{ ...ten, count: 0 }]), 1);
    const fewer = await samples();
    expect(fewer).toHaveProperty([freeRooms('conference-10', 'Rooms')], 0);
    expect(fewer).not.toHaveProperty([freeRooms('live', 'Viewers')]);

    metrics.decision('rooms/live', inputWith(read(0)), capacity(undefined), 1);
    expect(await samples()).not.toHaveProperty([freeRooms('conference-10', 'Rooms')]);
    metrics.decision('rooms/live', inputWith(read(0)), aDecision(nodes), 1);
    expect(await samples()).not.toHaveProperty([gauge('profile_drift')]);
  });

  test('shows the figures of its fleet', async () => {
    const { metrics, samples } = started();

    metrics.decision('rooms/live', inputWith(read(0)), aDecision(nodes), 3);

    expect(await samples()).toMatchObject({
      [gauge('desired_nodes')]: 4,
      [gauge('ready_nodes')]: 4,
      [gauge('serving_nodes')]: 2,
      [gauge('standby_nodes')]: 1,
      [gauge('cordoned_nodes')]: 1,
      [gauge('launching_nodes')]: 1,
      [gauge('leaving_nodes')]: 1,
      [gauge('failed_nodes')]: 1,
      [gauge('suspect_nodes')]: 1,
      [gauge('rooms')]: 3,
      [gauge('participants')]: 123,
      [gauge('free_slots')]: 55,
      'openvidu_operator_decisions_total{reason="LoadRequiresNodes"}': 1,
      [refusals('DryRun')]: 1,
      [refusals('TooYoung')]: 1,
      openvidu_operator_decision_seconds_sum: 0.003,
    });
  });

  const reserve = (seasonal: number | undefined): Reserve => ({
    wanted: 2,
    because: { reason: 'LoadRequiresNodes', message: '' },
    need: 40,
    have: 55,
    keep: 45,
    pace: { horizonS: 80, z: 1, keepS: 300, holdS: 60, calmS: 0 },
    expected: { recent: 12, seasonal, combined: 12 },
    wakeAtMs: undefined,
  });

  test('shows what the governor expects, and drops what it no longer knows', async () => {
    const { metrics, samples } = started();
    const decision = (expected: Reserve | undefined): Decision => ({
      ...aDecision([]),
      governor: { outlooks: [], reserve: expected, blind: false },
    });
    const learned = gauge('expected_participants_learned');

    metrics.decision('rooms/live', inputWith(read(0)), decision(reserve(30)), 1);
    expect(await samples()).toMatchObject({
      [gauge('needed_slots')]: 40,
      [gauge('available_slots')]: 55,
      [gauge('expected_participants_recent')]: 12,
      [learned]: 30,
    });

    metrics.decision('rooms/live', inputWith(read(0)), decision(reserve(undefined)), 1);
    expect(await samples()).not.toHaveProperty([learned]);
    metrics.decision('rooms/live', inputWith(read(0)), decision(undefined), 1);
    expect(await samples()).not.toHaveProperty([gauge('needed_slots')]);
  });

  test('lets the age of the last good reading of Redis grow while Redis is away', async () => {
    const { metrics, samples, goTo } = started();

    metrics.decision('rooms/live', inputWith(read(1000)), aDecision([]), 1);
    goTo(2500);
    metrics.decision('rooms/live', inputWith({ kind: 'Failed', why: 'gone', atMs: 2400 }), aDecision([]), 1);

    expect(await samples()).toHaveProperty([gauge('redis_reading_age_seconds')], 1.5);
    goTo(9000);
    expect(await samples()).toHaveProperty([gauge('redis_reading_age_seconds')], 8);
  });

  test('leaves nothing behind when its cluster is gone, and others as they are', async () => {
    const { metrics, samples } = started();

    metrics.decision('rooms/live', inputWith(read(0)), aDecision(nodes), 1);
    metrics.decision('rooms/other', inputWith(read(0)), aDecision(nodes), 1);
    metrics.forgetCluster('rooms/live');

    const names = Object.keys(await samples());
    expect(names.filter((name) => name.includes('cluster="live"'))).toEqual([]);
    expect(names.filter((name) => name.includes('cluster="other"'))).toHaveLength(23);
  });
});

test('actions, requests, queue and leadership are counted under their labels', async () => {
  const { metrics, samples } = started();

  metrics.action('CreatePod', 'done');
  metrics.action('CreatePod', 'refused');
  metrics.kubeAttempt({ verb: 'PATCH', code: '409', seconds: 0.02 });
  metrics.kubeAttempt({ verb: 'WATCH', code: '200', seconds: 300 });
  metrics.queueDepth('live', 2);
  metrics.leading(true);
  metrics.reaction(40);
  metrics.cordonReapplied(3);
  metrics.watchAge('pods', () => 1500);
  metrics.watchAge('openviduclusters', () => undefined);

  const found = await samples();
  expect(found).toMatchObject({
    'openvidu_operator_actions_total{kind="CreatePod",outcome="done"}': 1,
    'openvidu_operator_actions_total{kind="CreatePod",outcome="refused"}': 1,
    'openvidu_operator_kube_requests_total{verb="PATCH",code="409"}': 1,
    'openvidu_operator_kube_requests_total{verb="WATCH",code="200"}': 1,
    'openvidu_operator_kube_request_seconds_count{verb="PATCH"}': 1,
    'openvidu_operator_queue_depth{lane="live"}': 2,
    openvidu_operator_leader: 1,
    openvidu_operator_reaction_seconds_sum: 0.04,
    openvidu_operator_cordon_reapply_seconds_sum: 0.003,
    'openvidu_operator_watch_age_seconds{resource="pods"}': 1.5,
    'openvidu_operator_build_info{version="1.2.3",node_version="v24.0.0"}': 1,
  });
  expect(
    Object.keys(found).filter((name) => /WATCH.*_seconds|_seconds.*WATCH|openviduclusters/.test(name)),
  ).toEqual([]);
});

test('every metric of the table is registered, with its help', async () => {
  const text = await started().metrics.text();

  for (const [name, { help, kind }] of Object.entries(metricTable)) {
    expect(text).toContain(
      `# HELP openvidu_operator_${name} ${help}\n# TYPE openvidu_operator_${name} ${kind}\n`,
    );
  }
});

test('two sets of metrics do not share a registry', async () => {
  const [one, two] = [started(), started()];

  one.metrics.leading(true);

  expect(await two.samples()).toHaveProperty('openvidu_operator_leader', 0);
});
