import type { KubeClient } from './client.ts';
import { AlreadyExistsError, ApiError, ConflictError } from './errors.ts';
import type { Lease, LeaseSpec } from './kinds.ts';
import { microTime } from './micro-time.ts';
import { LEASES } from './resource.ts';
import type { Runtime } from './runtime.ts';

export interface LeaseTimes {
  readonly leaseMs: number;
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}

export interface LeaseRecordOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly times: LeaseTimes;
  readonly runtime: Runtime;
}

type Role = 'candidate' | 'leader';

/** What one try to take or renew the lease came to. */
export type HoldResult =
  | { readonly kind: 'held' }
  | { readonly kind: 'foreign'; readonly holder: string }
  | { readonly kind: 'failed'; readonly code: string; readonly why: string };

/** The Lease object and what this process saw of it, on its own monotonic clock: foreign clocks are never compared. */
export class LeaseRecord {
  readonly #options: LeaseRecordOptions;
  #seen: Lease | undefined;
  #seenChangeMs = 0;

  constructor(options: LeaseRecordOptions) {
    this.#options = options;
  }

  /**
   * Takes the lease if it is free or has run out, renews it if it is ours. A `leader` only renews: a lease that went
   * through other hands is lost, free or not. Not cancellable, or a write might be applied without our knowing its
   * version. Never throws an ApiError.
   */
  async tryHold(timeoutMs: number, role: Role): Promise<HoldResult> {
    const untilMs = this.#nowMs() + timeoutMs;
    try {
      // The holder writes straight over what it wrote last: one request, and a conflict tells if somebody came between.
      if (this.#seen?.spec?.holderIdentity === this.#options.identity) {
        const renewed = await this.#tryWrite(this.#seen, untilMs);
        if (renewed) return { kind: 'held' };
      }
      return await this.#lookAndTake(untilMs, role);
    } catch (error) {
      if (error instanceof ApiError) return { kind: 'failed', code: error.code, why: error.message };
      throw error;
    }
  }

  /** Writes an empty holder if the lease is still ours, so that another need not wait. Best effort. */
  async release(timeoutMs: number): Promise<boolean> {
    const lease = this.#seen;
    if (lease?.spec?.holderIdentity !== this.#options.identity) return false;
    const now = microTime(this.#options.runtime.clock.wallMs());
    const { leaseTransitions } = lease.spec;
    const spec: LeaseSpec = {
      leaseDurationSeconds: 1,
      acquireTime: now,
      renewTime: now,
      ...(leaseTransitions === undefined ? {} : { leaseTransitions }),
    };
    try {
      this.#remember(await this.#options.client.replace(LEASES, { ...lease, spec }, { timeoutMs }));
      return true;
    } catch (error) {
      // Not released: the others wait until it runs out.
      if (error instanceof ApiError) return false;
      throw error;
    }
  }

  async #lookAndTake(untilMs: number, role: Role): Promise<HoldResult> {
    const { client, namespace, name, identity } = this.#options;
    const found = await client.find(LEASES, { namespace, name }, this.#limits(untilMs));
    if (found === undefined) return await this.#createOne(untilMs);
    this.#remember(found);
    const holder = found.spec?.holderIdentity ?? '';
    const free = role === 'candidate' && (holder === '' || this.#hasRunOut(found));
    if (holder !== identity && !free) return { kind: 'foreign', holder };
    const taken = await this.#tryWrite(found, untilMs);
    return taken ? { kind: 'held' } : { kind: 'failed', code: 'Conflict', why: 'somebody wrote it first' };
  }

  async #createOne(untilMs: number): Promise<HoldResult> {
    const { client, namespace, name } = this.#options;
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name },
      spec: this.#specFor(undefined),
    };
    try {
      this.#remember(await client.create(LEASES, lease, this.#limits(untilMs)));
      return { kind: 'held' };
    } catch (error) {
      if (error instanceof AlreadyExistsError) {
        return { kind: 'failed', code: error.code, why: error.message };
      }
      throw error;
    }
  }

  /** False when somebody wrote in between, or our own earlier write arrived after we had given it up. */
  async #tryWrite(lease: Lease, untilMs: number): Promise<boolean> {
    const changed = { ...lease, spec: this.#specFor(lease.spec) };
    try {
      this.#remember(await this.#options.client.replace(LEASES, changed, this.#limits(untilMs)));
      return true;
    } catch (error) {
      if (error instanceof ConflictError) return false;
      throw error;
    }
  }

  #specFor(old: LeaseSpec | undefined): LeaseSpec {
    const { identity, times, runtime } = this.#options;
    const now = microTime(runtime.clock.wallMs());
    const renewed = old?.holderIdentity === identity;
    const transitions = old?.leaseTransitions ?? 0;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(times.leaseMs / 1000),
      acquireTime: renewed ? (old.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: renewed || old === undefined ? transitions : transitions + 1,
    };
  }

  /** The holder's own duration, counted since we last saw the object change; never less than ours. */
  #hasRunOut(lease: Lease): boolean {
    const statedMs = (lease.spec?.leaseDurationSeconds ?? 0) * 1000;
    return this.#nowMs() - this.#seenChangeMs > Math.max(statedMs, this.#options.times.leaseMs);
  }

  #remember(lease: Lease): void {
    const before = this.#seen?.metadata;
    const same =
      before?.uid === lease.metadata.uid && before.resourceVersion === lease.metadata.resourceVersion;
    if (!same) this.#seenChangeMs = this.#nowMs();
    this.#seen = lease;
  }

  #limits(untilMs: number): { readonly timeoutMs: number } {
    return { timeoutMs: Math.max(1, untilMs - this.#nowMs()) };
  }

  #nowMs(): number {
    return this.#options.runtime.clock.elapsedMs();
  }
}
