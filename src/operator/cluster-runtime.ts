/** One OpenViduCluster at run time: its objects in the cluster, its link to the media plane, and its loop. */
import { createHash } from 'node:crypto';
import { FIELD_MANAGER } from '../api/names.ts';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { Clock } from '../base/clock.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Log } from '../base/log.ts';
import type { SpecProblem } from '../core/spec.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError, InvalidError } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { NewObject } from '../kube/kinds.ts';
import { PDBS, type ResourceType, SECRETS, SERVICES } from '../kube/resource.ts';
import { livekitConfig, metricsLogin } from '../manifests/livekit-config.ts';
import { livekitSecret } from '../manifests/livekit-secret.ts';
import { podDisruptionBudget } from '../manifests/pod-disruption-budget.ts';
import { signalService } from '../manifests/signal-service.ts';
import { Journal } from '../reconcile/journal.ts';
import { type MaskRoom, journalLines } from '../reconcile/journal-lines.ts';
import type { SpecNow } from '../reconcile/ports.ts';
import { ClusterLoop, type PassResult } from '../reconcile/reconcile.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Actor } from './actor.ts';
import { CheckpointStore } from './checkpoint.ts';
import { companionsOf } from './companions.ts';
import { decidingPart } from './deciding-part.ts';
import { type Connections, resolveConnections } from './connections.ts';
import { MediaLink } from './media-link.ts';
import { ForeignPods, watchedOnly } from './foreign-pods.ts';
import type { PodsCache } from './pods-cache.ts';
import { Recorder } from './recorder.ts';
import { ShadowWatch } from './shadow-watch.ts';
import { specNowOf } from './spec-now.ts';

/** Secrets may change without a word to us; they are read again this often, and at once when the spec changes. */
const resolveEveryMs = 60_000;
const resolveAgainMs = 5000;
/** Pods of another scaler are listed within this, or looked for again. */
const notListedMs = 500;

export interface RuntimeParts {
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly pods: PodsCache;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Asks for a pass: `soon` after a change that a decision may depend on, `later` after one that can wait. */
  wake(when: 'soon' | 'later'): void;
}

interface Media {
  readonly link: MediaLink;
  readonly loop: ClusterLoop;
  /** Pods of another scaler, where those are watched. */
  readonly foreign: ForeignPods | undefined;
  readonly identity: string;
}

export class ClusterRuntime {
  readonly #parts: RuntimeParts;
  readonly #recorder: Recorder;
  readonly #journal = new Journal();
  readonly #shadow: ShadowWatch;
  #cluster: OpenViduCluster;
  #specNow: SpecNow;
  #media: Media | undefined;
  #problems: readonly SpecProblem[] = [];
  #resolved: { readonly generation: number; readonly atMs: number; readonly ok: boolean } | undefined;
  #objects = '';

  constructor(cluster: OpenViduCluster, parts: RuntimeParts) {
    this.#parts = parts;
    this.#cluster = cluster;
    this.#specNow = specNowOf(cluster, []);
    this.#shadow = new ShadowWatch({
      log: parts.log,
      onReport: (report) => parts.metrics.shadow(this.#key(), report),
    });
    this.#recorder = new Recorder({
      client: parts.client,
      events: parts.events,
      clock: parts.clock,
      log: parts.log,
      cluster: () => this.#cluster,
      specNow: () => this.#specNow,
      onDecision: (input, decision, tookMs) => {
        parts.metrics.decision(this.#key(), input, decision, tookMs);
        this.#journal.record(input, decision, tookMs);
        this.#shadow.see(input, decision);
      },
      shadow: () => this.#shadow.status,
    });
  }

  /** One pass on the resource as it is now. @returns after how many milliseconds time alone may change the answer. */
  async pass(cluster: OpenViduCluster): Promise<number | undefined> {
    this.#cluster = cluster;
    await this.#connect();
    this.#specNow = specNowOf(cluster, this.#problems);
    if (this.#media === undefined) {
      const problem = this.#specNow.problems[0];
      if (problem !== undefined) this.#recorder.faulty(problem);
      return resolveAgainMs;
    }
    if (this.#media.foreign?.isSynced === false) return notListedMs;
    const { wakeAtMs } = await this.#passOn(this.#media.loop);
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
    await this.#unlink();
  }

  async #unlink(): Promise<void> {
    await this.#media?.foreign?.stop();
    await this.#media?.link.close();
    this.#media = undefined;
  }

  #passOn(loop: ClusterLoop): Promise<PassResult> {
    return loop.pass(this.#specNow);
  }

  #key(): string {
    return `${this.#cluster.metadata.namespace}/${this.#cluster.metadata.name}`;
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
    // A trial makes nothing: it may run beside a fleet that has a Service and a PodDisruptionBudget of its own.
    const isTrial = this.#cluster.spec.autoscaling.mode === 'DryRun';
    this.#problems = isTrial ? [] : await this.#applyObjects(resolved.connections);
    await this.#link(resolved.connections);
    this.#resolved = { generation, atMs: nowMs, ok: this.#problems.length === 0 };
  }

  async #link(connections: Connections): Promise<void> {
    const { server, mediaNodes } = this.#cluster.spec;
    const parts = {
      connections,
      serverUrl: server.url,
      signalPort: mediaNodes.signalPort,
      metricsPort: mediaNodes.metricsPort,
      metricsLogin: metricsLogin(mediaNodes.config),
      companions: companionsOf(mediaNodes.template.spec.containers),
    };
    const selector = foreignSelector(this.#cluster);
    const identity = digest({ ...parts, selector });
    if (this.#media?.identity === identity) return;
    await this.#unlink();
    const { clock, log, metrics, client, pods } = this.#parts;
    const wake = () => this.#parts.wake('soon');
    const link = new MediaLink({
      ...parts,
      clock,
      log,
      // Rooms come and go by the hundred; what they weigh shows in the heartbeats.
      onChange: (of) => this.#parts.wake(of === 'nodes' ? 'soon' : 'later'),
      onReapplied: (delayMs) => metrics.cordonReapplied(delayMs),
    });
    const actor = new Actor({
      client,
      pods,
      media: link,
      cluster: () => this.#cluster,
      nowIso: () => isoFromMs(clock.wallMs()),
      onDone: (action, outcome) => metrics.action(action.kind, outcome),
    });
    const foreign = selector === undefined ? undefined : this.#watchForeign(selector);
    const loop = new ClusterLoop(this.#cluster.metadata.name, {
      clock,
      log,
      media: foreign === undefined ? link : watchedOnly(link),
      pods: foreign ?? pods,
      actor,
      record: this.#recorder,
      learned: new CheckpointStore({
        client,
        log,
        apiSecret: connections.apiSecret,
        cluster: () => this.#cluster,
      }),
      wake,
    });
    this.#media = { link, loop, foreign, identity };
  }

  #watchForeign(matchLabels: Readonly<Record<string, string>>): ForeignPods {
    const { client, log } = this.#parts;
    const { namespace } = this.#cluster.metadata;
    const onChange = () => this.#parts.wake('soon');
    return new ForeignPods({ http: client.http, log, namespace, matchLabels, onChange });
  }

  /** Writes what the Media Nodes need, and only when it has changed. */
  async #applyObjects(connections: Connections): Promise<readonly SpecProblem[]> {
    const { metadata, spec } = this.#cluster;
    const yaml = livekitConfig({
      ...connections,
      signalPort: spec.mediaNodes.signalPort,
      metricsPort: spec.mediaNodes.metricsPort,
      userConfig: spec.mediaNodes.config,
    });
    const objects: readonly (readonly [ResourceType, NewObject])[] = [
      [SECRETS, livekitSecret(metadata, yaml)],
      [SERVICES, signalService(metadata, spec.mediaNodes.signalPort)],
      [PDBS, podDisruptionBudget(metadata)],
    ];
    const wanted = digest(objects);
    if (wanted === this.#objects) return [];
    for (const [type, object] of objects) {
      const problem = await this.#apply(type, object);
      if (problem !== undefined) return [problem];
    }
    this.#objects = wanted;
    return [];
  }

  async #apply(type: ResourceType, object: NewObject): Promise<SpecProblem | undefined> {
    try {
      await this.#parts.client.apply(type, object, { fieldManager: FIELD_MANAGER, force: true });
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError) || !(error instanceof InvalidError)) throw error;
      return { field: `${object.kind} ${object.metadata.name}`, message: error.message };
    }
  }
}

/** Only a trial looks at Pods of others; in any other mode they do not exist for the operator. */
function foreignSelector({ spec }: OpenViduCluster): Readonly<Record<string, string>> | undefined {
  const { mode, dryRun } = spec.autoscaling;
  return mode === 'DryRun' ? dryRun?.podSelector?.matchLabels : undefined;
}

/** Values with secrets in them are compared by their digest, so that none is kept longer than needed. */
function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
