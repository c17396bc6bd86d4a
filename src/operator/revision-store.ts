/** The revisions of one OpenViduCluster: what its Pods are and were made from, and what became of each. */
import { ANNOTATIONS, LABELS } from '../api/names.ts';
import { assert } from '../base/assert.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import type { RevisionObservation, RevisionVerdict } from '../core/observed.ts';
import type { KubeClient } from '../kube/client.ts';
import { AlreadyExistsError, ForbiddenError, NotFoundError } from '../kube/errors.ts';
import type { ControllerRevision } from '../kube/kinds.ts';
import { isAtLeast } from '../kube/resource-version.ts';
import { CONTROLLER_REVISIONS } from '../kube/resource.ts';
import { controllerRevision, sourceIn, verdictAnnotations } from '../manifests/controller-revision.ts';
import type { MediaNodeSource } from '../manifests/media-node-pod.ts';
import { type OwnerRef, revisionName } from '../manifests/owned-object.ts';
import { byCluster } from './pods-cache.ts';

/** Revisions that no Pod is made from and that are kept all the same, for a way back. */
const mostUnused = 5;

/** The part of a reflector that is read here. */
export interface RevisionsView {
  readonly version: string | undefined;
  byIndex(index: string, value: string): readonly ControllerRevision[];
}

/** Nobody can be asked: nothing is known of any revision. */
export const noRevisions: RevisionsView = { version: undefined, byIndex: () => [] };

export interface RevisionStoreParts {
  readonly client: Pick<KubeClient, 'create' | 'get' | 'patchMerge' | 'delete'>;
  readonly view: RevisionsView;
  /** The cluster as `namespace/name`. */
  readonly key: string;
  owner(): OwnerRef;
}

export interface StoredRevision {
  readonly revision: string;
  readonly source: MediaNodeSource | undefined;
  readonly object: ControllerRevision;
}

export class RevisionStore {
  readonly #parts: RevisionStoreParts;
  /** Own writes that the view may not show yet. */
  readonly #written = new Map<string, ControllerRevision>();
  /** Verdicts on revisions that are not stored. */
  readonly #unwritten = new Map<string, RevisionObservation>();
  /** The last answer of `list`, and what it was made from. */
  #listed:
    | { readonly seen: readonly ControllerRevision[]; readonly list: readonly StoredRevision[] }
    | undefined;
  #observed:
    | { readonly of: readonly StoredRevision[]; readonly list: readonly RevisionObservation[] }
    | undefined;

  constructor(parts: RevisionStoreParts) {
    this.#parts = parts;
  }

  /** Oldest first: the last one is that of the spec, once it is stored. */
  list(): readonly StoredRevision[] {
    const seen = this.#seen();
    const before = this.#listed?.seen;
    if (
      this.#listed !== undefined &&
      before?.length === seen.length &&
      seen.every((one, at) => one === before[at])
    ) {
      return this.#listed.list;
    }
    const list = seen.map(storedOf).toSorted((a, b) => a.object.revision - b.object.revision);
    this.#listed = { seen, list };
    return list;
  }

  /** As the core wants to know them, oldest first. The same list until something has changed. */
  observations(): readonly RevisionObservation[] {
    const of = this.list();
    if (this.#observed?.of !== of) {
      const known = of.map(observationOf);
      const others = [...this.#unwritten.values()].filter(({ revision }) =>
        known.every((one) => one.revision !== revision),
      );
      this.#observed = { of, list: [...others, ...known] };
    }
    return this.#observed.list;
  }

  /** What the Pods of a revision are made from; `undefined` when that is not known. */
  sourceOf(revision: string): MediaNodeSource | undefined {
    return this.list().find((stored) => stored.revision === revision)?.source;
  }

  /** Stores the state that is in the spec now, as the newest, unless it is already. @throws ApiError */
  async ensure(revision: string, source: MediaNodeSource): Promise<StoredRevision> {
    const all = this.list();
    const newest = all.at(-1);
    const number = (newest?.object.revision ?? 0) + 1;
    const known = all.find((stored) => stored.revision === revision);
    if (known !== undefined) return known === newest ? known : await this.#renumber(known, number);
    const { client } = this.#parts;
    try {
      const object = controllerRevision(this.#parts.owner(), { revision, source }, number);
      return this.#wrote(await client.create(CONTROLLER_REVISIONS, object));
    } catch (error) {
      if (!(error instanceof AlreadyExistsError)) throw error;
      return this.#wrote(await client.get(CONTROLLER_REVISIONS, this.#ref(revision)));
    }
  }

  /** Leaves word of what became of a revision; where none can be left, this process alone knows it. @throws ApiError */
  async judge(revision: string, verdict: RevisionVerdict): Promise<void> {
    const metadata = { annotations: verdictAnnotations(verdict) };
    const ref = this.#ref(revision);
    try {
      this.#wrote(await this.#parts.client.patchMerge(CONTROLLER_REVISIONS, ref, { metadata }));
    } catch (error) {
      if (!(error instanceof NotFoundError || error instanceof ForbiddenError)) throw error;
      this.#unwritten.set(revision, { revision, createdAtMs: 0, verdict });
      this.#observed = undefined;
    }
  }

  /** Forgets what no way back leads to. Never a revision in `inUse`, nor the newest proven one. @throws ApiError */
  async prune(inUse: ReadonlySet<string>): Promise<void> {
    for (const { object } of surplusRevisions(this.list(), inUse)) {
      const { name, uid } = object.metadata;
      const ref = { name, namespace: this.#parts.owner().namespace };
      try {
        await this.#parts.client.delete(CONTROLLER_REVISIONS, ref, { uid });
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
      }
      this.#written.delete(name);
    }
  }

  /** A state that comes back is the newest again: what it replaces is what one would go back to. */
  async #renumber({ revision }: StoredRevision, number: number): Promise<StoredRevision> {
    const patch = { revision: number };
    return this.#wrote(await this.#parts.client.patchMerge(CONTROLLER_REVISIONS, this.#ref(revision), patch));
  }

  #wrote(object: ControllerRevision): StoredRevision {
    this.#written.set(object.metadata.name, object);
    return storedOf(object);
  }

  #ref(revision: string): { readonly name: string; readonly namespace: string } {
    const { name, namespace } = this.#parts.owner();
    return { name: revisionName(name, revision), namespace };
  }

  /** What the view shows, with own writes in the place of what is older. */
  #seen(): readonly ControllerRevision[] {
    const { view, key } = this.#parts;
    const shown = new Map(view.byIndex(byCluster, key).map((object) => [object.metadata.name, object]));
    for (const [name, own] of this.#written) {
      const object = shown.get(name);
      const version = object?.metadata.resourceVersion ?? view.version;
      // The view is as new: it shows the write, or that somebody has undone it.
      if (version !== undefined && isAtLeast(version, own.metadata.resourceVersion))
        this.#written.delete(name);
      else shown.set(name, own);
    }
    return [...shown.values()];
  }
}

/** Those that may be forgotten, of a list that begins with the oldest. */
export function surplusRevisions(
  all: readonly StoredRevision[],
  inUse: ReadonlySet<string>,
): readonly StoredRevision[] {
  const proven = all.findLast(({ object }) => verdictOf(object)?.kind === 'Proven');
  const unused = all.slice(0, -1).filter((stored) => !inUse.has(stored.revision) && stored !== proven);
  return unused.slice(0, Math.max(0, unused.length - mostUnused));
}

function storedOf(object: ControllerRevision): StoredRevision {
  const revision = object.metadata.labels?.[LABELS.revision] ?? object.metadata.name;
  return { revision, object, source: sourceIn(object.data) };
}

function observationOf({ revision, object }: StoredRevision): RevisionObservation {
  const createdAtMs = parseIsoMs(object.metadata.creationTimestamp);
  assert(createdAtMs !== undefined, `ControllerRevision ${object.metadata.name} has a creation time`);
  return { revision, createdAtMs, verdict: verdictOf(object) };
}

function verdictOf({ metadata }: ControllerRevision): RevisionVerdict | undefined {
  const kind = metadata.annotations?.[ANNOTATIONS.verdict];
  if (kind !== 'Proven' && kind !== 'Failed') return undefined;
  return { kind, why: metadata.annotations?.[ANNOTATIONS.verdictWhy] ?? 'nobody has said why' };
}
