/** Finds out what is under test: the node, how it can be measured, and what it may use. */
import { availableParallelism, totalmem } from 'node:os';
import { localMachine } from './fingerprint-machine.ts';
import { type MetricsLogin, NodeProbe, type NodeReading } from './node-probe.ts';
import { pidListeningOn, readLimits } from './node-probe-system.ts';
import { foreignRoomsOn } from './run-window.ts';
import { isOnThisMachine } from './same-machine.ts';
import { openTarget, type Target, TargetError } from './target.ts';
import type { Keys } from './signal.ts';

export interface RunTargetWish {
  readonly url: string;
  readonly keys: Keys;
  readonly metricsUrl: string | undefined;
  readonly metricsLogin?: MetricsLogin;
  readonly prefix: string;
  readonly allowSharedTarget: boolean;
  /** What is known of the node from elsewhere; each is looked for where it is undefined. */
  readonly nodeId: string | undefined;
  readonly serverPid: number | undefined;
  readonly serverCores: number | undefined;
  readonly serverMemoryBytes: number | undefined;
  readonly serverCpu: string | undefined;
}

export interface RunTarget {
  readonly target: Target;
  readonly probe: NodeProbe | undefined;
  readonly limitCores: number;
  readonly limitBytes: number | undefined;
  readonly serverCpu: string | undefined;
  readonly kernel: string;
  readonly nicMbps: number | undefined;
  /** The server runs on this machine. */
  readonly samePlace: boolean;
}

/** All runs have ids that begin with it. */
const runPrefix = 'lt-';

/** @throws TargetError, TargetJoinError when there is nothing to test, or others use it */
export async function openRunTarget(wish: RunTargetWish): Promise<RunTarget> {
  const [machine, server] = await Promise.all([localMachine(), serverOf(wish)]);
  const { pid, limitCores, limitBytes, samePlace } = server;
  const { metricsUrl, metricsLogin = {} } = wish;
  const probe =
    metricsUrl === undefined
      ? undefined
      : new NodeProbe({ metricsUrl, metricsLogin, pid, limitCores, limitBytes });
  const ownCpu = samePlace ? machine.cpu : undefined;
  try {
    return {
      target: await openOwn(wish, probe),
      probe,
      limitCores,
      limitBytes,
      serverCpu: wish.serverCpu ?? ownCpu,
      kernel: machine.kernel,
      nicMbps: samePlace ? undefined : machine.nicMbps,
      samePlace,
    };
  } catch (error) {
    await probe?.close();
    throw error;
  }
}

interface Server {
  /** Undefined where it runs elsewhere, or its process cannot be told. */
  readonly pid: number | undefined;
  readonly limitCores: number;
  /** `undefined` where nobody knows: the server runs elsewhere and its limit was not told. */
  readonly limitBytes: number | undefined;
  readonly samePlace: boolean;
}

/** What is not told is taken from its process, and what that does not say from this machine. */
async function serverOf({ url, serverPid, serverCores, serverMemoryBytes }: RunTargetWish): Promise<Server> {
  const { port } = new URL(url.replace(/^ws/, 'http'));
  const samePlace = isOnThisMachine(url);
  const found = samePlace ? await pidListeningOn(Number(port || 80)) : undefined;
  const pid = serverPid ?? found;
  const machine = { cores: availableParallelism(), memoryBytes: undefined };
  const limits = pid === undefined ? machine : await readLimits(pid);
  return {
    pid,
    limitCores: serverCores ?? limits.cores,
    limitBytes: serverMemoryBytes ?? limits.memoryBytes ?? (samePlace ? totalmem() : undefined),
    samePlace,
  };
}

async function openOwn(wish: RunTargetWish, probe: NodeProbe | undefined): Promise<Target> {
  const { url, keys, prefix } = wish;
  const node = probe === undefined ? undefined : await readNode(probe, wish.nodeId);
  const target = await openTarget({ url, keys, prefix, nodeId: wish.nodeId ?? node?.nodeId });
  // What an earlier try of the same run left behind is no load of others.
  await target.deleteLeftovers();
  if (!wish.allowSharedTarget) await refuseShared(target, node);
  return target;
}

/** @throws TargetError when it does not answer, or is another one than was meant */
async function readNode(probe: NodeProbe, nodeId: string | undefined): Promise<NodeReading> {
  const node = await probe.read(() => 0);
  if ('why' in node) {
    throw new TargetError(`${node.why}: check the address of the metrics, and that the server gives them.`);
  }
  if (nodeId === undefined || nodeId === node.nodeId) return node;
  throw new TargetError(
    `the metrics are of node ${node.nodeId}, and the test is for ${nodeId}: has it restarted?`,
  );
}

async function refuseShared(target: Target, node: NodeReading | undefined): Promise<void> {
  const rooms = await target.countRooms();
  const foreign = node === undefined ? rooms.foreign : foreignRoomsOn(node.rooms, rooms);
  if (foreign === 0) return;
  // Those of a test that was killed are closed by the server itself, within a minute when people were in them.
  const isTest = rooms.example?.startsWith(runPrefix) === true;
  const remedy = isTest
    ? 'wait until that load test is over'
    : 'use a node of its own, or allow a shared target';
  const known = foreign === 1 ? 'another room' : `${foreign} other rooms`;
  throw new TargetError(
    `the node serves ${known}${isTest ? ` (${rooms.example})` : ''}: a test would be measured with them and could ` +
      `harm them; ${remedy}.`,
  );
}
