/** Machines that are to be freed: their Media Nodes are replaced first, empty in their own time, and leave. */
import '../../lab/quiet.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CommandError } from '../../lab/exec.ts';
import { roomyNodes, spreadOverMachines } from '../../lab/fleet-spec.ts';
import type { Fleet } from '../../lab/fleet.ts';
import { Guests } from '../../lab/guests.ts';
import { Stage } from '../../lab/stage.ts';
import type { Traffic } from '../../lab/traffic.ts';
import { stream } from '../../src/workload/random.ts';
import { firstBuildMs } from '../../lab/tools.ts';

const patientMs = 120_000;
const size = 3;

let stage: Stage;
let fleet: Fleet;
let traffic: Traffic;
/** People who stay as long as a test wants. */
let guests: Guests;

beforeAll(async () => {
  stage = await Stage.open({ name: 'upkeep', machines: 3 });
  fleet = await stage.openFleet({
    spec: {
      min: size,
      max: size,
      ...roomyNodes,
      changes: {
        mediaNodes: { template: { spec: spreadOverMachines } },
        updates: { maxSurge: 2 },
      },
    },
  });
  guests = new Guests({ key: fleet.key, url: fleet.front.wsUrl, hosts: 1 });
  traffic = await stage.startTraffic({
    fleet,
    rooms: 6,
    size: 1,
    lifeMs: [4000, 10_000],
    random: stream(1, 'upkeep'),
  });
}, firstBuildMs);

afterAll(async () => {
  guests?.close();
  await stage?.close();
}, patientMs);

/** Names of the Media Nodes that stay, by the machine they run on. */
function nodesOn(machine: string): readonly string[] {
  return fleet
    .pods()
    .filter(({ metadata, spec }) => spec.nodeName === machine && metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name);
}

function machineOf(node: string): string {
  return fleet.pods().find(({ metadata }) => metadata.name === node)?.spec.nodeName ?? '';
}

async function enter(room: string): Promise<string> {
  await guests.join(room, `guest of ${room}`);
  let host: string | undefined;
  await fleet.until({ what: `the host of ${room}`, timeoutMs: 10_000 }, async () => {
    host = await fleet.hostOf(room);
    return host !== undefined;
  });
  return host ?? '';
}

/** Nodes that take new rooms, or would if they were asked to. */
function open(): number {
  return fleet.nodes().filter(({ state }) => state === 'Serving' || state === 'Standby').length;
}

async function atRest(): Promise<void> {
  await fleet.until(
    { what: 'rest', timeoutMs: 60_000 },
    () => fleet.pods().length === size && open() === size,
  );
}

function expectNobodyHarmed(): void {
  const { cut, moved, lost } = traffic.tally();
  const disconnected = guests.tally().cut;
  expect({ cut, moved, lost, disconnected, removed: traffic.removedUnder(fleet.lives()) }).toEqual({
    cut: [],
    moved: [],
    lost: 0,
    disconnected: [],
    removed: [],
  });
}

describe('a Kubernetes Node that is to be freed', () => {
  test(
    'is drained by kubectl alone once its rooms have ended; replacements serve before its nodes close',
    async () => {
      const host = await enter('lesson');
      const machine = machineOf(host);
      const going = nodesOn(machine);
      let leastOpen = Infinity;
      fleet.onChange(() => {
        if (going.some((name) => fleet.node(name)?.state === 'Cordoned')) {
          leastOpen = Math.min(leastOpen, open());
        }
      });
      const startMs = Date.now();
      let drained = false;
      const draining = stage.cluster
        .kubectl(['drain', machine, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=100s'])
        .then(() => {
          drained = true;
        });
      await fleet.until(
        { what: `the closing of ${host}`, timeoutMs: 40_000 },
        () => fleet.node(host)?.state === 'Cordoned',
      );
      expect(fleet.node(host)).toMatchObject({ cordonedBy: 'Maintenance' });
      expect(fleet.notes('MaintenanceStarted').join()).toContain(host);
      expect(drained).toBe(false);
      expect(nodesOn(machine)).toContain(host);
      const endedAtMs = Date.now();
      await guests.leave('lesson');
      await draining;
      process.stdout.write(
        `kubectl drain of a busy machine: ${((Date.now() - startMs) / 1000).toFixed(1)} s, ${((Date.now() - endedAtMs) / 1000).toFixed(1)} s after its last long room ended\n`,
      );
      expect(nodesOn(machine)).toEqual([]);
      expect(leastOpen).toBeGreaterThanOrEqual(size);
      expectNobodyHarmed();
      await stage.cluster.kubectl(['uncordon', machine]);
      await atRest();
    },
    patientMs,
  );

  test(
    'gives its nodes back when kubectl uncordon comes midway',
    async () => {
      const host = await enter('meeting');
      const machine = machineOf(host);
      const uid = fleet.pods().find(({ metadata }) => metadata.name === host)?.metadata.uid ?? '';
      const draining = stage.cluster
        .kubectl(['drain', machine, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=30s'])
        .catch((error: unknown) => error);
      await fleet.until(
        { what: `the closing of ${host}`, timeoutMs: 40_000 },
        () => fleet.node(host)?.state === 'Cordoned',
      );
      await stage.cluster.kubectl(['uncordon', machine]);
      await fleet.until({ what: `the return of ${host}`, timeoutMs: 20_000 }, () =>
        ['Serving', 'Standby'].includes(fleet.node(host)?.state ?? ''),
      );
      // The budget held the evictions back as long as it was asked.
      expect(await draining).toBeInstanceOf(CommandError);
      expect(fleet.pods().map(({ metadata }) => metadata.uid)).toContain(uid);
      await guests.leave('meeting');
      await atRest();
      expectNobodyHarmed();
    },
    patientMs,
  );

  test(
    'with a deadline has Events that say what will be cut and when',
    async () => {
      const host = await enter('seminar');
      await guests.join('seminar', 'a second guest');
      const machine = machineOf(host);
      const deadline = new Date(Date.now() + 90_000).toISOString();
      await stage.cluster.kubectl([
        'annotate',
        'node',
        machine,
        'openvidu.io/maintenance=new disk',
        `openvidu.io/maintenance-deadline=${deadline}`,
      ]);
      // It has rooms of those who come and go beside the two people of the seminar.
      const told = (): string => fleet.notes('MaintenanceDeadline').find((note) => note.includes(host)) ?? '';
      await fleet.until({ what: 'a word on the deadline', timeoutMs: 20_000 }, () => told() !== '');
      process.stdout.write(`${told()}\n`);
      expect(told()).toMatch(/is cut, as of now ([2-9]|\d\d) participants in \d+ rooms?/);
      expect(told()).toContain(deadline.slice(0, 16).replace('T', ' '));
      await fleet.until(
        { what: `the closing of ${host}`, timeoutMs: 40_000 },
        () => fleet.node(host)?.state === 'Cordoned',
      );
      await guests.leave('seminar');
      await fleet.until({ what: 'the freeing of the machine', timeoutMs: 60_000 }, () => {
        return nodesOn(machine).length === 0;
      });
      expect(Date.now()).toBeLessThan(Date.parse(deadline));
      await stage.cluster.kubectl([
        'annotate',
        'node',
        machine,
        'openvidu.io/maintenance-',
        'openvidu.io/maintenance-deadline-',
      ]);
      await atRest();
      await traffic.stop();
      expectNobodyHarmed();
    },
    patientMs,
  );
});
