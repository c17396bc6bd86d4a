/** What befalls media servers and the companions beside them. */
import { wholeBetween } from '../../src/workload/random.ts';
import type { Pod } from '../../src/kube/kinds.ts';
import { setBusy } from '../companion.ts';
import { LabError } from '../exec.ts';
import { killInPod, signalInPod } from '../pod-process.ts';
import { egressPort } from './ledger.ts';
import type { Scene } from './scene.ts';
import type { Stroke } from './stroke.ts';

/** How long clients of a dead server need to find another one. */
export const lossEchoMs = 90_000;
/** How long after a version's end a join on it may still fail. */
const joinEchoMs = 30_000;
const server = 'livekit-server';

export const crash: Stroke = {
  what: 'SIGKILL of a media server',
  weight: 1,
  strike: async (scene) => {
    const { stage, ledger } = scene;
    const pod = somePod(scene);
    if (pod === undefined) return 'nobody there';
    const { uid, name } = pod.metadata;
    ledger.taken.add(uid);
    const nowMs = Date.now();
    ledger.faults.push({
      what: `crash of ${name}`,
      fromMs: nowMs - 1000,
      toMs: nowMs + lossEchoMs,
      nodeIds: scene.nodeIdsOf([uid]),
    });
    await killInPod(stage.cluster, uid, server).catch((error: unknown) => {
      if (!(error instanceof LabError)) throw error;
    });
    return name;
  },
};

/** Shorter than clients wait for a server: nobody need be cut, and nothing is to be done. */
export const freeze: Stroke = {
  what: 'a media server stands still',
  weight: 1,
  strike: async (scene) => {
    const { stage, ledger, random } = scene;
    const pod = somePod(scene);
    if (pod === undefined) return 'nobody there';
    const { uid: podUid, name } = pod.metadata;
    const ms = wholeBetween(random, 2000, 9000);
    const fromMs = Date.now();
    try {
      await signalInPod(stage.cluster, { podUid, program: server, signal: 'SIGSTOP' });
      await scene.pause(ms);
      await signalInPod(stage.cluster, { podUid, program: server, signal: 'SIGCONT' });
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
    }
    const nodeIds = scene.nodeIdsOf([podUid]);
    ledger.faults.push({ what: `${name} stood still`, fromMs, toMs: Date.now() + lossEchoMs, nodeIds });
    return `${name} for ${ms} ms`;
  },
};

/** Only a canary shows it: without one, whoever writes such a version has it everywhere. */
export const failingJoins: Stroke = {
  what: 'version whose joins fail',
  weight: 1,
  thing: 'version',
  canStrike: ({ hasCanary }) => hasCanary,
  strike: async (scene) => {
    const fromMs = Date.now();
    // Signalling works and the server is Ready, but it offers no address for media.
    const rtc = { interfaces: { includes: ['none0'] }, tcp_port: 0 };
    await scene.fleet.patch({ mediaNodes: { config: { rtc } } });
    // It explains joins that fail, and nobody's cut.
    const fault = { what: 'version whose joins fail', fromMs, toMs: Infinity, nodeIds: new Set<string>() };
    scene.ledger.faults.push(fault);
    scene.breakFor('version', [30_000, 90_000], async () => {
      await scene.fleet.patch({ mediaNodes: { config: { rtc: null } } });
      fault.toMs = Date.now() + joinEchoMs;
    });
    return '';
  },
};

/** An egress at work for a while: its Pod is to stay for as long. */
export const recording: Stroke = {
  what: 'a recording',
  weight: 3,
  canStrike: ({ companions }) => companions.length > 0,
  strike: async (scene) => {
    const pod = somePod(scene);
    const podIp = pod?.status?.podIP;
    if (pod === undefined || podIp === undefined) return 'nobody there';
    const { uid, name } = pod.metadata;
    const thing = `recording of ${name}`;
    // The end of the first one would end both.
    if (scene.broken.has(thing)) return `${name} records already`;
    if (!(await becomes(podIp, true))) return `${name} does not answer`;
    const one = { uid, fromMs: Date.now(), toMs: Infinity };
    scene.ledger.recordings.push(one);
    scene.breakFor(thing, [10_000, 90_000], async () => {
      one.toMs = Date.now();
      await becomes(podIp, false);
    });
    return name;
  },
};

/** A companion may come up or go away at this moment. */
async function becomes(podIp: string, isBusy: boolean): Promise<boolean> {
  try {
    await setBusy(podIp, egressPort, isBusy);
    return true;
  } catch (error) {
    if (error instanceof LabError) return false;
    throw error;
  }
}

/** A Pod that runs and that nobody has told to end. */
export function somePod(scene: Scene): Pod | undefined {
  const running = scene.fleet
    .pods()
    .filter(
      ({ metadata, status }) => metadata.deletionTimestamp === undefined && status?.phase === 'Running',
    );
  return scene.pick(running);
}
