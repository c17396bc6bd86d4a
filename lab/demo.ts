/** `make demo`: a real cluster, real media servers, real participants, and the operator among them. */
import './quiet.ts';
import { join } from 'node:path';
import { type Cluster, startCluster } from './cluster/cluster.ts';
import { CommandError, LabError, type Say } from './exec.ts';
import { type FleetSpec, sampleManifest } from './fleet-spec.ts';
import { Fleet } from './fleet.ts';
import { installOperator, operatorLogs, operatorNamespace } from './operator.ts';
import { buildDir } from './paths.ts';
import { Screen } from './screen.ts';
import { stopOnSignals } from './stop.ts';
import { outcome } from './story-report.ts';
import { Story } from './story.ts';
import { elapsedSay, ensureTools, runCli } from './tools.ts';

const namespace = 'demo';
const logFile = join(buildDir, 'demo', 'log.txt');
const keep = process.env['KEEP'] === '1';
/** Reasons that only say that the lab has no cluster DNS or that a server is still starting. */
const noise: readonly string[] = [
  'MissingClusterDNS',
  'NoPods',
  'Unhealthy',
  'Pulled',
  'Created',
  'Started',
  'Scheduled',
  'Killing',
];

interface Stage {
  readonly fleet: Fleet;
  readonly screen: Screen;
  readonly story: Story;
  readonly spec: FleetSpec;
  readonly ready: Map<string, number>;
}

async function main(): Promise<void> {
  const say = elapsedSay();
  say('preparing: tools, images, cluster; the first run builds them, later runs reuse them');
  await ensureTools('all', say);
  const cluster = await startCluster({ nodes: 3, name: 'demo', images: 'all', keep, log: say });
  const stopped = stopOnSignals(cluster);
  try {
    await prepareOperator(cluster, say);
    const held = await play(cluster);
    if (!held) process.exitCode = 1;
  } catch (error) {
    process.exitCode = 1;
    console.error(error instanceof LabError || error instanceof CommandError ? error.message : error);
    await sayLogs(cluster);
  }
  if (!stopped()) await leave(cluster, say);
  // The media library of the participants keeps threads of its own, which would keep this process.
  process.exit();
}

async function prepareOperator(cluster: Cluster, say: Say): Promise<void> {
  say('installing the operator with helm: two replicas, leader election, rights in one namespace only');
  await installOperator(cluster, namespace);
  say('the operator is ready');
}

async function play(cluster: Cluster): Promise<boolean> {
  const stage = await prepareStage(cluster);
  const { fleet, screen, story, spec, ready } = stage;
  const manifest = sampleManifest(spec);
  screen.say('story', 'kubectl apply -f - <<EOF');
  screen.say('step', `${manifest}EOF`);
  await fleet.kubectl(['apply', '--validate=strict', '-f', '-'], manifest);
  screen.follow();
  try {
    await fleet.until(
      { what: 'the first Media Node', timeoutMs: 60_000 },
      () => fleet.condition('Ready').status === 'True',
    );
    await fleet.openFront();
    await fleet.until(
      { what: 'an endpoint of the Service', timeoutMs: 20_000 },
      () => fleet.front.endpoints().length > 0,
    );
    await story.run();
    const result = await outcome({ fleet, story, spec, ready });
    screen.say('result', result.lines.join('\n'));
    return result.held;
  } finally {
    await story.crowd.close();
    await screen.close();
    await fleet.close();
    console.log(`The whole run is in ${logFile}`);
  }
}

async function prepareStage(cluster: Cluster): Promise<Stage> {
  const fleet = await Fleet.open({ cluster, namespace, name: 'video' });
  const spec: FleetSpec = {
    name: fleet.name,
    secretName: fleet.secretName,
    redisAddress: `${cluster.gatewayIp}:${cluster.redisPort}`,
    min: 1,
    max: 4,
    capacity: 10,
    headroomSlots: 5,
    scaleDownSeconds: 10,
  };
  const screen = new Screen({ logFile, status: () => fleet.status });
  const ready = new Map<string, number>();
  fleet.onEvent(({ reason, note }) => {
    if (!noise.includes(reason)) screen.say('event', `${reason}  ${note}`);
  });
  fleet.onChange(() => {
    for (const { name, state } of fleet.nodes()) {
      if (state === 'Serving' && !ready.has(name)) ready.set(name, Date.now());
    }
    screen.changed();
  });
  return { fleet, screen, spec, ready, story: new Story({ fleet, screen, spec }) };
}

async function sayLogs(cluster: Cluster): Promise<void> {
  const logs = await operatorLogs(cluster).catch((error: unknown) => String(error));
  console.error(`What the operator said last:\n${logs.split('\n').slice(-40).join('\n')}`);
}

async function leave(cluster: Cluster, say: Say): Promise<void> {
  if (!keep) {
    say('taking everything down');
    await cluster.stop();
    return;
  }
  console.log(`
Everything is still running. Have a look:
  export KUBECONFIG=${cluster.kubeconfig} PATH=${join(buildDir, 'bin')}:$PATH
  kubectl -n ${namespace} get ovc -o wide
  kubectl -n ${namespace} get pods -L openvidu.io/signalling
  kubectl -n ${namespace} get events --sort-by=.metadata.creationTimestamp
  kubectl -n ${namespace} get configmap video-receipts -o yaml
  kubectl -n ${operatorNamespace} logs deploy/ovm-openvidu-media-operator
When you have seen enough: node lab/cluster/cluster.ts down --slot ${cluster.slot}`);
}

if (import.meta.main) await runCli(main);
