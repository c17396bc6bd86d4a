/** A trace on a real local cluster: the operator, Media Nodes, participants, and somebody who watches them all. */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { compileSpec } from '../../src/core/compile-spec.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import type { Trace } from '../../src/workload/trace.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import type { Say } from '../exec.ts';
import { sampleManifest } from '../fleet-spec.ts';
import { Fleet } from '../fleet.ts';
import { installOperator, operatorLogs } from '../operator.ts';
import { median } from './compare.ts';
import { play, type Played } from './crowd.ts';
import { Guests, type GuestsTally } from '../guests.ts';
import type { Observation, Span } from './log.ts';
import { Watch } from './watch.ts';
import { Screen } from '../screen.ts';
import { stopOnSignals } from '../stop.ts';
import { ensureTools } from '../tools.ts';

const namespace = 'reality';
/** After the last room: long enough for the fleet to fall to its least size. */
const tailS = 150;
const tellEveryMs = 15_000;

export interface StageWish {
  readonly trace: Trace;
  /** Decides how rooms fill. */
  readonly seed: number;
  /** Where logs go. */
  readonly outDir: string;
  readonly say: Say;
}

/** All that a real run leaves behind, enough to compare it again. */
export interface Seen {
  readonly trace: Trace;
  readonly seed: number;
  readonly span: Span;
  readonly spec: ClusterSpec;
  readonly clients: readonly string[];
  readonly observations: readonly Observation[];
}

/** Starts a cluster, plays the trace on it and takes all down again. @throws LabError or CommandError. */
export async function meetReality(wish: StageWish): Promise<Seen> {
  const { say, outDir } = wish;
  say('preparing: tools, images, cluster; the first run builds them, later runs reuse them');
  await ensureTools('all', say);
  const cluster = await startCluster({ nodes: 3, name: 'reality', images: 'all', log: say });
  const stopped = stopOnSignals(cluster);
  try {
    say('installing the operator with helm');
    await installOperator(cluster, namespace);
    return await playOn(cluster, wish);
  } finally {
    if (!stopped()) {
      await writeFile(join(outDir, 'operator.log'), await operatorLogs(cluster).catch(String));
      say('taking everything down');
      await cluster.stop();
    }
  }
}

async function playOn(cluster: Cluster, { trace, seed, outDir }: StageWish): Promise<Seen> {
  const fleet = await Fleet.open({ cluster, namespace, name: 'video' });
  const watch = new Watch(fleet);
  let people: Guests | undefined;
  const screen = new Screen({ logFile: join(outDir, 'log.txt'), status: () => fleet.status });
  try {
    await applyFleet(fleet, outDir);
    const spec = await specOf(fleet);
    fleet.onEvent(({ reason, note, reportingController }) => {
      if (reportingController.includes('openvidu')) screen.say('event', `${reason}  ${note}`);
    });
    fleet.onChange(() => screen.changed());
    screen.follow();
    people = new Guests({ key: fleet.key, url: fleet.front.wsUrl });
    await people.ready();
    const startMs = Date.now();
    const played = await story({ people, watch, screen, trace, seed });
    const span = { startMs, endMs: Date.now() };
    const clients = fared(people.tally(), played, watch);
    return { trace, seed, span, spec, clients, observations: watch.observations };
  } finally {
    await watch.stop();
    people?.close();
    await screen.close();
    await fleet.close();
  }
}

async function applyFleet(fleet: Fleet, outDir: string): Promise<void> {
  const { cluster } = fleet;
  const manifest = sampleManifest({
    name: fleet.name,
    secretName: fleet.secretName,
    redisAddress: `${cluster.gatewayIp}:${cluster.redisPort}`,
    min: 2,
    max: 8,
    capacity: 10,
    headroomSlots: 5,
    scaleDownSeconds: 60,
  });
  await writeFile(join(outDir, 'fleet.yaml'), manifest);
  await fleet.kubectl(['apply', '--validate=strict', '-f', '-'], manifest);
  await fleet.until(
    { what: 'the first Media Nodes', timeoutMs: 90_000 },
    () => fleet.status?.readyNodes === 2 && fleet.condition('Ready').status === 'True',
  );
  await fleet.openFront();
  await fleet.until(
    { what: 'the endpoints of the Service', timeoutMs: 20_000 },
    () => fleet.front.endpoints().length === 2,
  );
  // So that the simulator's founding fleet, which is at rest, has its like.
  await sleep(10_000);
}

/** As the API server completed it. */
async function specOf(fleet: Fleet): Promise<ClusterSpec> {
  const text = await fleet.kubectl(['get', 'openviducluster', fleet.name, '-o', 'json']);
  return compileSpec((JSON.parse(text) as OpenViduCluster).spec, {
    knownTimeZone: () => true,
    revision: 'simulated',
    deleting: false,
  }).spec;
}

interface StoryParts {
  readonly people: Guests;
  readonly watch: Watch;
  readonly screen: Screen;
  readonly trace: Trace;
  readonly seed: number;
}

interface Told extends Played {
  readonly machineLoads: readonly number[];
}

async function story({ people, watch, screen, trace, seed }: StoryParts): Promise<Told> {
  const inside = new Map<string, number>();
  const loads: number[] = [];
  const startMs = performance.now();
  const tell = (): void => {
    const seconds = Math.round((performance.now() - startMs) / 1000);
    loads.push(loadavg()[0] ?? 0);
    const present = [...inside.values()].reduce((sum, n) => sum + n, 0);
    screen.say(
      'story',
      `${seconds} s of ${endOf(trace) + tailS}: ${present} participants in ${inside.size} rooms`,
    );
  };
  const teller = setInterval(tell, tellEveryMs);
  const onLoad = (room: string, n: number): void => {
    if (n === 0) inside.delete(room);
    else inside.set(room, n);
    watch.load(room, n);
  };
  try {
    const clock = {
      nowS: () => (performance.now() - startMs) / 1000,
      until: async (atS: number) => await sleep(Math.max(0, startMs + atS * 1000 - performance.now())),
    };
    const played = await play({ trace, seed, people, clock, onLoad });
    await clock.until(endOf(trace) + tailS);
    return { ...played, machineLoads: loads };
  } finally {
    clearInterval(teller);
  }
}

function endOf(trace: Trace): number {
  return trace.rooms.reduce((latest, { startS, durationS }) => Math.max(latest, startS + durationS), 0);
}

function fared({ joinMs, cut }: GuestsTally, told: Told, watch: Watch): readonly string[] {
  const { refused, neverIn, machineLoads } = told;
  const joins = joinMs.map((each) => each / 1000);
  return [
    `participants who joined ${joins.length}, joins refused and tried again ${refused.length}, never in ${neverIn}`,
    `joins took ${median(joins)?.toFixed(2)} s in the middle and ${Math.max(...joins).toFixed(2)} s at most`,
    `participants disconnected against their will ${cut.length}, looks at Redis without an answer ${watch.missed}`,
    `load average of the machine's ${availableParallelism()} cores: ${median(machineLoads)?.toFixed(1)} in the middle, ${Math.max(...machineLoads).toFixed(1)} at most`,
    ...[...refused, ...cut].slice(0, 20).map((each) => `  ${each}`),
  ];
}
