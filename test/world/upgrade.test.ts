/** Rolling changes under people who come and go all the time: good ones go through, bad ones stop at the canary. */
import '../../lab/quiet.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { containers, roomyNodes, spreadOverMachines } from '../../lab/fleet-spec.ts';
import type { Fleet } from '../../lab/fleet.ts';
import { mostWanted, surgeSeconds } from '../../lab/pod-count.ts';
import { Stage } from '../../lab/stage.ts';
import type { Traffic } from '../../lab/traffic.ts';
import { ANNOTATIONS } from '../../src/api/names.ts';
import type { JsonObject } from '../../src/base/json-object.ts';
import { stream } from '../../src/workload/random.ts';
import { firstBuildMs } from '../../lab/tools.ts';

/** A busy machine takes three times as long as a quiet one; how long it took is printed. */
const patientMs = 400_000;
const max = 4;
const surge = 2;

let stage: Stage;
let fleet: Fleet;
let traffic: Traffic;

beforeAll(async () => {
  stage = await Stage.open({ name: 'upgrade', machines: 3 });
  fleet = await stage.openFleet({
    spec: {
      min: max,
      max,
      ...roomyNodes,
      changes: {
        mediaNodes: { template: { spec: spreadOverMachines } },
        updates: { maxSurge: surge },
      },
    },
  });
  traffic = await stage.startTraffic({
    fleet,
    rooms: 8,
    size: 2,
    lifeMs: [3000, 8000],
    random: stream(1, 'upgrade'),
  });
}, firstBuildMs);

afterAll(async () => {
  await stage?.close();
}, patientMs);

const phase = (): string => fleet.status?.updates?.phase ?? '';

/** What the Pods that stay were made from, each once. */
function revisions(): readonly string[] {
  const staying = fleet.pods().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return [...new Set(staying.map(({ metadata }) => metadata.annotations?.[ANNOTATIONS.revision] ?? 'none'))];
}

function uids(): readonly string[] {
  return fleet.pods().map(({ metadata }) => metadata.uid);
}

async function changeTemplate(template: JsonObject, updates: JsonObject = {}): Promise<void> {
  await fleet.patch({ mediaNodes: { template }, updates });
}

interface Change {
  readonly what: string;
  readonly make: () => Promise<void>;
}

/** Makes a change, waits until all nodes are made from it, and tells what it cost. */
async function rollThrough({ what, make }: Change): Promise<void> {
  const [before] = revisions();
  const fromMs = Date.now();
  const roomsBefore = traffic.tally().rooms;
  await make();
  await fleet.until({ what, timeoutMs: patientMs - 30_000 }, () => {
    const [now, ...others] = revisions();
    const done = now !== before && others.length === 0 && fleet.pods().length === max;
    return done && phase() === 'Idle' && fleet.status?.readyNodes === max;
  });
  const span = { fromMs, toMs: Date.now() };
  const seconds = (span.toMs - span.fromMs) / 1000;
  const surged = surgeSeconds(fleet.lives(), max, span);
  const rooms = traffic.tally().rooms - roomsBefore;
  process.stdout.write(
    `${what}: ${max} nodes in ${seconds.toFixed(1)} s, ${surged.toFixed(0)} surge node-seconds, ${rooms} rooms begun meanwhile\n`,
  );
  expect(mostWanted(fleet.lives(), span).pods.length).toBeLessThanOrEqual(max + surge);
  expect(rooms).toBeGreaterThan(5);
  expectNobodyHarmed();
  expect(traffic.tally().joinsFailed).toEqual([]);
}

/** Those who were in stayed in, each room all its life on one node, and no Pod went under people. */
function expectNobodyHarmed(): void {
  const { cut, moved, lost } = traffic.tally();
  expect({ cut, moved, lost, removed: traffic.removedUnder(fleet.lives()) }).toEqual({
    cut: [],
    moved: [],
    lost: 0,
    removed: [],
  });
}

/** A change that must stop: new rooms and all old nodes stay with the revision before, and nothing of it is left. */
async function expectStopped(before: readonly string[], revision: readonly string[]): Promise<void> {
  await fleet.until({ what: 'the stop', timeoutMs: 150_000 }, () => phase() === 'Stopped');
  expect(fleet.condition('Updated')).toMatchObject({ status: 'False', reason: 'UpdateStopped' });
  await fleet.until({ what: 'the end of the changed nodes', timeoutMs: 150_000 }, () => {
    return revisions().join() === revision.join() && fleet.pods().length === max;
  });
  expect(uids()).toEqual(before);
  const names = Array.from({ length: 20 }, (_, at) => `after-${revision.join()}-${at}`);
  const { byNode, failed } = await fleet.placeRooms(names);
  await fleet.deleteRooms(names);
  expect(failed).toEqual([]);
  const old = new Set(fleet.pods().map(({ metadata }) => metadata.name));
  expect([...byNode.keys()].filter((name) => !old.has(name))).toEqual([]);
}

describe('a rolling change of four real media servers under real participants', () => {
  test(
    'of the template reaches every node, and cuts nobody',
    async () => {
      await rollThrough({
        what: 'a changed template',
        make: async () => await changeTemplate({ metadata: { annotations: { build: '2' } } }),
      });
      expect(fleet.condition('Updated')).toMatchObject({ status: 'True', reason: 'AllUpdated' });
    },
    patientMs,
  );

  test(
    'of the configuration first proves itself on a canary with a share of the new rooms',
    async () => {
      const phases = new Set<string>();
      fleet.onChange(() => phases.add(phase()));
      await rollThrough({
        what: 'a changed configuration with a canary',
        make: async () =>
          await fleet.patch({
            mediaNodes: { config: { room: { empty_timeout: 25 } } },
            updates: { canary: { percent: 25, duration: '5s' } },
          }),
      });
      expect([...phases]).toEqual(expect.arrayContaining(['Canary', 'Rolling', 'Idle']));
    },
    patientMs,
  );

  test(
    'to a version that does not start stops at the canary, and the old nodes go on',
    async () => {
      const before = uids();
      const revision = revisions();
      await changeTemplate({ spec: containers({ args: ['--no-such-flag'] }) });
      await expectStopped(before, revision);
      expect(fleet.notes('UpdateFailed')).toHaveLength(1);
      expect(traffic.tally().joinsFailed).toEqual([]);
      await changeTemplate({ spec: containers() });
      await fleet.until({ what: 'rest', timeoutMs: 20_000 }, () => phase() === 'Idle');
      expect(uids()).toEqual(before);
      expectNobodyHarmed();
    },
    patientMs,
  );

  test(
    'to a version that starts and fails its joins stops at the canary, and new rooms go to the old nodes',
    async () => {
      const before = uids();
      const revision = revisions();
      // Signalling works and the server is Ready, but it offers no address for media.
      const rtc = { interfaces: { includes: ['none0'] }, tcp_port: 0 };
      await fleet.patch({
        mediaNodes: { config: { rtc } },
        updates: { canary: { percent: 25, duration: '2m' } },
      });
      await expectStopped(before, revision);
      expect(fleet.notes('UpdateFailed')).toHaveLength(2);
      const { joinsFailed } = traffic.tally();
      process.stdout.write(
        `a version that fails joins: ${joinsFailed.length} joins failed before it was stopped\n`,
      );
      // The very state of before: an rtc without a value would be another revision.
      await fleet.patch({ mediaNodes: { config: { rtc: null } } });
      await fleet.until({ what: 'rest', timeoutMs: 20_000 }, () => phase() === 'Idle');
      expect(uids()).toEqual(before);
      expectNobodyHarmed();
    },
    patientMs,
  );

  test(
    'was under load all the time',
    async () => {
      const { rooms, participants } = traffic.tally();
      process.stdout.write(`${rooms} rooms with ${participants} participants in all\n`);
      expect(rooms).toBeGreaterThan(40);
      await traffic.stop();
      expectNobodyHarmed();
    },
    patientMs,
  );
});
