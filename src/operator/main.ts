/** Wires everything, runs, stops in order. No logic. Exit code 0: stopped as asked; 1: lease lost or defect; 2: bad setting. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../base/clock.ts';
import { keepLastWordsPlain } from '../base/last-words.ts';
import type { Log } from '../base/log.ts';
import { KubeClient } from '../kube/client.ts';
import type { RewoundError } from '../kube/errors.ts';
import { EventRecorder } from '../kube/events.ts';
import { KubeHttp } from '../kube/http.ts';
import { ServerTime, heldBack } from '../kube/server-time.ts';
import { LeaseLostError, runAsLeader } from '../kube/lease.ts';
import { createLog } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { type Checks, startTelemetryServer } from '../telemetry/server.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { Controller } from './controller.ts';
import { LoadTestController, type LoadTestControllerParts } from './load-test-controller.ts';
import { Office } from './office.ts';
import { version } from './version.ts';

/** An event loop that is this late cannot keep a lease. */
const stuckLoopNs = 10_000_000_000;
/** Seldom enough to cost a process at rest nothing. */
const loopLookMs = 1000;
/** How long a block is told of: a probe sees it, and one that is long over restarts nobody. */
const stuckTellsMs = 60_000;

async function main(): Promise<number> {
  const config = readConfig(process.env);
  const log = createLog({ level: config.logLevel });
  const stop = stopOnSignals(log);
  const metrics = createMetrics({ version, nodeVersion: process.version, processMetrics: true });
  const office = new Office(!config.leaderElection);
  const serverTime = new ServerTime();
  const clock = heldBack(systemClock, serverTime);
  const https = connectionsOf(config, {
    metrics,
    office,
    serverTime,
    onRewound: (error) => startAnew(error, log),
  });
  const client = new KubeClient(https.work);
  const identity = `${config.podName ?? hostname()}_${randomUUID()}`;
  const events = new EventRecorder({
    client: new KubeClient(https.events),
    controller: 'openvidu.io/media-operator',
    instance: identity,
    log,
  });
  const controller = new Controller({
    client,
    events,
    clock,
    log,
    metrics,
    namespace: config.watchNamespace,
    concurrency: config.concurrency,
    kubernetesNodes: config.kubernetesNodes,
  });
  const telemetry = await startTelemetryServer({
    port: config.port,
    ...checksOf(controller),
    metrics,
    journal: (question) => controller.journal(question),
  });
  log.info('started', { version, identity, namespace: config.watchNamespace ?? 'all' });
  controller.watch(stop);
  const loadTests = loadTestsOf(config, { client, clock, events, log });
  loadTests?.watch(stop);
  const code = await lead({
    config,
    client: new KubeClient(https.lease),
    office,
    controller,
    loadTests,
    identity,
    log,
    stop,
    leading: (is) => metrics.leading(is),
  });
  await events.stop();
  await telemetry.stop(config.shutdownGraceMs);
  await Promise.all(Object.values(https).map((http) => http.close()));
  log.info('stopped', { code });
  return code;
}

interface ConnectionParts {
  readonly metrics: Metrics;
  readonly office: Office;
  readonly serverTime: ServerTime;
  onRewound(error: RewoundError): void;
}

/** All over one pool; they differ in when a write may be sent. */
function connectionsOf({ kubeconfig }: Config, { metrics, office, ...shared }: ConnectionParts) {
  const open = (mayWrite: () => boolean): KubeHttp =>
    KubeHttp.fromKubeConfig(kubeconfig, {
      onAttempt: (attempt) => metrics.kubeAttempt(attempt),
      userAgent: `openvidu-media-operator/${version}`,
      mayWrite,
      ...shared,
    });
  return {
    lease: open(() => true),
    work: open(() => office.mayAct()),
    // What was done in office may still be told after it was left in order.
    events: open(() => office.mayTell()),
  } as const;
}

/** What this process knows, and what it is still waiting to see of its own writes, is of another history. */
function startAnew(error: RewoundError, log: Log): void {
  log.error('everything is begun anew', { why: error.message });
  process.exit(1);
}

/** Health is judged by this process alone: an API server that is down is no reason to restart it. */
function checksOf(controller: Controller): { readonly live: Checks; readonly ready: Checks } {
  const loopDelay = monitorEventLoopDelay({ resolution: loopLookMs });
  loopDelay.enable();
  setInterval(() => loopDelay.reset(), stuckTellsMs).unref();
  return {
    live: {
      eventLoop: () => ({
        ok: loopDelay.max < stuckLoopNs,
        why: 'the event loop was blocked for more than 10 s',
      }),
    },
    ready: {
      synced: () => ({ ok: controller.isSynced, why: 'Pods or OpenViduClusters are not listed yet' }),
    },
  };
}

/** `undefined` where none is to be carried out. */
function loadTestsOf(
  { loadTests, loadTestImages, watchNamespace: namespace, image }: Config,
  parts: Omit<LoadTestControllerParts, 'namespace' | 'image' | 'otherImages'>,
): LoadTestController | undefined {
  if (!loadTests) return undefined;
  const otherImages = loadTestImages.split(',').filter((name) => name !== '');
  return new LoadTestController({ ...parts, namespace, image, otherImages });
}

interface LeadParts {
  readonly config: Config;
  /** Reads and writes the Lease, whoever leads. */
  readonly client: KubeClient;
  readonly office: Office;
  readonly controller: Controller;
  /** `undefined`: none is carried out. */
  readonly loadTests: LoadTestController | undefined;
  readonly identity: string;
  readonly log: Log;
  readonly stop: AbortSignal;
  leading(isLeader: boolean): void;
}

async function lead(parts: LeadParts): Promise<number> {
  const { config, client, office, identity, log, stop } = parts;
  if (!config.leaderElection) {
    parts.leading(true);
    await leadAll(parts, stop);
    return 0;
  }
  const { leaseName: name, leaseMs, renewDeadlineMs, retryMs } = config;
  const namespace = config.podNamespace ?? client.http.namespace;
  const onState = (state: string, holder: string) => {
    parts.leading(state === 'leading');
    log.info('leader election', { state, holder });
    // Work that hangs must not outlive the lease; unref, so that work that ends sooner is not held up.
    if (state === 'lost') setTimeout(() => process.exit(1), (leaseMs - renewDeadlineMs) / 2).unref();
  };
  const election = {
    client,
    namespace,
    name,
    identity,
    signal: stop,
    leaseMs,
    renewDeadlineMs,
    retryMs,
    log,
    onState,
  };
  try {
    await runAsLeader(election, (signal, term) => {
      office.take(term);
      return leadAll(parts, signal);
    });
    office.leave();
    return 0;
  } catch (error) {
    if (!(error instanceof LeaseLostError)) throw error;
    log.error('lease lost', { why: error.message });
    return 1;
  }
}

async function leadAll({ config, controller, loadTests }: LeadParts, signal: AbortSignal): Promise<void> {
  const { shutdownGraceMs } = config;
  await Promise.all([controller.lead(signal, shutdownGraceMs), loadTests?.lead(signal, shutdownGraceMs)]);
}

/** The first SIGTERM or SIGINT stops in order; a second one ends at once. */
function stopOnSignals(log: Log): AbortSignal {
  const stopping = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) process.exit(130);
    log.info('stopping', { signal });
    stopping.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return stopping.signal;
}

keepLastWordsPlain(process);
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
