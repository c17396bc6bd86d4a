import { randomUUID } from 'node:crypto';
import { join, sep } from 'node:path';
import { parseArgs } from 'node:util';
import type { SupervisorClient } from './client.ts';
import { type ClusterInfo, type KubeNodeInfo, maxNodes, slotCount } from './names.ts';
import { attach, clearSlot, slotState, stopSlot, takeSlot } from './slot.ts';
import { ensureImageStore } from './store.ts';
import type { Act } from './wire.ts';
import { CommandError, LabError, run, type Say } from '../exec.ts';
import type { ImageName } from '../image.ts';
import { binDir, clustersDir } from '../paths.ts';
import { elapsedSay, runCli } from '../tools.ts';

/** A running cluster. The methods act on real processes and resolve when the act is done. */
export interface Cluster extends ClusterInfo {
  /** Runs kubectl as administrator and returns what it printed. @throws CommandError. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** An outage of Redis. By default the data survive it; with `keepData` false the next start finds nothing. */
  stopRedis(options?: { readonly keepData: boolean }): Promise<void>;
  startRedis(): Promise<void>;
  /** The API server stops answering but keeps its connections, as in a partition. */
  pauseApiServer(): Promise<void>;
  resumeApiServer(): Promise<void>;
  /** As if the machine lost its power: all its processes die at once. The Node object stays. */
  killKubeNode(name: string): Promise<void>;
  /** Adds a Kubernetes Node and waits until it is Ready. */
  addKubeNode(): Promise<KubeNodeInfo>;
  /** Takes everything down; resolves when nothing is left on the machine. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly nodes: number;
  readonly name?: string;
  /** `all`, or the images to have on every Kubernetes Node; pause always is. Default: pause and livekit. */
  readonly images?: 'all' | readonly ImageName[];
  /** Take this slot and no other. */
  readonly slot?: number;
  /** Stay when this process ends; default: the cluster ends with this process, however it dies. */
  readonly keep?: boolean;
  readonly log?: Say;
}

/** Starts a cluster and waits until its Kubernetes Nodes are Ready. @throws LabError with the remedy. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  if (!Number.isInteger(options.nodes) || options.nodes < 1 || options.nodes > maxNodes) {
    throw new LabError(`A cluster has 1 to ${maxNodes} Kubernetes Nodes: ask for a number in that range.`);
  }
  await preflight();
  const say = options.log ?? (() => undefined);
  // Made here and not by the supervisor: an interrupted first start ends its long build too.
  const store = await ensureImageStore(wantedImages(options.images), say);
  const token = randomUUID();
  const client = await takeSlot(options.slot, token, say);
  try {
    const state = await client.order({
      op: 'start',
      token,
      owned: options.keep !== true,
      name: options.name ?? keptName,
      nodes: options.nodes,
      store,
    });
    return makeCluster(client, state.info);
  } catch (error) {
    client.close();
    throw error;
  }
}

/** A handle on the cluster in the slot, once it is ready; `undefined` when there is none. */
export async function attachCluster(slot: number, say: Say = () => undefined): Promise<Cluster | undefined> {
  const found = await attach(slot, say);
  if (found === undefined) return undefined;
  const { info } = await found.client.order({ op: 'awaitReady' });
  return makeCluster(found.client, info);
}

/** @throws LabError when this process may not make network namespaces, bridges and cgroups. */
export async function preflight(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new LabError('A local cluster needs root: run this with sudo, or in a privileged container.');
  }
  const probe = 'ip link add ovmprobe type bridge && ip link add ovmprobe1 type veth peer name ovmprobe2';
  await run('unshare', ['--net', '--mount', 'sh', '-c', `${probe} && mount -t tmpfs tmpfs /mnt`]).catch(
    (error: unknown) => {
      const why = error instanceof CommandError ? error.output : String(error);
      throw new LabError(
        `This machine does not let root make network namespaces, bridges or mounts: use a privileged container (${why}).`,
      );
    },
  );
}

function wantedImages(images: ClusterOptions['images']): readonly ImageName[] {
  if (images === 'all') return ['pause', 'livekit', 'operator'];
  const wanted = new Set<ImageName>(['pause', ...(images ?? ['livekit'])]);
  return [...wanted].sort();
}

function makeCluster(client: SupervisorClient, info: ClusterInfo): Cluster {
  let known = info;
  const act = async (what: Act): Promise<void> => {
    known = (await client.order({ op: 'act', act: what })).info;
  };
  return {
    ...info,
    get nodes() {
      return known.nodes;
    },
    get pids() {
      return known.pids;
    },
    kubectl: (args, input) =>
      run(join(binDir, 'kubectl'), args, {
        env: { KUBECONFIG: info.kubeconfig },
        timeoutMs: 120_000,
        ...(input === undefined ? {} : { input }),
      }),
    stopRedis: (options) => act({ kind: 'stopRedis', keepData: options?.keepData ?? true }),
    startRedis: () => act({ kind: 'startRedis' }),
    pauseApiServer: () => act({ kind: 'pauseApiServer' }),
    resumeApiServer: () => act({ kind: 'resumeApiServer' }),
    killKubeNode: (node) => act({ kind: 'killKubeNode', node }),
    addKubeNode: async () => {
      const before = new Set(known.nodes.map(({ name }) => name));
      await act({ kind: 'addKubeNode' });
      const added = known.nodes.find(({ name }) => !before.has(name));
      if (added === undefined) throw new LabError('The new Kubernetes Node is gone already: try again.');
      return added;
    },
    stop: () => stopSlot(info.slot, client),
  };
}

const usage = `Usage:
  node lab/cluster/cluster.ts up [--nodes 3] [--slot N] [--operator]   start a cluster that stays, or reuse this checkout's
  node lab/cluster/cluster.ts down [--slot N]                          take down that one, or all of this checkout
  node lab/cluster/cluster.ts status                                   what runs in which slot`;

/** Of the clusters of a checkout, the one that \`up\` made. */
const keptName = 'lab';

const allSlots = Array.from({ length: slotCount }, (_, slot) => slot);

async function main(): Promise<void> {
  const { values, positionals } = parse();
  const say = elapsedSay();
  const slot = values.slot === undefined ? undefined : numberOf(values.slot, '--slot', slotCount - 1);
  switch (positionals[0] ?? '') {
    case 'up': {
      const nodes = numberOf(values.nodes, '--nodes', maxNodes);
      return up({ slot, nodes, withOperator: values.operator, say });
    }
    case 'down':
      return slot === undefined ? downOwn(say) : down(slot, say);
    case 'status':
      return status();
    default:
      throw new LabError(usage);
  }
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        nodes: { type: 'string', default: '3' },
        slot: { type: 'string' },
        operator: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new LabError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
}

function numberOf(text: string, option: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new LabError(`${option} takes a whole number up to ${max}, not ${text}.`);
  }
  return value;
}

interface Up {
  readonly slot: number | undefined;
  readonly nodes: number;
  readonly withOperator: boolean;
  readonly say: Say;
}

async function up(wish: Up): Promise<void> {
  const { say } = wish;
  const slot = wish.slot ?? (await keptSlot());
  const present = slot === undefined ? undefined : await attachOwn(slot, say);
  const cluster = present ?? (await startNew(wish));
  if (present !== undefined) {
    await assertHealthy(present);
    say(`a cluster runs in slot ${present.slot} already and is healthy: using it`);
  }
  console.log(await cluster.kubectl(['get', 'nodes', '-o', 'wide']));
  console.log(`export KUBECONFIG=${cluster.kubeconfig}`);
  process.exit(0);
}

function startNew({ slot, nodes, withOperator, say }: Up): Promise<Cluster> {
  const images = withOperator ? 'all' : (['livekit'] as const);
  return startCluster({ nodes, images, keep: true, log: say, ...(slot === undefined ? {} : { slot }) });
}

/** Slots are shared by all checkouts on a machine; their folders are not. */
function isOwn({ kubeconfig }: ClusterInfo): boolean {
  return kubeconfig.startsWith(join(clustersDir, sep));
}

async function keptSlot(): Promise<number | undefined> {
  for (const slot of allSlots) {
    const found = await slotState(slot);
    if (found.kind !== 'running') continue;
    if (isOwn(found.state.info) && found.state.info.name === keptName) return slot;
  }
  return undefined;
}

async function attachOwn(slot: number, say: Say): Promise<Cluster | undefined> {
  const found = await slotState(slot);
  if (found.kind !== 'running' || isOwn(found.state.info)) return attachCluster(slot, say);
  throw new LabError(`Slot ${slot} has a cluster of another checkout: leave --slot out, or choose another.`);
}

async function assertHealthy(cluster: Cluster): Promise<void> {
  const { slot } = cluster;
  const remedy = `take it down with node lab/cluster/cluster.ts down --slot ${slot}, then start again.`;
  const ask = (args: readonly string[]) =>
    cluster.kubectl([...args, '--request-timeout=5s']).catch(() => {
      throw new LabError(`The cluster in slot ${slot} does not answer: ${remedy}`);
    });
  await ask(['get', '--raw', '/readyz']);
  const table = await ask(['get', 'nodes', '--no-headers']);
  const sick = table.split('\n').filter((line) => line !== '' && !/\sReady\s/.test(line));
  if (sick.length > 0) throw new LabError(`The cluster in slot ${slot} has sick Kubernetes Nodes: ${remedy}`);
}

async function down(slot: number, say: Say): Promise<void> {
  if (await clearSlot(slot)) say(`slot ${slot} is clean`);
}

/** And what dead clusters have left, whosever they were: nobody can use it. */
async function downOwn(say: Say): Promise<void> {
  for (const slot of allSlots) {
    const found = await slotState(slot);
    if (found.kind === 'remains' || (found.kind === 'running' && isOwn(found.state.info)))
      await down(slot, say);
  }
}

async function status(): Promise<void> {
  for (const slot of allSlots) {
    const state = await slotState(slot);
    switch (state.kind) {
      case 'free':
        break;
      case 'running': {
        const { ready, info } = state.state;
        console.log(
          `slot ${slot}: ${info.name}, ${info.nodes.length} Kubernetes Nodes, ${ready ? 'ready' : 'starting'}`,
        );
        break;
      }
      case 'remains':
        console.log(
          `slot ${slot}: remains of a dead cluster (${state.things.length}): node lab/cluster/cluster.ts down --slot ${slot}`,
        );
        break;
    }
  }
}

if (import.meta.main) await runCli(main);
