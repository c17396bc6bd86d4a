/** The OpenViduCapacityProfiles: read by the clusters that name them, and told what has become of them. */
import { isDeepStrictEqual } from 'node:util';
import { API_VERSION, FIELD_MANAGER } from '../api/names.ts';
import type { CapacityProfileStatus, OpenViduCapacityProfile, OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { Clock } from '../base/clock.ts';
import { isoFromMs } from '../base/iso-time.ts';
import type { Log } from '../base/log.ts';
import {
  type CapacityProfile,
  type ProfileReading,
  type ProfileUse,
  readProfile,
} from '../core/capacity-profile.ts';
import { profileDueMs, profileStatusOf, type ProfileUser } from '../core/profile-status.ts';
import type { KubeClient } from '../kube/client.ts';
import { ForbiddenError, NotFoundError } from '../kube/errors.ts';
import { keyOfObject, objectKey } from '../kube/object-key.ts';
import { WorkQueue } from '../kube/queue.ts';
import { OptionalWatch } from './optional-watch.ts';
import { PROFILE_KIND, PROFILES } from './profile-type.ts';

/** Timers cannot be set for longer than this. */
const longestTimerMs = 24 * 3_600_000;

export interface CapacityProfilesParts {
  readonly client: Pick<KubeClient, 'http' | 'applyStatus'>;
  readonly log: Log;
  readonly clock: Clock;
  /** `undefined`: all namespaces. */
  readonly namespace: string | undefined;
  /** A profile has come, changed or gone. */
  onChange(namespace: string, name: string): void;
}

export class CapacityProfiles {
  readonly #parts: CapacityProfilesParts;
  readonly #watch: OptionalWatch<OpenViduCapacityProfile>;
  readonly #queue: WorkQueue;
  /** Objects of the reflector never change, so what was made of one stays true. */
  readonly #read = new WeakMap<OpenViduCapacityProfile, CapacityProfile>();
  /** By `namespace/cluster`. */
  readonly #uses = new Map<string, ProfileUse>();
  #leading = false;

  constructor(parts: CapacityProfilesParts) {
    this.#parts = parts;
    const { client, log, namespace } = parts;
    this.#watch = new OptionalWatch({
      http: client.http,
      log,
      type: PROFILES,
      ...(namespace === undefined ? {} : { namespace }),
      without:
        'OpenViduCapacityProfiles may not be watched or do not exist here, so spec.mediaNodes.capacity.profileRef has no effect: upgrade the chart, or grant the right',
    });
    this.#watch.reflector.onChange(({ object }) => this.#changed(object));
    this.#queue = new WorkQueue({
      handle: (key) => this.#settle(key),
      concurrency: 1,
      retry: { baseMs: 1000, capMs: 60_000 },
      onError: (key, error, retryInMs) =>
        log.warn('status of a capacity profile not written', { profile: key, error, retryInMs }),
    });
  }

  /** Settles when they are listed, or when it is clear that they may not be. */
  get settled(): Promise<void> {
    return this.#watch.settled;
  }

  start(signal: AbortSignal): void {
    this.#watch.start(signal);
  }

  /** From now on their status is written. */
  lead(): void {
    this.#leading = true;
    this.#queue.start();
    for (const profile of this.#watch.reflector.list()) this.#queue.add(keyOfObject(profile), 'background');
  }

  /** Resolves when all that was under way has ended. */
  async stop(graceMs: number): Promise<void> {
    this.#leading = false;
    await this.#queue.stop(graceMs);
  }

  /** What a cluster of this namespace finds under a name. */
  read(namespace: string, name: string): ProfileReading {
    const object = this.#watch.reflector.get(namespace, name);
    if (object === undefined) return { kind: 'Missing', why: this.#whyMissing(namespace, name) };
    const known = this.#read.get(object);
    if (known !== undefined) return { kind: 'Read', profile: known };
    const profile = readProfile(object);
    this.#read.set(object, profile);
    return { kind: 'Read', profile };
  }

  /** What a cluster made of the profile that it names; `undefined`: it names none. */
  report({ metadata }: OpenViduCluster, use: ProfileUse | undefined): void {
    const key = keyOfObject({ metadata });
    const before = this.#uses.get(key);
    if (before === use || isDeepStrictEqual(before, use)) return;
    if (use === undefined) this.#uses.delete(key);
    else this.#uses.set(key, use);
    if (!this.#leading) return;
    const names = new Set([before?.name, use?.name].filter((name) => name !== undefined));
    for (const name of names) this.#queue.add(objectKey(metadata.namespace, name));
  }

  #whyMissing(namespace: string, name: string): string {
    const meanwhile =
      'Until then the figures of spec.mediaNodes.capacity hold, and the fleet does not become smaller.';
    return this.#watch.isWatching
      ? `There is no OpenViduCapacityProfile ${name} in namespace ${namespace}: create it, or mend spec.mediaNodes.capacity.profileRef. ${meanwhile}`
      : `OpenViduCapacityProfile ${name} cannot be read, because the operator may not watch that kind or it is not installed: upgrade the chart. ${meanwhile}`;
  }

  #changed({ metadata }: OpenViduCapacityProfile): void {
    this.#parts.onChange(metadata.namespace, metadata.name);
    if (this.#leading) this.#queue.add(keyOfObject({ metadata }));
  }

  async #settle(key: string): Promise<void> {
    const [namespace, name = ''] = key.split('/');
    const profile = this.#watch.reflector.get(namespace, name);
    if (profile === undefined || profile.metadata.deletionTimestamp !== undefined) return;
    const wallMs = this.#parts.clock.wallMs();
    const status = profileStatusOf({ profile, users: this.#usersOf(key), wallMs, nowIso: isoFromMs(wallMs) });
    const dueMs = profileDueMs(profile, wallMs);
    if (dueMs !== undefined) this.#queue.addAfter(key, Math.min(longestTimerMs, dueMs - wallMs + 1000));
    if (isDeepStrictEqual(status, profile.status)) return;
    await this.#write(profile, status);
  }

  async #write({ metadata }: OpenViduCapacityProfile, status: CapacityProfileStatus): Promise<void> {
    const { name, namespace } = metadata;
    const body = { apiVersion: API_VERSION, kind: PROFILE_KIND, metadata: { name, namespace }, status };
    try {
      await this.#parts.client.applyStatus(PROFILES, body, { fieldManager: FIELD_MANAGER, force: true });
    } catch (error) {
      // Gone in the meantime, or only to be looked at: then it has no status, and nothing rests on one.
      if (!(error instanceof NotFoundError || error instanceof ForbiddenError)) throw error;
      this.#parts.log.debug('status of a capacity profile not written', { error });
    }
  }

  #usersOf(key: string): readonly ProfileUser[] {
    const [namespace, name] = key.split('/');
    return [...this.#uses]
      .map(([cluster, use]) => ({ cluster: cluster.split('/'), use }))
      .filter(({ cluster, use }) => cluster[0] === namespace && use.name === name)
      .map(({ cluster, use }) => ({ cluster: cluster[1] ?? '', use }))
      .toSorted((a, b) => (a.cluster < b.cluster ? -1 : 1));
  }
}
