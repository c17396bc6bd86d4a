/** Watches OpenViduLoadTests and carries each through its life. All that is remembered stands in their status. */
import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, FIELD_MANAGER, LABELS, LOAD_TEST_KIND } from '../api/names.ts';
import type { LoadTestStatus, OpenViduLoadTest } from '../api/v1alpha1.gen.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { isLoadTestOver, loadTestLife, type LoadTestDecision } from '../core/load-test-life.ts';
import type { LoadTestAction } from '../core/load-test-seen.ts';
import type { Finding } from '../core/reasons.ts';
import { severityOf } from '../core/transitions.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError, ForbiddenError, InvalidError, NotFoundError } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Pod } from '../kube/kinds.ts';
import { keyOfObject } from '../kube/object-key.ts';
import { WorkQueue } from '../kube/queue.ts';
import { PODS } from '../kube/resource.ts';
import { isAtLeast } from '../kube/resource-version.ts';
import { type Deed, giveBack, LoadTestActor } from './load-test-actor.ts';
import { type LoadTestView, lookAtLoadTest } from './load-test-look.ts';
import { publishProfile } from './load-test-profile.ts';
import { LOAD_TESTS } from './load-test-type.ts';
import { OptionalWatch } from './optional-watch.ts';

/** Figures follow the run at most this often; a change that somebody may wait for is written at once. */
const figuresEveryMs = 5000;
/** Media Nodes that are lent to nobody are looked for this often. */
const sweepEveryMs = 30_000;
const concurrency = 4;

export interface LoadTestControllerParts {
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  /** `undefined`: all namespaces. */
  readonly namespace: string | undefined;
  /** Image of the operator itself, which has coordinator and generators in it. */
  readonly image: string | undefined;
  /** Others that a test may name. */
  readonly otherImages: readonly string[];
}

type PublishAction = Extract<LoadTestAction, { kind: 'PublishProfile' }>;

/** What is known of one test beside its status, and may be forgotten. */
interface Kept {
  readonly uid: string;
  /** As it was written last: the watch may be late. */
  readonly latest: OpenViduLoadTest | undefined;
  readonly writtenAtMs: number;
  /** Why the API server did not take what was to be started. */
  readonly refusal: string | undefined;
}

export class LoadTestController {
  readonly #parts: LoadTestControllerParts;
  readonly #watch: OptionalWatch<OpenViduLoadTest>;
  readonly #queue: WorkQueue;
  readonly #actor: LoadTestActor;
  readonly #kept = new Map<string, Kept>();

  constructor(parts: LoadTestControllerParts) {
    this.#parts = parts;
    const { client, log, namespace } = parts;
    this.#actor = new LoadTestActor(parts);
    this.#watch = new OptionalWatch({
      http: client.http,
      log,
      type: LOAD_TESTS,
      ...(namespace === undefined ? {} : { namespace }),
      without:
        'OpenViduLoadTests may not be watched or do not exist here, so none is carried out: upgrade the chart, or grant the right',
    });
    this.#queue = new WorkQueue({
      handle: (key) => this.#handle(key),
      concurrency,
      retry: { baseMs: 500, capMs: 10_000 },
      onError: (key, error, retryInMs) =>
        log.error('load test not looked after', { loadTest: key, error, retryInMs }),
    });
    this.#watch.reflector.onChange(({ object }) => this.#queue.add(keyOfObject(object)));
  }

  /** Begins to watch. Nothing is done before `lead`. */
  watch(signal: AbortSignal): void {
    this.#watch.start(signal);
  }

  /** Carries load tests out until the signal; resolves when all that was under way has ended. */
  async lead(signal: AbortSignal, graceMs: number): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([this.#watch.settled, ended]);
    for (const test of this.#watch.reflector.list()) this.#queue.add(keyOfObject(test), 'background');
    if (!signal.aborted) this.#queue.start();
    const sweeping = setInterval(() => void this.#sweep(), sweepEveryMs);
    void this.#sweep();
    await ended;
    clearInterval(sweeping);
    await this.#queue.stop(graceMs);
  }

  async #handle(key: string): Promise<void> {
    const test = this.#latest(key);
    if (test === undefined) {
      this.#kept.delete(key);
      this.#queue.forget(key);
      return;
    }
    const view = await lookAtLoadTest({ ...this.#parts, refusal: this.#kept.get(key)?.refusal }, test);
    const decision = loadTestLife(view.seen);
    const status = await this.#carryOut(key, view, decision);
    for (const finding of decision.events) this.#tell(test, finding);
    if (status !== undefined) await this.#writeStatus(key, test, status);
    if (decision.againInMs !== undefined) this.#queue.addAfter(key, decision.againInMs);
  }

  /** What is known of it now: the watch may not yet show what was written last. */
  #latest(key: string): OpenViduLoadTest | undefined {
    const [namespace, name = ''] = key.split('/');
    const shown = this.#watch.reflector.get(namespace, name);
    const latest = this.#kept.get(key)?.latest;
    if (shown === undefined || latest === undefined) return shown;
    if (latest.metadata.uid !== shown.metadata.uid) return shown;
    return isAtLeast(shown.metadata.resourceVersion, latest.metadata.resourceVersion) ? shown : latest;
  }

  /** @returns the status that is still to be written; the actions may have added to it */
  async #carryOut(
    key: string,
    view: LoadTestView,
    decision: LoadTestDecision,
  ): Promise<LoadTestStatus | undefined> {
    const { status, order, actions } = decision;
    if (order === 'StatusFirst' && status !== undefined) await this.#writeStatus(key, view.test, status);
    let published: string | undefined;
    for (const action of actions) {
      if (action.kind === 'PublishProfile') published = await this.#publish(action, view);
      else await this.#act(key, action, view);
    }
    if (order === 'StatusFirst' || status === undefined) return undefined;
    if (published === undefined) return status;
    return { ...status, artifacts: { ...status.artifacts, capacityProfile: published } };
  }

  /** What the API server refuses for good is told, and ends the test. */
  async #act(key: string, action: Deed, view: LoadTestView): Promise<void> {
    try {
      await this.#actor.act(action, view);
    } catch (error) {
      const isFinal = error instanceof InvalidError || error instanceof ForbiddenError;
      if (action.kind !== 'Start' || !isFinal) throw error;
      this.#keep(key, view.test, { refusal: error.message });
    }
  }

  async #publish(action: PublishAction, view: LoadTestView): Promise<string | undefined> {
    try {
      return await publishProfile(this.#parts.client, view.test, action.spec);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The answer is worth more than the profile: the test ends all the same.
      this.#tell(view.test, { reason: 'ProfileNotPublished', message: error.message });
      return undefined;
    }
  }

  async #writeStatus(key: string, test: OpenViduLoadTest, status: LoadTestStatus): Promise<void> {
    const nowMs = this.#parts.clock.elapsedMs();
    if (isDeepStrictEqual(status, test.status)) return;
    const sinceMs = nowMs - (this.#kept.get(key)?.writtenAtMs ?? Number.NEGATIVE_INFINITY);
    const isUrgent = !isDeepStrictEqual(skeleton(status), skeleton(test.status));
    if (!isUrgent && sinceMs < figuresEveryMs) return;
    const { name, namespace } = test.metadata;
    const body = { apiVersion: API_VERSION, kind: LOAD_TEST_KIND, metadata: { name, namespace }, status };
    const options = { fieldManager: FIELD_MANAGER, force: true };
    try {
      const latest = await this.#parts.client.applyStatus(LOAD_TESTS, body, options);
      this.#keep(key, test, { latest, writtenAtMs: nowMs });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  #keep(key: string, { metadata }: OpenViduLoadTest, change: Partial<Kept>): void {
    const before = this.#kept.get(key);
    const same = before?.uid === metadata.uid ? before : undefined;
    this.#kept.set(key, {
      uid: metadata.uid,
      latest: same?.latest,
      writtenAtMs: same?.writtenAtMs ?? Number.NEGATIVE_INFINITY,
      refusal: same?.refusal,
      ...change,
    });
  }

  #tell({ metadata }: OpenViduLoadTest, { reason, message }: Finding): void {
    const { name, namespace, uid } = metadata;
    this.#parts.events.record({
      regarding: { apiVersion: API_VERSION, kind: LOAD_TEST_KIND, name, namespace, uid },
      type: severityOf(reason),
      reason,
      action: 'Reconcile',
      note: message,
      noteKey: `${uid} ${reason}`,
    });
  }

  /** A Media Node that is lent to a test that is over, or gone, is given back: none may stay closed for ever. */
  async #sweep(): Promise<void> {
    // Nothing is known of the tests while they may not be watched; where there are none, none can have a node.
    if (!this.#watch.isWatching && !this.#watch.isAbsent) return;
    const { client, log, namespace } = this.#parts;
    try {
      const scope = namespace === undefined ? {} : { namespace };
      const { items } = await client.list(PODS, { ...scope, labelSelector: LABELS.underTest });
      for (const pod of items.filter((one) => !this.#isLent(one))) {
        await giveBack(client, pod.metadata.namespace ?? '', pod.metadata);
        log.info('a Media Node that was lent to no load test was given back', { node: pod.metadata.name });
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      log.warn('Media Nodes under test not looked for', { code: error.code, error: error.message });
    }
  }

  #isLent({ metadata }: Pod): boolean {
    const key = `${metadata.namespace ?? ''}/${metadata.labels?.[LABELS.underTest] ?? ''}`;
    const test = this.#latest(key);
    if (test === undefined || isLoadTestOver(test.status)) return false;
    return test.status?.target?.mediaNode === metadata.name;
  }
}

/** What people and tools wait for; not how many are connected right now. */
function skeleton(status: LoadTestStatus | undefined): unknown {
  return {
    generation: status?.observedGeneration,
    phase: status?.phase,
    stopping: status?.stopping,
    target: status?.target,
    result: status?.result,
    artifacts: status?.artifacts,
    conditions: status?.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
  };
}
