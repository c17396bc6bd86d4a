/**
 * One OpenViduCluster: observe, decide, act, record. The loop remembers nothing that the cluster could tell it,
 * but the core's memory and what the nodes last said of themselves.
 */
import type { Action } from '../core/action.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import { decide } from '../core/decide.ts';
import { type Memory, coldMemory } from '../core/memory.ts';
import type { LaunchRefusal, Observed, PodObservation } from '../core/observed.ts';
import type { ServerApiReading } from '../core/readings.ts';
import type { Finding } from '../core/reasons.ts';
import { severityOf, transitions } from '../core/transitions.ts';
import { ActionRefusedError, type Ports, type SpecNow } from './ports.ts';
import { Refusals } from './refusals.ts';
import { doneFinding } from './done-finding.ts';
import { Knowledge } from './knowledge.ts';
import { SettledCapacity } from './settled-capacity.ts';
import { Witnesses } from './witnesses.ts';

/** How often the second source is asked while a removal waits for it. */
const serverApiEveryMs = 5000;

export interface PassResult {
  readonly decision: Decision;
  /** On the operator's monotonic clock; `undefined` when only a change can alter the decision. */
  readonly wakeAtMs: number | undefined;
}

interface Failed {
  readonly finding: Finding;
  /** It was tried in this pass. */
  readonly isNews: boolean;
}

export class ClusterLoop {
  readonly #name: string;
  readonly #ports: Ports;
  readonly #witnesses: Witnesses;
  readonly #knowledge: Knowledge;
  readonly #capacity: SettledCapacity;
  #memory: Memory;
  #last: Decision | undefined;
  #serverApi: ServerApiReading | undefined;
  #launchRefusal: LaunchRefusal | undefined;
  readonly #refusals = new Refusals();
  #evidence: Promise<void> = Promise.resolve();
  #askingServerApi = false;

  constructor(name: string, ports: Ports) {
    this.#name = name;
    this.#ports = ports;
    this.#witnesses = new Witnesses(ports.media, ports.clock);
    this.#knowledge = new Knowledge(ports);
    this.#capacity = new SettledCapacity(ports.profiles);
    this.#memory = coldMemory(ports.clock.elapsedMs());
  }

  /** The decision of the last pass, for tools that explain it. */
  get last(): Decision | undefined {
    return this.#last;
  }

  /** One pass. Rejects only on a defect in this program: states of the world are findings. */
  async pass(specNow: SpecNow): Promise<PassResult> {
    const { clock, record } = this.#ports;
    const startedMs = clock.elapsedMs();
    const input = await this.#observe(specNow);
    const decision = decide(input);
    this.#memory = decision.memory;
    const failed = await this.#carryOut(decision);
    const told =
      failed.length === 0
        ? decision
        : { ...decision, refusals: [...decision.refusals, ...failed.map(({ finding }) => finding)] };
    this.#tell(
      told,
      failed.flatMap(({ finding, isNews }) => (isNews ? [finding] : [])),
    );
    this.#last = told;
    record.decision(input, told, clock.elapsedMs() - startedMs);
    record.status(told);
    return { decision: told, wakeAtMs: this.#wakeAt(told) };
  }

  async #observe(specNow: SpecNow): Promise<DecideInput> {
    const { clock, media, pods } = this.#ports;
    const listed = pods.list();
    // Of this list, not of the one that the cache may show by the time Redis has answered.
    const ownWritesSeen = pods.ownWritesSeen();
    const wanted = new Set(this.#last?.evidenceWanted);
    this.#gatherEvidence(listed, wanted);
    const redis = await media.readRedis({ roomsNow: wanted.size > 0 });
    const observed: Observed = {
      pods: listed,
      ownWritesSeen,
      redis,
      metrics: this.#witnesses.testimony(listed),
      serverApi: this.#serverApi,
      launchRefusal: this.#launchRefusal,
      kubeNodes: pods.kubeNodes(),
      revisions: pods.revisions(),
    };
    const at = { nowMs: clock.elapsedMs(), wallMs: clock.wallMs() };
    const spec = this.#capacity.of(specNow.spec, observed, this.#memory);
    const known = this.#knowledge.after(observed, at, spec.capacity.participants);
    return { clusterName: this.#name, spec, observed, memory: this.#memory, ...at, ...known };
  }

  /** In the background: a node that does not answer must not hold up the steering of rooms. */
  #gatherEvidence(pods: readonly PodObservation[], wanted: ReadonlySet<string>): void {
    const heard = Promise.all([
      this.#witnesses.hear(pods, wanted),
      this.#askServerApi(pods, wanted.size > 0),
    ]);
    this.#evidence = heard.then(
      (answers) => {
        if (answers.includes(true)) this.#ports.wake();
      },
      // A defect in an adapter: nothing was heard, so nothing is proven, and the next pass asks again.
      (error: unknown) => this.#ports.log.error('asking failed', { error }),
    );
  }

  /** Resolves when all that was asked in the background has been answered. */
  evidenceSettled(): Promise<void> {
    return this.#evidence;
  }

  async #askServerApi(pods: readonly PodObservation[], wanted: boolean): Promise<boolean> {
    if (!wanted) {
      this.#serverApi = undefined;
      return false;
    }
    const { clock, media } = this.#ports;
    if (
      this.#askingServerApi ||
      clock.elapsedMs() - (this.#serverApi?.atMs ?? -serverApiEveryMs) < serverApiEveryMs
    ) {
      return false;
    }
    this.#askingServerApi = true;
    // The youngest answers at the port and to the key of the present spec.
    const youngest = pods.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
    const ips = youngest.flatMap((pod) => (pod.ready && pod.ip !== undefined ? [pod.ip] : []));
    try {
      this.#serverApi = await media.readServerApi(ips);
    } finally {
      this.#askingServerApi = false;
    }
    return true;
  }

  /** Nodes are closed before any of them leaves; a launch, which somebody waits for, does not wait for Redis to take that. */
  async #carryOut(decision: Decision): Promise<readonly Failed[]> {
    const { actions } = decision;
    this.#refusals.keep(actions);
    const launches = actions.filter(({ kind }) => kind === 'CreatePod');
    const others = actions.filter(({ kind }) => kind !== 'CreatePod');
    const failed = await Promise.all([
      this.#act(launches),
      this.#steer(decision).then(async () => await this.#act(others)),
    ]);
    return failed.flat();
  }

  async #steer({ steering }: Decision): Promise<void> {
    if (steering === undefined) return;
    await this.#ports.media.steer(steering.closed, steering.open);
  }

  /** Actions are independent of each other: one that is refused does not hold up the rest. */
  async #act(actions: readonly Action[]): Promise<readonly Failed[]> {
    if (actions.length === 0) return [];
    // Launches that are refused together are one failure: the back-off grows by passes, not by Pods.
    const earlier = this.#launchRefusal?.count ?? 0;
    const outcomes = await Promise.all(actions.map((action) => this.#actOnce(action, earlier)));
    return outcomes.filter((failed) => failed !== undefined);
  }

  async #actOnce(action: Action, earlierRefusals: number): Promise<Failed | undefined> {
    const waits = this.#refusals.of(action, this.#ports.clock.elapsedMs());
    if (waits !== undefined) return { finding: waits, isNews: false };
    try {
      await this.#ports.actor.act(action);
    } catch (error) {
      if (!(error instanceof ActionRefusedError)) throw error;
      const finding = this.#refused(action, error, earlierRefusals);
      return finding === undefined ? undefined : { finding, isNews: true };
    }
    this.#refusals.clear(action);
    if (action.kind === 'CreatePod') this.#launchRefusal = undefined;
    const done = doneFinding(action);
    if (done !== undefined) this.#ports.record.event(done, severityOf(done.reason));
    return undefined;
  }

  #refused(action: Action, error: ActionRefusedError, earlierRefusals: number): Finding | undefined {
    this.#ports.log.warn('action refused', { action: action.kind, why: error.message });
    if (error.stale) return undefined;
    const nowMs = this.#ports.clock.elapsedMs();
    if (action.kind !== 'CreatePod') {
      const message = `${action.kind} was refused: ${error.message}`;
      const finding: Finding = { reason: 'ActionRefused', message };
      this.#refusals.add(action, finding, nowMs);
      return finding;
    }
    const count = earlierRefusals + 1;
    this.#launchRefusal = { message: error.message, count, lastMs: nowMs };
    return { reason: 'LaunchFailed', message: `${action.name} could not be launched: ${error.message}` };
  }

  #tell(decision: Decision, failed: readonly Finding[]): void {
    const { record, log } = this.#ports;
    for (const finding of [...transitions(this.#last, decision), ...failed]) {
      record.event(finding, severityOf(finding.reason));
      log.info(finding.message, { reason: finding.reason, node: finding.node });
    }
    if (decision.refusals.length === 0) return;
    const before = new Set(this.#last?.refusals.map((finding) => finding.reason));
    for (const finding of decision.refusals) {
      if (failed.includes(finding) || before.has(finding.reason) || finding.node !== undefined) continue;
      if (severityOf(finding.reason) === 'Warning') record.event(finding, 'Warning');
      log.info(finding.message, { reason: finding.reason });
    }
  }

  #wakeAt(decision: Decision): number | undefined {
    const { clock } = this.#ports;
    const soonMs = this.#launchRefusal === undefined ? undefined : clock.elapsedMs() + 1000;
    const instants = [decision.wakeAtMs, soonMs, this.#refusals.nextMs].filter(
      (instant) => instant !== undefined,
    );
    return instants.length === 0 ? undefined : Math.min(...instants);
  }
}
