/**
 * `node lab/upgrade-operator.ts [--from REVISION]`: installs an earlier operator by its own chart on a real local cluster,
 * lets people into rooms, and upgrades it to this one with helm. Nobody may notice, no Pod may be made anew, and what the
 * earlier one wrote down must be read by this one. The earlier one is the last release unless told.
 */
import './quiet.ts';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { CONFIG_MAPS } from '../src/operator/receipts.ts';
import { learnedName } from '../src/operator/checkpoint.ts';
import { stream } from '../src/workload/random.ts';
import { type Cluster, startCluster } from './cluster/cluster.ts';
import { sampleManifest } from './fleet-spec.ts';
import { Fleet } from './fleet.ts';
import { installOperator, operatorLogs, upgradeOperator } from './operator.ts';
import { ensurePrevious, lastRelease } from './previous.ts';
import { stopOnSignals } from './stop.ts';
import { elapsedSay, runCli } from './tools.ts';
import { Traffic } from './traffic.ts';

const { values } = parseArgs({ options: { from: { type: 'string' } } });
const namespace = 'upgrade';
const say = elapsedSay();
const patientMs = 90_000;

interface Claim {
  readonly says: string;
  readonly holds: boolean;
  readonly seen: string;
}

async function main(): Promise<void> {
  const revision = values.from ?? (await lastRelease());
  const previous = await ensurePrevious(revision, say);
  const images = ['livekit', 'operator', 'previous'] as const;
  const cluster = await startCluster({ nodes: 3, name: 'upgrade-operator', images, log: say });
  stopOnSignals(cluster);
  try {
    say(`installing the operator of ${revision}`);
    await installOperator(cluster, namespace, previous);
    const claims = await upgradeUnderPeople(cluster);
    const lines = claims.map(({ says, holds, seen }) => `${holds ? 'yes' : 'NO '}  ${says}: ${seen}`);
    process.stdout.write(`\nfrom ${revision}\n${lines.join('\n')}\n`);
    if (claims.some(({ holds }) => !holds)) process.exitCode = 1;
  } finally {
    await cluster.stop();
  }
  // The media library of the participants keeps threads of its own, which would keep this process.
  process.exit();
}

async function upgradeUnderPeople(cluster: Cluster): Promise<readonly Claim[]> {
  const fleet = await Fleet.open({ cluster, namespace, name: 'media' });
  const traffics: Traffic[] = [];
  try {
    await openNodes(fleet);
    traffics.push(...(await letIn(fleet)));
    await oneLeaves(fleet);
    const before = await stateOf(fleet);
    const fromMs = Date.now();
    say('upgrading with helm');
    await upgradeOperator(cluster, namespace);
    const tookMs = Date.now() - fromMs;
    const after = await stateOf(fleet);
    say('the new operator is to do some work');
    await oneLeaves(fleet);
    const receipts = await fleet.receipts();
    const logs = await operatorLogs(cluster);
    for (const traffic of traffics) await traffic.stop();
    return [
      { says: 'helm has replaced both replicas', holds: true, seen: `in ${(tookMs / 1000).toFixed(0)} s` },
      ...traffics.flatMap((traffic) => unharmed(traffic, fleet)),
      sameAs('the same Pods, none of them restarted', before.pods, after.pods),
      sameAs('what was learned is still there', before.learned, after.learned),
      unread(logs),
      {
        says: 'receipts of both stand side by side',
        holds:
          before.receipts.every((uid) => receipts.some((receipt) => receipt.uid === uid)) &&
          receipts.length >= 2,
        seen: `${before.receipts.length} before, ${receipts.length} now`,
      },
    ];
  } finally {
    await Promise.all(traffics.map(async (traffic) => await traffic.close()));
    await fleet.close();
  }
}

async function openNodes(fleet: Fleet): Promise<void> {
  const { cluster, secretName } = fleet;
  const manifest = sampleManifest({
    name: fleet.name,
    secretName,
    redisAddress: `${cluster.gatewayIp}:${cluster.redisPort}`,
    min: 2,
    max: 4,
    capacity: 20,
    headroomSlots: 1,
    scaleDownSeconds: 3,
    strategy: 'Spread',
  });
  await fleet.kubectl(['apply', '--validate=strict', '-f', '-'], manifest);
  await ready(fleet, 2);
  await fleet.openFront();
  await fleet.until({ what: 'an endpoint for each node', timeoutMs: 20_000 }, () => {
    return fleet.front.endpoints().length >= 2;
  });
}

async function ready(fleet: Fleet, count: number): Promise<void> {
  await fleet.until({ what: `${count} ready nodes`, timeoutMs: patientMs }, () => {
    return fleet.status?.readyNodes === count && fleet.pods().length === count;
  });
}

/** Some who stay in one room all the time, and some who come and go. */
async function letIn(fleet: Fleet): Promise<readonly Traffic[]> {
  const wishes = [
    { prefix: 'long', rooms: 4, size: 3, lifeMs: [3_600_000, 3_600_001] },
    { prefix: 'brief', rooms: 2, size: 2, lifeMs: [3000, 8000] },
  ] as const;
  const traffics: Traffic[] = [];
  for (const wish of wishes) {
    const traffic = new Traffic({ fleet, ...wish, random: stream(1, wish.prefix), hosts: 1 });
    traffics.push(traffic);
    await traffic.start();
  }
  const [long] = traffics;
  await fleet.until(
    { what: 'people in all rooms', timeoutMs: patientMs },
    () => long?.tally().participants === 12,
  );
  return traffics;
}

/** A third node comes, and goes again with a receipt once it is not wanted and empty. */
async function oneLeaves(fleet: Fleet): Promise<void> {
  const { length } = await fleet.receipts();
  await fleet.patch({ mediaNodes: { min: 3 } });
  await ready(fleet, 3);
  await fleet.patch({ mediaNodes: { min: 2 } });
  await ready(fleet, 2);
  await fleet.until({ what: 'a receipt', timeoutMs: patientMs }, async () => {
    return (await fleet.receipts()).length > length;
  });
}

async function stateOf(fleet: Fleet) {
  const pods = fleet.pods().map(({ metadata, status }) => {
    const restarts = (status?.containerStatuses ?? []).map(({ restartCount }) => restartCount);
    return `${metadata.name} ${metadata.uid}, restarts ${restarts.join(' ')}`;
  });
  const ref = { name: learnedName(fleet.name), namespace };
  const learned = Object.keys((await fleet.client.find(CONFIG_MAPS, ref))?.data ?? {});
  const receipts = (await fleet.receipts()).map(({ uid }) => uid);
  return { pods, learned, receipts };
}

function sameAs(says: string, before: readonly string[], after: readonly string[]): Claim {
  const holds = isDeepStrictEqual(before, after);
  if (holds && after.length === 0) return { says, holds, seen: 'there was nothing yet' };
  return {
    says,
    holds,
    seen: holds ? after.join('; ') : `${before.join('; ')} before, ${after.join('; ')} now`,
  };
}

function unharmed(traffic: Traffic, fleet: Fleet): readonly Claim[] {
  const { rooms, participants, cut, moved, lost, joinsFailed } = traffic.tally();
  const under = traffic.removedUnder(fleet.lives());
  const harmed = [...cut, ...joinsFailed].map(({ room, why }) => `${room}: ${why}`);
  const all = [...harmed, ...moved, ...under];
  const seen = `${participants} participants in ${rooms} rooms, ${[`${lost} lost`, ...all].join('; ')}`;
  return [{ says: 'nobody was cut, moved, or kept out', holds: all.length === 0 && lost === 0, seen }];
}

/** Whatever the new operator could not read it says. */
function unread(logs: string): Claim {
  const complaints = logs
    .split('\n')
    .filter((line) => /"level":"error"|not readable|cannot be read|no checkpoint/.test(line));
  return {
    says: 'this operator reads what the other one wrote',
    holds: complaints.length === 0,
    seen: complaints.length === 0 ? 'no complaint in its log' : complaints.slice(0, 5).join('\n  '),
  };
}

if (import.meta.main) await runCli(main);
