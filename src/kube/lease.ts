import { type Log, silentLog } from '../base/log.ts';
import type { KubeClient } from './client.ts';
import { type HoldResult, LeaseRecord, type LeaseTimes } from './lease-record.ts';
import { followAbort, type Runtime, sleep } from './runtime.ts';

export interface ElectionOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Unlike that of any other process, also of an earlier one in the same Pod. */
  readonly identity: string;
  /** Stops the candidacy; a leader finishes its work and releases the lease. */
  readonly signal: AbortSignal;
  /** How long others respect a lease that is not renewed; 15 s. */
  readonly leaseMs?: number;
  /** How long a leader goes on without a renewal; 10 s, less than `leaseMs`. */
  readonly renewDeadlineMs?: number;
  /** Between two tries, and the limit of each request; 2 s. */
  readonly retryMs?: number;
  readonly runtime?: Runtime;
  readonly log?: Log;
  readonly onState?: (state: LeaderState, holder: string) => void;
}

/** `lost` is told at once, while the work may still be ending. */
export type LeaderState = 'leading' | 'following' | 'lost' | 'stopped';

/** One term as leader. */
export interface Term {
  /** Aborts before anybody else can lead, or when the process is asked to stop. */
  readonly signal: AbortSignal;
  /**
   * Whether a write may still be sent: the lease is held by the clock and neither lost nor released. True to the point
   * also right after the process was frozen, when no timer has had its turn yet.
   */
  isHeld(): boolean;
}

/** The lease was lost or could not be renewed in time. The work was told to stop: end the process. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

type Work = (signal: AbortSignal, term: Term) => Promise<void>;

/**
 * Waits for the lease, then runs the work as the only leader. Resolves after a graceful stop or when the work ends,
 * with the lease released.
 * @throws LeaseLostError once the work has ended because the lease was lost; whatever the work rejects with.
 */
export async function runAsLeader(options: ElectionOptions, onStartedLeading: Work): Promise<void> {
  const election = new Election(options);
  try {
    await election.acquire();
    if (options.signal.aborted) await election.release();
    else await election.lead(onStartedLeading);
  } finally {
    options.onState?.('stopped', '');
  }
}

class Election {
  readonly #options: ElectionOptions;
  readonly #runtime: Runtime;
  readonly #log: Log;
  readonly #times: LeaseTimes;
  readonly #record: LeaseRecord;
  #holder: string | undefined;
  #toldForbidden = false;
  /** When the last successful renewal was sent: the lease counts from there for everybody. */
  #renewedMs: number | undefined;
  /** The same by the wall clock, which goes on while a machine sleeps; the other one may not. */
  #renewedWallMs = 0;
  #released = false;
  #lostBecause: string | undefined;
  #brokenBy: unknown;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#runtime = options.runtime ?? options.client.http.runtime;
    this.#log = options.log ?? silentLog;
    this.#times = {
      leaseMs: options.leaseMs ?? 15_000,
      renewDeadlineMs: options.renewDeadlineMs ?? 10_000,
      retryMs: options.retryMs ?? 2_000,
    };
    const { leaseMs, renewDeadlineMs, retryMs } = this.#times;
    if (!(leaseMs > renewDeadlineMs && renewDeadlineMs > retryMs)) {
      throw new RangeError('leader election needs leaseMs > renewDeadlineMs > retryMs');
    }
    this.#record = new LeaseRecord({ ...options, times: this.#times, runtime: this.#runtime });
  }

  /** A wall clock that was set forward costs the writes until the next renewal, which tells what is true. */
  isHeld(): boolean {
    if (this.#released || this.#lostBecause !== undefined || this.#leftMs() <= 0) return false;
    return this.#runtime.clock.wallMs() - this.#renewedWallMs < this.#times.leaseMs;
  }

  /** Tries until the lease is ours or the stop signal aborts. */
  async acquire(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      const result = await this.#tryHold(this.#times.retryMs, 'candidate');
      if (result.kind === 'held') return;
      if (result.kind === 'failed') this.#log.debug('lease not reached', { code: result.code });
      this.#tellIfForbidden(result);
      if (result.kind === 'foreign') this.#follow(result.holder);
      await sleep(this.#runtime, this.#pauseMs(), signal);
    }
  }

  async lead(work: Work): Promise<void> {
    const { identity, signal: stop, onState } = this.#options;
    const over = new AbortController();
    const ended = new AbortController();
    this.#log.info('leading', { identity });
    onState?.('leading', identity);
    const untie = followAbort(over, stop);
    const renewing = this.#keepRenewing(over, ended.signal);
    try {
      await work(over.signal, { signal: over.signal, isHeld: () => this.isHeld() });
    } finally {
      untie();
      ended.abort();
      await renewing;
      if (this.#lostBecause === undefined) await this.release();
    }
    if (this.#lostBecause !== undefined)
      throw new LeaseLostError(this.#lostBecause, { cause: this.#brokenBy });
  }

  /** Lets the lease go if it is ours, so that nobody has to wait for it. Best effort. */
  async release(): Promise<void> {
    this.#released = true;
    const released = await this.#record.release(this.#times.retryMs);
    if (released) this.#log.info('lease released');
  }

  /** Renews while the work runs, also while it finishes after a stop. Aborts `over` at the deadline whatever hangs. */
  async #keepRenewing(over: AbortController, ended: AbortSignal): Promise<void> {
    const lose = (why: string): void => {
      if (this.#lostBecause !== undefined) return;
      this.#lostBecause = why;
      this.#log.error('lease lost', { why });
      over.abort();
      this.#options.onState?.('lost', '');
    };
    while (!ended.aborted && this.#lostBecause === undefined) {
      const cancelDeadline = this.#runtime.after(Math.max(0, this.#leftMs()), () => {
        lose(`not renewed within ${this.#times.renewDeadlineMs} ms`);
      });
      try {
        await sleep(this.#runtime, this.#pauseMs(), ended);
        await this.#renew(lose, ended);
      } catch (error) {
        // A defect in renewing must end the term like any other failure to renew, not go unnoticed beside it.
        this.#brokenBy = error;
        lose('renewing is broken');
      } finally {
        cancelDeadline();
      }
    }
  }

  async #renew(lose: (why: string) => void, ended: AbortSignal): Promise<void> {
    if (ended.aborted || this.#lostBecause !== undefined) return;
    if (this.#leftMs() <= 0) return lose(`not renewed within ${this.#times.renewDeadlineMs} ms`);
    const result = await this.#tryHold(Math.min(this.#times.retryMs, this.#leftMs()), 'leader');
    if (result.kind === 'foreign') lose(`held by ${result.holder}`);
    if (result.kind === 'failed') this.#log.warn('lease not renewed', { code: result.code });
    this.#tellIfForbidden(result);
  }

  async #tryHold(timeoutMs: number, role: 'candidate' | 'leader'): Promise<HoldResult> {
    const { clock } = this.#runtime;
    const [sentMs, sentWallMs] = [clock.elapsedMs(), clock.wallMs()];
    const result = await this.#record.tryHold(timeoutMs, role);
    if (result.kind === 'held') [this.#renewedMs, this.#renewedWallMs] = [sentMs, sentWallMs];
    return result;
  }

  /** Waiting does not help here and a person must: said once, at once, with what is missing. */
  #tellIfForbidden(result: HoldResult): void {
    const isForbidden = result.kind === 'failed' && result.code === 'Forbidden';
    if (isForbidden && !this.#toldForbidden) {
      const { namespace, name } = this.#options;
      const remedy =
        `allow this service account to get, create, patch and update leases.coordination.k8s.io in namespace ` +
        `${namespace}; the chart does so with the Role and RoleBinding ${name}-leader (rbac.create)`;
      this.#log.warn('lease forbidden', { lease: `${namespace}/${name}`, why: result.why, remedy });
    }
    // A request that did not get as far as an answer says nothing about rights.
    if (isForbidden || result.kind !== 'failed') this.#toldForbidden = isForbidden;
  }

  #follow(holder: string): void {
    if (holder === this.#holder) return;
    this.#holder = holder;
    this.#log.info('following', { holder });
    this.#options.onState?.('following', holder);
  }

  #leftMs(): number {
    const renewedMs = this.#renewedMs ?? Number.NEGATIVE_INFINITY;
    return renewedMs + this.#times.renewDeadlineMs - this.#runtime.clock.elapsedMs();
  }

  #pauseMs(): number {
    return this.#times.retryMs * (0.8 + 0.2 * this.#runtime.random());
  }
}
