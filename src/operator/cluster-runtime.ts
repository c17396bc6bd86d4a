/** One OpenViduCluster at run time: its objects in the cluster, its link to the media plane, and its loop. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { Clock } from '../base/clock.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Log } from '../base/log.ts';
import type { SpecProblem } from '../core/spec.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError, NotLeadingError } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import { Journal } from '../reconcile/journal.ts';
import { type MaskRoom, journalLines } from '../reconcile/journal-lines.ts';
import type { SpecNow } from '../reconcile/ports.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { CapacityProfiles } from './capacity-profiles.ts';
import { claimPods } from './claim.ts';
import { type Connections, resolveConnections } from './connections.ts';
import { decidingPart } from './deciding-part.ts';
import { FleetObjects } from './fleet-objects.ts';
import { mediaIdentity, type MediaLoop, openMediaLoop } from './media-loop.ts';
import { PodsCache, type PodsView, type Surroundings } from './pods-cache.ts';
import { Recorder } from './recorder.ts';
import { type Retention, retention, writeRetention } from './retention.ts';
import { RevisionStore, type RevisionsView } from './revision-store.ts';
import { ShadowWatch } from './shadow-watch.ts';
import { isTrial, specNowOf } from './spec-now.ts';

/** Secrets may change without a word to us; they are read again this often, and at once when the spec changes. */
const resolveEveryMs = 60_000;
const resolveAgainMs = 5000;
/** Pods of another scaler are listed within this, or looked for again. */
const notListedMs = 500;

/** What all OpenViduClusters see of the cluster through shared watches. */
export interface SharedViews {
  readonly pods: PodsView;
  readonly revisions: RevisionsView;
  readonly kubeNodesOf?: NonNullable<Surroundings['kubeNodesOf']>;
  readonly profiles?: Pick<CapacityProfiles, 'read' | 'report'>;
  /** Other OpenViduClusters with the same Redis and database, as `namespace/name`. */
  sharingRedis?(cluster: OpenViduCluster): readonly string[];
}

export interface RuntimeParts {
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly views: SharedViews;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Asks for a pass: `soon` after a change that a decision may depend on, `later` after one that can wait. */
  wake(when: 'soon' | 'later'): void;
}

export class ClusterRuntime {
  readonly #parts: RuntimeParts;
  readonly #pods: PodsCache;
  readonly #revisions: RevisionStore;
  readonly #objects: FleetObjects;
  readonly #recorder: Recorder;
  readonly #journal = new Journal();
  readonly #shadow: ShadowWatch;
  #cluster: OpenViduCluster;
  #specNow: SpecNow;
  #media: MediaLoop | undefined;
  #problems: readonly SpecProblem[] = [];
  #resolved: { readonly generation: number; readonly atMs: number; readonly ok: boolean } | undefined;
  #toldDeleting = false;
  /** Whether nothing that an earlier leader has decided can be carried out any more. */
  #claimed = false;

  constructor(cluster: OpenViduCluster, parts: RuntimeParts) {
    const { client, views } = parts;
    this.#parts = parts;
    this.#cluster = cluster;
    this.#specNow = specNowOf(cluster, []);
    this.#revisions = new RevisionStore({
      client,
      view: views.revisions,
      key: this.#key(),
      owner: () => this.#cluster.metadata,
    });
    this.#pods = new PodsCache(views.pods, this.#key(), {
      ...(views.kubeNodesOf === undefined ? {} : { kubeNodesOf: views.kubeNodesOf }),
      revisions: () => this.#revisions.observations(),
    });
    this.#objects = new FleetObjects({
      client,
      revisions: this.#revisions,
      cluster: () => this.#cluster,
      revisionsInUse: () => new Set(this.#pods.list().map(({ revision = '' }) => revision)),
    });
    this.#shadow = new ShadowWatch({
      log: parts.log,
      onReport: (report) => parts.metrics.shadow(this.#key(), report),
    });
    this.#recorder = this.#makeRecorder();
  }

  #makeRecorder(): Recorder {
    const { client, events, clock, log, metrics, views } = this.#parts;
    return new Recorder({
      client,
      events,
      clock,
      log,
      cluster: () => this.#cluster,
      specNow: () => this.#specNow,
      onDecision: (input, decision, tookMs) => {
        metrics.decision(this.#key(), input, decision, tookMs);
        this.#journal.record(input, decision, tookMs);
        this.#shadow.see(input, decision);
        views.profiles?.report(this.#cluster, decision.capacity?.profile);
      },
      shadow: () => this.#shadow.status,
      surroundings: () => ({
        sharingRedis: this.#parts.views.sharingRedis?.(this.#cluster) ?? [],
        machinesWatched: this.#pods.kubeNodes() !== undefined,
        serverVersion: this.#media?.serverVersion(),
      }),
    });
  }

  /** What the journal of this cluster may take of the memory. */
  limitJournal(bytes: number): void {
    this.#journal.limitTo(bytes);
  }

  /** One pass on the resource as it is now. @returns after how many milliseconds time alone may change the answer. */
  async pass(cluster: OpenViduCluster): Promise<number | undefined> {
    this.#cluster = cluster;
    await this.#takeOver();
    const step = this.#retention();
    if (step.kind !== 'Keep') await this.#retain(step);
    if (step.kind === 'Release' && cluster.metadata.deletionTimestamp !== undefined) return undefined;
    const againMs = await this.#steps();
    if (step.kind !== 'Keep' || step.untilMs === undefined) return againMs;
    return Math.min(againMs, Math.max(0, step.untilMs - this.#parts.clock.wallMs()));
  }

  /** Tried again with each pass until it is done. A trial has no Pods of its own. */
  async #takeOver(): Promise<void> {
    if (this.#claimed || isTrial(this.#cluster)) return;
    const { client, clock } = this.#parts;
    const { namespace } = this.#cluster.metadata;
    const wrote = (version: string): void => this.#pods.wrote(version);
    const nowIso = isoFromMs(clock.wallMs());
    this.#claimed = await claimPods({ client, namespace, nowIso, wrote }, this.#pods.list());
  }

  async #steps(): Promise<number> {
    await this.#connect();
    this.#specNow = specNowOf(this.#cluster, this.#problems);
    if (this.#media === undefined) {
      const problem = this.#specNow.problems[0];
      if (problem !== undefined) this.#recorder.faulty(problem);
      return resolveAgainMs;
    }
    if (this.#media.foreign?.isSynced === false) return notListedMs;
    const { wakeAtMs } = await this.#media.loop.pass(this.#specNow);
    const nowMs = this.#parts.clock.elapsedMs();
    return Math.max(0, Math.min(this.#resolveAfterMs(), (wakeAtMs ?? Infinity) - nowMs));
  }

  /** The last decisions as JSON Lines, names of rooms replaced. */
  journal(last: number, maskRoom: MaskRoom): Iterable<string> {
    const resource = decidingPart(this.#cluster.spec);
    const header = { journal: 1, cluster: this.#key(), roomsHashed: true, resource } as const;
    return journalLines(header, this.#journal.entries(last), { maskRoom });
  }

  async close(): Promise<void> {
    this.#recorder.stop();
    this.#shadow.end();
    this.#parts.views.profiles?.report(this.#cluster, undefined);
    await this.#media?.close();
    this.#media = undefined;
  }

  #key(): string {
    return `${this.#cluster.metadata.namespace}/${this.#cluster.metadata.name}`;
  }

  #retention(): Retention {
    const step = retention({
      cluster: this.#cluster,
      pods: this.#pods.list(),
      ownWritesSeen: this.#pods.ownWritesSeen(),
      wallMs: this.#parts.clock.wallMs(),
    });
    if (step.kind === 'Keep' && step.untilMs !== undefined && !this.#toldDeleting) {
      this.#toldDeleting = true;
      const until = isoFromMs(step.untilMs);
      const message = `The Media Nodes leave as they become empty, and are told to stop at ${until} at the latest.`;
      this.#recorder.event({ reason: 'Deleting', message }, 'Normal');
    }
    return step;
  }

  async #retain(step: Exclude<Retention, { kind: 'Keep' }>): Promise<void> {
    if (step.kind === 'Release') this.#parts.log.info('no longer retained', { why: step.why });
    await writeRetention(this.#parts.client, this.#cluster, step);
  }

  /** Nobody says when a Secret changes; where Redis refuses a login, its Secret is looked at soon. */
  #resolveAfterMs(): number {
    const isSettled = this.#resolved?.ok === true && this.#media?.isRefused() !== true;
    return isSettled ? resolveEveryMs : resolveAgainMs;
  }

  /** A fault in the spec leaves the link that works in place: running nodes are kept as they are. */
  async #connect(): Promise<void> {
    const { generation } = this.#cluster.metadata;
    const nowMs = this.#parts.clock.elapsedMs();
    const same = this.#resolved?.generation === generation;
    if (same && nowMs - (this.#resolved?.atMs ?? 0) < this.#resolveAfterMs()) return;
    const { problems, ok } = await this.#settled(same);
    this.#problems = problems;
    this.#resolved = { generation, atMs: nowMs, ok };
  }

  /**
   * What stands in the way. Where the API server refuses a Secret or an object, or cannot be asked, a fleet that goes on as
   * it did needs none of them anew; what has changed waits until they are there.
   */
  async #settled(
    same: boolean,
  ): Promise<{ readonly problems: readonly SpecProblem[]; readonly ok: boolean }> {
    const { client, log } = this.#parts;
    try {
      const resolved = await resolveConnections(client, this.#cluster.metadata.namespace, this.#cluster.spec);
      if (resolved.kind === 'Faulty') return { problems: resolved.problems, ok: false };
      await this.#link(resolved.connections);
      const problems = await this.#settleObjects(resolved.connections);
      return { problems, ok: problems.length === 0 };
    } catch (error) {
      if (!(error instanceof ApiError) || error instanceof NotLeadingError) throw error;
      log.warn('the objects of the fleet are not settled', { code: error.code, why: error.message });
      const goesOn = same && this.#media !== undefined;
      const problem = { field: 'the objects of the fleet', message: error.message };
      return { problems: goesOn ? this.#problems : [problem], ok: false };
    }
  }

  /**
   * A trial makes nothing: it may run beside a fleet that has a Service and a PodDisruptionBudget of its own. A fleet that
   * is deleted needs nothing more, and its namespace may take nothing more.
   */
  #settleObjects(connections: Connections): Promise<readonly SpecProblem[]> {
    const isEnding = this.#cluster.metadata.deletionTimestamp !== undefined;
    return isEnding || isTrial(this.#cluster) ? Promise.resolve([]) : this.#objects.settle(connections);
  }

  async #link(connections: Connections): Promise<void> {
    if (this.#media?.identity === mediaIdentity(this.#cluster, connections)) return;
    await this.#media?.close();
    this.#media = undefined;
    const { clock, log, metrics, client, views } = this.#parts;
    const { namespace } = this.#cluster.metadata;
    const { profiles } = views;
    const parts = {
      client,
      clock,
      log,
      metrics,
      wake: (when: 'soon' | 'later') => this.#parts.wake(when),
      profiles: profiles && { read: (name: string) => profiles.read(namespace, name) },
      pods: this.#pods,
      revisions: this.#revisions,
      record: this.#recorder,
      cluster: () => this.#cluster,
    };
    this.#media = openMediaLoop(parts, connections);
  }
}
