/** What the Media Nodes of one OpenViduCluster need in the API: revisions, their Secrets, a Service, a budget. */
import { createHash } from 'node:crypto';
import { FIELD_MANAGER } from '../api/names.ts';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { SpecProblem } from '../core/spec.ts';
import type { KubeClient } from '../kube/client.ts';
import { ForbiddenError, InvalidError } from '../kube/errors.ts';
import type { KubeObject, NewObject } from '../kube/kinds.ts';
import { PDBS, type ResourceType, SECRETS, SERVICES } from '../kube/resource.ts';
import { livekitConfig, loginInConfig } from '../manifests/livekit-config.ts';
import { livekitSecret } from '../manifests/livekit-secret.ts';
import { type MediaNodeSource, mediaNodeRevision, mediaNodeSource } from '../manifests/media-node-pod.ts';
import { podDisruptionBudget } from '../manifests/pod-disruption-budget.ts';
import { signalService } from '../manifests/signal-service.ts';
import { type Connections, resolveConnections } from './connections.ts';
import type { RevisionStore, StoredRevision } from './revision-store.ts';

interface Applied {
  readonly digest: string;
  /** Of the object as it was then. */
  readonly edition: string | undefined;
}

export interface FleetObjectsParts {
  readonly client: KubeClient;
  readonly revisions: RevisionStore;
  cluster(): OpenViduCluster;
  /** Revisions that Pods are made from. */
  revisionsInUse(): ReadonlySet<string>;
}

export class FleetObjects {
  readonly #parts: FleetObjectsParts;
  /** By kind and name, what was applied last: none is written again without a change, of ours or of somebody else. */
  readonly #applied = new Map<string, Applied>();

  constructor(parts: FleetObjectsParts) {
    this.#parts = parts;
  }

  /**
   * Writes what is missing or has changed, and forgets revisions that nobody needs. Resolves to what the API server
   * objected to. @throws ApiError when it cannot be asked
   */
  async settle(connections: Connections): Promise<readonly SpecProblem[]> {
    const { metadata, spec } = this.#parts.cluster();
    const found = [
      await this.#settleRevisions(connections),
      await this.#apply(SERVICES, signalService(metadata, spec.mediaNodes)),
      await this.#apply(PDBS, podDisruptionBudget(metadata)),
    ];
    const problems = found.filter((problem) => problem !== undefined);
    if (problems.length === 0) await this.#prune();
    return problems;
  }

  async #prune(): Promise<void> {
    try {
      await this.#parts.revisions.prune(this.#parts.revisionsInUse());
    } catch (error) {
      // One revision too many does no harm, and the next time may succeed.
      if (!(error instanceof ForbiddenError)) throw error;
    }
  }

  async #settleRevisions(connections: Connections): Promise<SpecProblem | undefined> {
    const { spec } = this.#parts.cluster();
    const source = mediaNodeSource(spec);
    const revision = mediaNodeRevision(source);
    const stored = await this.#store(revision, source);
    if (stored.kind === 'Faulty') {
      // Without the object that keeps it a revision can still be launched, but never returned to.
      return (await this.#applySecret({ revision, source }, connections)) ?? stored.problem;
    }
    const present = { revision, source, keeper: keeperOf(stored.stored) };
    return (
      (await this.#applySecret(present, connections)) ?? (await this.#settleEarlier(revision, connections))
    );
  }

  /** Pods of earlier revisions may start again, or be made again, for as long as those are kept. */
  async #settleEarlier(present: string, connections: Connections): Promise<SpecProblem | undefined> {
    for (const stored of this.#parts.revisions.list()) {
      const { revision, source } = stored;
      if (revision === present || source === undefined) continue;
      const theirs = await this.#connectionsOf(source, connections);
      if (theirs === undefined) continue;
      const problem = await this.#applySecret({ revision, source, keeper: keeperOf(stored) }, theirs);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  async #store(
    revision: string,
    source: MediaNodeSource,
  ): Promise<
    | { readonly kind: 'Stored'; readonly stored: StoredRevision }
    | { readonly kind: 'Faulty'; readonly problem: SpecProblem }
  > {
    try {
      return { kind: 'Stored', stored: await this.#parts.revisions.ensure(revision, source) };
    } catch (error) {
      if (!(error instanceof ForbiddenError || error instanceof InvalidError)) throw error;
      const message = `${error.message}. Without it nothing can be rolled back: upgrade the chart, or grant the right.`;
      return { kind: 'Faulty', problem: { field: `ControllerRevision ${revision}`, message } };
    }
  }

  /** An earlier state may have named another Redis or login; where its Secrets are gone, what it was given stays as it is. */
  async #connectionsOf(source: MediaNodeSource, present: Connections): Promise<Connections | undefined> {
    const { metadata, spec } = this.#parts.cluster();
    if (digest(reachedBy(source)) === digest(reachedBy(mediaNodeSource(spec)))) return present;
    const { redis, mediaNodes } = source;
    const then = { server: spec.server, redis, mediaNodes };
    const resolved = await resolveConnections(this.#parts.client, metadata.namespace, then);
    return resolved.kind === 'Resolved' ? resolved.connections : undefined;
  }

  #applySecret(
    of: {
      readonly revision: string;
      readonly source: MediaNodeSource;
      readonly keeper?: { readonly name: string; readonly uid: string };
    },
    connections: Connections,
  ): Promise<SpecProblem | undefined> {
    const { signalPort, metricsPort, config } = of.source.mediaNodes;
    const yaml = livekitConfig({ ...connections, signalPort, metricsPort, userConfig: config });
    return this.#apply(SECRETS, livekitSecret(this.#parts.cluster().metadata, of, yaml));
  }

  async #apply(type: ResourceType, object: NewObject): Promise<SpecProblem | undefined> {
    const key = `${object.kind} ${object.metadata.name}`;
    const wanted = digest(object);
    try {
      if (await this.#stands(type, object, this.#applied.get(key), wanted)) return undefined;
      const kept = await this.#parts.client.apply(type, object, { fieldManager: FIELD_MANAGER, force: true });
      this.#applied.set(key, { digest: wanted, edition: editionOf(kept) });
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error;
      return { field: key, message: error.message };
    }
    return undefined;
  }

  /** Whether it is as it was applied: somebody may have deleted or changed it since. */
  async #stands(
    type: ResourceType,
    { metadata }: NewObject,
    applied: Applied | undefined,
    wanted: string,
  ): Promise<boolean> {
    if (applied?.digest !== wanted) return false;
    const { namespace } = this.#parts.cluster().metadata;
    const there = await this.#parts.client.find(type, { name: metadata.name, namespace });
    return there !== undefined && editionOf(there) === applied.edition;
  }
}

/** A status that changes is no edition where the API server counts those of the spec. */
function editionOf({ metadata: { uid, generation, resourceVersion } }: KubeObject): string {
  return `${uid}/${generation ?? resourceVersion}`;
}

/** What connections depend on. */
function reachedBy({ redis, mediaNodes: { config, metricsAuth } }: MediaNodeSource): unknown {
  return { redis, login: metricsAuth ?? loginInConfig(config) };
}

function keeperOf({ object: { metadata } }: StoredRevision): { readonly name: string; readonly uid: string } {
  return { name: metadata.name, uid: metadata.uid };
}

/** Values with secrets in them are compared by their digest, so that none is kept longer than needed. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
