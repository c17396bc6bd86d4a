/** One OpenViduCluster at run time: its objects in the cluster, its link to the media plane, and its loop. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { Clock } from '../base/clock.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Log } from '../base/log.ts';
import type { SpecProblem } from '../core/spec.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import { Journal } from '../reconcile/journal.ts';
import { type MaskRoom, journalLines } from '../reconcile/journal-lines.ts';
import type { SpecNow } from '../reconcile/ports.ts';
import type { Metrics } from '../telemetry/metrics.ts';
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
    const { client, events, clock, log, metrics } = this.#parts;
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
      },
      shadow: () => this.#shadow.status,
      surroundings: () => ({
        sharingRedis: this.#parts.views.sharingRedis?.(this.#cluster) ?? [],
        machinesWatched: this.#pods.kubeNodes() !== undefined,
      }),
    });
  }

  /** One pass on the resource as it is now. @returns after how many milliseconds time alone may change the answer. */
  async pass(cluster: OpenViduCluster): Promise<number | undefined> {
    this.#cluster = cluster;
    const step = this.#retention();
    if (step.kind !== 'Keep') await this.#retain(step);
    if (step.kind === 'Release' && cluster.metadata.deletionTimestamp !== undefined) return undefined;
    const againMs = await this.#steps();
    if (step.kind !== 'Keep' || step.untilMs === undefined) return againMs;
    return Math.min(againMs, Math.max(0, step.untilMs - this.#parts.clock.wallMs()));
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
    const dueMs = this.#problems.length > 0 ? resolveAgainMs : resolveEveryMs;
    const nowMs = this.#parts.clock.elapsedMs();
    return Math.max(0, Math.min(dueMs, (wakeAtMs ?? Infinity) - nowMs));
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

  /** A fault in the spec leaves the link that works in place: running nodes are kept as they are. */
  async #connect(): Promise<void> {
    const { generation, namespace } = this.#cluster.metadata;
    const nowMs = this.#parts.clock.elapsedMs();
    const dueMs = this.#resolved?.ok === true ? resolveEveryMs : resolveAgainMs;
    const same = this.#resolved?.generation === generation;
    if (same && nowMs - (this.#resolved?.atMs ?? 0) < dueMs) return;
    const resolved = await resolveConnections(this.#parts.client, namespace, this.#cluster.spec);
    if (resolved.kind === 'Faulty') {
      this.#problems = resolved.problems;
      this.#resolved = { generation, atMs: nowMs, ok: false };
      return;
    }
    this.#problems = await this.#settleObjects(resolved.connections);
    await this.#link(resolved.connections);
    this.#resolved = { generation, atMs: nowMs, ok: this.#problems.length === 0 };
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
    const { clock, log, metrics, client } = this.#parts;
    const parts = {
      client,
      clock,
      log,
      metrics,
      wake: (when: 'soon' | 'later') => this.#parts.wake(when),
      pods: this.#pods,
      revisions: this.#revisions,
      record: this.#recorder,
      cluster: () => this.#cluster,
    };
    this.#media = openMediaLoop(parts, connections);
  }
}
