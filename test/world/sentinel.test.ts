/** Redis with Sentinels, as OpenVidu's High Availability has it, and a fail-over in the middle of cordons and drains. */
import '../../lab/quiet.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Fleet } from '../../lab/fleet.ts';
import { Guests } from '../../lab/guests.ts';
import { type LocalSentinel, startSentinel } from '../../lab/local-redis.ts';
import { Stage } from '../../lab/stage.ts';
import type { Traffic } from '../../lab/traffic.ts';
import { hostPorts } from '../../src/livekit/redis-config.ts';
import { stream } from '../../src/workload/random.ts';
import { roomyNodes } from '../../lab/fleet-spec.ts';
import { firstBuildMs } from '../../lab/tools.ts';

const patientMs = 120_000;
const size = 3;

let sentinel: LocalSentinel;
let stage: Stage;
let fleet: Fleet;
let traffic: Traffic;
let guests: Guests;

beforeAll(async () => {
  stage = await Stage.open({ name: 'ha', machines: 3 });
  sentinel = await startSentinel({ host: stage.cluster.gatewayIp, replicas: 2, sentinels: 3 });
  const { masterName, addresses } = sentinel.config;
  fleet = await stage.openFleet({
    redis: { name: masterName, sentinels: hostPorts(addresses) },
    spec: {
      min: size,
      max: size + 2,
      ...roomyNodes,
      sentinel: { masterName, addresses },
    },
  });
  guests = new Guests({ key: fleet.key, url: fleet.front.wsUrl, hosts: 1 });
  traffic = await stage.startTraffic({
    fleet,
    rooms: 5,
    size: 1,
    lifeMs: [5000, 12_000],
    random: stream(1, 'ha'),
  });
}, firstBuildMs);

afterAll(async () => {
  guests?.close();
  await stage?.close();
  await sentinel?.stop();
}, patientMs);

function idOf(node: string): string {
  return fleet.node(node)?.nodeId ?? '';
}

async function closed(): Promise<ReadonlySet<string>> {
  const entries = await fleet.registry().catch(() => new Map<string, { readonly closed: boolean }>());
  return new Set([...entries].flatMap(([id, entry]) => (entry.closed ? [id] : [])));
}

function deletions(): readonly string[] {
  return fleet.lives().flatMap(({ name, deleteAskedAtMs }) => (deleteAskedAtMs === undefined ? [] : [name]));
}

describe('a fleet whose Redis has Sentinels', () => {
  test(
    'removes nobody while Redis fails over, and closes the same nodes again after it',
    async () => {
      await guests.join('long', 'ann');
      await fleet.until({ what: 'the host of the long room', timeoutMs: 10_000 }, async () => {
        return (await fleet.hostOf('long')) !== undefined;
      });
      const drained = (await fleet.hostOf('long')) ?? '';
      const cordoned = fleet.nodes().find(({ name }) => name !== drained)?.name ?? '';
      await fleet.kubectl(['annotate', 'pod', drained, 'openvidu.io/drain=old machine']);
      await fleet.kubectl(['annotate', 'pod', cordoned, 'openvidu.io/cordon=a look at it']);
      await fleet.until({ what: 'both closed', timeoutMs: 40_000 }, async () => {
        const ids = await closed();
        return ids.has(idOf(drained)) && ids.has(idOf(cordoned));
      });
      const before = deletions();

      const fromMs = Date.now();
      await sentinel.killMaster();
      await fleet.until({ what: 'a new master', timeoutMs: 20_000, stepMs: 100 }, async () => {
        return (await sentinel.masterNow()) !== sentinel.masterAddress;
      });
      const electedAtMs = Date.now();
      await fleet.until({ what: 'the cordons on the new master', timeoutMs: 30_000 }, async () => {
        const ids = await closed();
        return ids.has(idOf(drained)) && ids.has(idOf(cordoned));
      });
      const closedMs = Date.now() - fromMs;
      // A server takes its time to find the new master, and until then no server chooses it for a room. After a quick
      // fail-over the operator's own data is never old enough to say so.
      await fleet.until({ what: 'every server on the new master', timeoutMs: 40_000 }, async () => {
        const entries = [...(await fleet.registry()).values()];
        return entries.length >= size && entries.every(({ heartbeatS }) => heartbeatS * 1000 > electedAtMs);
      });
      const backMs = Date.now() - fromMs;
      await fleet.until(
        { what: 'fresh data', timeoutMs: 30_000 },
        () => fleet.condition('DataFresh').status === 'True',
      );
      process.stdout.write(
        `a fail-over: new master after ${electedAtMs - fromMs} ms, nodes closed again after ${closedMs} ms, servers back after ${backMs} ms\n`,
      );
      expect(deletions()).toEqual(before);
      // The drained node is held by its room, and the cordoned one by nobody's wish to remove it.
      await sleep(5000);
      expect(fleet.node(drained)?.state).toBe('Cordoned');
      expect(fleet.node(cordoned)?.state).toBe('Cordoned');

      const { byNode, failed } = await fleet.placeRooms(Array.from({ length: 20 }, (_, at) => `after-${at}`));
      expect(failed).toEqual([]);
      expect(byNode.get(drained) ?? 0).toBe(0);
      expect(byNode.get(cordoned) ?? 0).toBe(0);
      await guests.leave('long');
      await fleet.until({ what: 'the end of the drained node', timeoutMs: 40_000 }, () => {
        return deletions().includes(drained);
      });
      await traffic.stop();
      expect(traffic.removedUnder(fleet.lives())).toEqual([]);
      expect(
        (await fleet.receipts()).find(({ node }) => node === drained)?.proofs.length,
      ).toBeGreaterThanOrEqual(2);
      const { cut, rooms } = traffic.tally();
      // Servers relay signalling through Redis, so its fail-over may cost a client its connection; nobody else may.
      expect(cut.filter(({ atMs }) => atMs < fromMs || atMs > fromMs + 30_000)).toEqual([]);
      process.stdout.write(`${rooms} rooms; disconnects by the fail-over itself: ${cut.length}\n`);
    },
    patientMs,
  );
});
