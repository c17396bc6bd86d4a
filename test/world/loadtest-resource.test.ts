/** Load tests as resources on a whole cluster: coordinator and generators in Pods, a Media Node under test, real media. */
import '../../lab/quiet.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { until } from '../../lab/exec.ts';
import type { Fleet } from '../../lab/fleet.ts';
import { killInPod } from '../../lab/pod-process.ts';
import { Guests } from '../../lab/guests.ts';
import { Stage } from '../../lab/stage.ts';
import { firstBuildMs } from '../../lab/tools.ts';
import { LABELS } from '../../src/api/names.ts';
import type { OpenViduLoadTest } from '../../src/api/v1alpha1.gen.ts';
import { PODS } from '../../src/kube/resource.ts';
import { LOAD_TESTS } from '../../src/operator/load-test-type.ts';

const patientMs = 120_000;

let stage: Stage;
let fleet: Fleet;
let guests: Guests;

beforeAll(async () => {
  stage = await Stage.open({ name: 'measure', machines: 2, images: ['pause', 'livekit', 'operator'] });
  fleet = await stage.openFleet({
    spec: { min: 2, max: 4, capacity: 50, headroomSlots: 0, scaleDownSeconds: 3, strategy: 'Spread' },
  });
  guests = new Guests({ key: fleet.key, url: fleet.front.wsUrl, hosts: 1 });
}, firstBuildMs);

afterAll(async () => {
  guests?.close();
  await stage?.close();
}, patientMs);

/** One room of three, measured in so many short windows. */
async function startTest(name: string, windows: number): Promise<void> {
  const load = { settle: '2s', dwell: '3s', mode: 'fixed', fixed: { level: 1, windows } };
  const spec = {
    seed: 42,
    media: { video: { layers: ['180p'] }, audio: { activeSpeakers: 'all' } },
    workload: { kind: 'conference', conference: { participants: 3 } },
    load: { ...load, most: { participants: 9, duration: '10m' } },
  };
  const small = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '1Gi' } };
  const manifest = {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduLoadTest',
    metadata: { name },
    spec: {
      target: { clusterRef: { name: fleet.name } },
      scenario: {
        inline: stringify({
          apiVersion: 'loadtest.openvidu.io/v1alpha1',
          kind: 'Scenario',
          metadata: { name },
          spec,
        }),
      },
      generators: { count: 2, resources: small, placement: { awayFromMediaNodes: 'Preferred' } },
      deadline: '10m',
    },
  };
  await fleet.kubectl(['apply', '--validate=strict', '-f', '-'], JSON.stringify(manifest));
}

type Status = NonNullable<OpenViduLoadTest['status']>;

async function statusOf(name: string): Promise<Status> {
  const found = await fleet.client.find(LOAD_TESTS, { name, namespace: fleet.namespace });
  return found?.status ?? {};
}

/** Waits until the status is as wished, and answers it. */
async function reach(name: string, what: string, holds: (status: Status) => boolean): Promise<Status> {
  let status: Status = {};
  await fleet
    .until({ what: `${what} of ${name}`, timeoutMs: 60_000, stepMs: 250 }, async () => {
      status = await statusOf(name);
      return holds(status);
    })
    .catch((error: unknown) => {
      throw new Error(`${JSON.stringify(status)} ${String(error)}`);
    });
  return status;
}

/** Pods of a test that still run, and marks on Media Nodes. */
async function leftovers(): Promise<unknown> {
  const pods = await fleet.kubectl([
    'get',
    'pods',
    '-o',
    'jsonpath={range .items[?(@.status.phase=="Running")]}{.metadata.name} {end}',
  ]);
  return {
    running: pods.split(' ').filter((pod) => /coordinator|generators/.test(pod)),
    marked: fleet
      .pods()
      .filter(({ metadata }) => LABELS.underTest in (metadata.labels ?? {}))
      .map(({ metadata }) => metadata.name),
    rooms: (await fleet.rooms.listRooms()).map(({ name }) => name),
  };
}

const nothing = { running: [], marked: [], rooms: [] };

async function expectNothingLeft(): Promise<void> {
  await until({ what: 'nothing left of the test', timeoutMs: 40_000, stepMs: 500 }, async () => {
    return JSON.stringify(await leftovers()) === JSON.stringify(nothing);
  }).catch(async () => expect(await leftovers()).toEqual(nothing));
}

describe('an OpenViduLoadTest', () => {
  test(
    'measures a Media Node that nobody else may use, outlives a generator that is killed, and leaves its result alone',
    async () => {
      await startTest('kill', 2);
      const running = await reach(
        'kill',
        'a window',
        ({ progress }) => (progress?.windows?.pass ?? 0) + (progress?.windows?.invalid ?? 0) > 0,
      );
      const node = running.target?.mediaNode ?? '';
      await fleet.until({ what: 'isolation', timeoutMs: 5000 }, () => fleet.node(node)?.state !== 'Serving');
      await fleet.kubectl([
        'delete',
        'pod',
        '-l',
        'batch.kubernetes.io/job-completion-index=0',
        '--wait=false',
        '--grace-period=0',
        '--force',
      ]);
      const ended = await reach('kill', 'the end', ({ endTime }) => endTime !== undefined);
      expect(ended.phase).toBe('Succeeded');
      expect(ended.artifacts?.configMap).toMatch(/^kill-result/);
      expect(ended.progress?.windows?.invalid ?? 0).toBeGreaterThan(0);
      await expectNothingLeft();
    },
    patientMs,
  );

  test(
    'goes on from its record when its coordinator is killed',
    async () => {
      await startTest('resume', 4);
      const before = await reach('resume', 'a window', ({ progress }) => (progress?.windows?.pass ?? 0) > 0);
      const { items } = await fleet.client.list(PODS, {
        namespace: fleet.namespace,
        labelSelector: 'batch.kubernetes.io/job-name=resume-coordinator',
      });
      await killInPod(stage.cluster, items[0]?.metadata.uid ?? '', 'node');
      const ended = await reach('resume', 'the end', ({ endTime }) => endTime !== undefined);
      const pods = await fleet.kubectl([
        'get',
        `pod/${items[0]?.metadata.name}`,
        '-o',
        'jsonpath={.status.containerStatuses[0].restartCount}',
      ]);
      expect({ phase: ended.phase, restarts: pods }).toEqual({ phase: 'Succeeded', restarts: '1' });
      const { pass = 0, fail = 0, invalid = 0 } = ended.progress?.windows ?? {};
      expect(pass).toBeGreaterThan(before.progress?.windows?.pass ?? 0);
      // Four in all: those of the first process count.
      expect(pass + fail + invalid).toBeGreaterThanOrEqual(4);
      await expectNothingLeft();
    },
    patientMs,
  );

  test(
    'is over seconds after somebody aborts it',
    async () => {
      await startTest('abort', 60);
      await reach('abort', 'people', ({ progress }) => progress?.connected === 3);
      const startedMs = performance.now();
      await fleet.kubectl(['patch', 'ovlt', 'abort', '--type=merge', '-p', '{"spec":{"abort":true}}']);
      await reach('abort', 'the end', ({ phase }) => phase === 'Aborted');
      expect(performance.now() - startedMs).toBeLessThan(25_000);
      await expectNothingLeft();
    },
    patientMs,
  );
});

describe('a capacity profile', () => {
  test(
    'that is approved decides with how many nodes the same load is met, and the reason names it',
    async () => {
      for (const [name, rooms] of [
        ['strong', 10],
        ['weak', 1],
      ] as const) {
        const spec = {
          mode: 'Apply',
          match: {},
          shapes: [{ name: 'conference-4', participantsPerRoom: 4, rooms, lower95: rooms }],
        };
        const profile = {
          apiVersion: 'openvidu.io/v1alpha1',
          kind: 'OpenViduCapacityProfile',
          metadata: { name },
          spec,
        };
        await fleet.kubectl(['apply', '--validate=strict', '-f', '-'], JSON.stringify(profile));
      }
      const use = async (name: string): Promise<void> =>
        await fleet.patch({ mediaNodes: { min: 1, capacity: { profileRef: { name } } } });
      await use('strong');
      for (const seat of [1, 2, 3, 4, 5]) await guests.join('lesson', `guest ${seat}`);
      await fleet.until({ what: 'one node', timeoutMs: 40_000 }, () => fleet.status?.desiredNodes === 1);
      await use('weak');
      await fleet.until(
        { what: 'more nodes', timeoutMs: 20_000 },
        () => (fleet.status?.desiredNodes ?? 0) > 1,
      );
      expect(fleet.status?.lastDecision?.message).toMatch(/by profile weak/);
      await guests.leave('lesson');
    },
    patientMs,
  );
});
