import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { cordonScript } from './cordon-script.ts';
import { HeartbeatRhythm } from './heartbeat-rhythm.ts';
import { nodesKey } from './node-table.ts';
import type { RedisLink } from './redis.ts';
import type { Cancel, Timers } from './timers.ts';
import { whyOf } from './why.ts';

/** What one application of the wanted set did. */
export type CordonResult =
  /** `missing` ids were to be closed but have no entry. */
  | {
      readonly kind: 'Applied';
      readonly marked: number;
      readonly cleared: number;
      readonly missing: readonly string[];
    }
  /** No fresh serving node would have been left, so nothing is closed and everything named was opened. */
  | { readonly kind: 'Refused'; readonly why: string }
  /** Redis did not answer. The wanted set is kept and tried again. */
  | { readonly kind: 'Failed'; readonly why: string };

/** Totals since the keeper was made. */
export interface CordonCounts {
  readonly applies: number;
  readonly marked: number;
  readonly cleared: number;
  readonly refused: number;
  readonly failed: number;
}

export interface CordonParts {
  readonly link: Pick<RedisLink, 'run'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly timers: Timers;
  /** Called when a heartbeat's opening was closed again: milliseconds from the notice, and how many entries. */
  readonly onReapplied?: (delayMs: number, marked: number) => void;
  readonly onRefused?: (why: string) => void;
}

/** Of fewer closed nodes all are looked at after each heartbeat: it costs nothing. */
const restingFrom = 50;
/** How often all have to be looked at, at least, while some are left out. */
const wholeEveryMs = 300;
/** And without a notice every so many times only: half a heartbeat is what a lost notice can cost. */
const wholeOfFewEvery = 3;
/** The servers themselves choose no node whose heartbeat is older. */
const freshMs = 5000;
/** So many of the open nodes are asked after a heartbeat, in turn: one that serves is enough to rely on. */
const reliedAtOnce = 8;
const refusal = 'no fresh serving node would stay open';

const none: ReadonlySet<string> = new Set();
const nothingDue: CordonResult = { kind: 'Applied', marked: 0, cleared: 0, missing: [] };

interface Sight {
  readonly digest: string;
  readonly changedAtMs: number;
}

/** One application: of everything, or of what a heartbeat may have changed. */
interface Step {
  readonly whole: boolean;
  readonly closed: readonly string[];
  /** Those at the front, `fresh` of them, may be relied on. */
  readonly open: readonly string[];
  readonly fresh: number;
  readonly released: ReadonlySet<string>;
}

/**
 * Keeps nodes closed for new rooms by marking their entries again after each heartbeat. In the millisecond or so
 * between the two a new room may slip in, so a closed node is never for that reason an empty one. Rooms that live there go on
 * and take participants. When the keeper stops, or dies, the nodes open by themselves at their next heartbeat.
 */
export class CordonKeeper {
  readonly #parts: CordonParts;
  readonly #rhythm: HeartbeatRhythm;
  readonly #stopBackstop: Cancel;
  readonly #counts = { applies: 0, marked: 0, cleared: 0, refused: 0, failed: 0 };
  readonly #sights = new Map<string, Sight>();
  #closed: ReadonlySet<string> = new Set();
  #open: readonly string[] = [];
  /** Where the next turn of open nodes begins. */
  #turn = 0;
  #wholeWanted = false;
  #ticks = 0;
  /** Ids that were let go and whose mark may still be there. */
  #released: ReadonlySet<string> = new Set();
  #running: Promise<CordonResult> | undefined;
  #queued: Promise<CordonResult> | undefined;
  #noticedAtMs: number | undefined;
  #refusing = false;
  #stopped = false;

  constructor(parts: CordonParts) {
    this.#parts = parts;
    this.#rhythm = new HeartbeatRhythm(parts.clock);
    this.#stopBackstop = parts.timers.every(wholeEveryMs, () => this.#lookAtAll());
  }

  #areFew(): boolean {
    return this.#closed.size < restingFrom;
  }

  #lookAtAll(): void {
    this.#ticks += 1;
    if (this.#areFew() && this.#ticks % wholeOfFewEvery !== 0) return;
    this.#wholeWanted = true;
    this.notice();
  }

  /**
   * Closes exactly these nodes, at once and after each heartbeat from now on; `open` are the fresh serving nodes that
   * are relied on to take new rooms. Never rejects.
   */
  async setCordoned(closed: ReadonlySet<string>, open: ReadonlySet<string>): Promise<CordonResult> {
    this.#released = without([...this.#released, ...this.#closed], closed);
    this.#closed = new Set(closed);
    this.#open = [...without(open, closed)];
    this.#wholeWanted = true;
    this.#rhythm.keep(this.#closed);
    // The caller has just judged them; from here on they must keep changing.
    this.#sights.clear();
    return await this.#applySoon();
  }

  /** Tells that an entry has changed, so that a heartbeat may have opened a node. */
  notice(): void {
    if (this.#stopped || (this.#closed.size === 0 && this.#released.size === 0)) return;
    this.#noticedAtMs ??= this.#parts.clock.elapsedMs();
    void this.#applySoon();
  }

  /** The nodes that are kept closed. */
  wanted(): ReadonlySet<string> {
    return this.#closed;
  }

  /** Totals, for metrics. */
  counts(): CordonCounts {
    return { ...this.#counts };
  }

  /** Stops rewriting and writes nothing more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopBackstop();
    await this.#running;
  }

  /** One application runs at a time; all that is asked meanwhile is answered by the one after it. */
  #applySoon(): Promise<CordonResult> {
    if (this.#running === undefined) return this.#start();
    this.#queued ??= this.#running.then(async () => {
      this.#queued = undefined;
      return await this.#start();
    });
    return this.#queued;
  }

  #start(): Promise<CordonResult> {
    const run = this.#apply().finally(() => {
      if (this.#running === run) this.#running = undefined;
    });
    this.#running = run;
    return run;
  }

  async #apply(): Promise<CordonResult> {
    if (this.#stopped) return { kind: 'Failed', why: 'the keeper was stopped' };
    const noticedAtMs = this.#noticedAtMs;
    this.#noticedAtMs = undefined;
    const step = this.#next();
    if (!step.whole && step.closed.length === 0) return nothingDue;
    this.#counts.applies += 1;
    try {
      const counts = [String(step.closed.length), String(step.fresh)];
      const args = [...counts, ...step.closed, ...step.open, ...without(step.released, new Set(this.#open))];
      const reply = readReply(await this.#parts.link.run(cordonScript, nodesKey, args));
      this.#see(step.open, reply.digests);
      this.#rhythm.heard(reply.marked);
      if (step.released.size > 0 && this.#released === step.released) this.#released = new Set();
      return await this.#account(step, reply, noticedAtMs);
    } catch (error) {
      this.#counts.failed += 1;
      // What Redis did not take is said to it again in full.
      this.#wholeWanted = true;
      return { kind: 'Failed', why: whyOf(error) };
    }
  }

  /** A fleet may be so large that looking at all of it after each heartbeat would keep Redis from anything else. */
  #next(): Step {
    const wanted = this.#wholeWanted;
    this.#wholeWanted = false;
    if (!wanted && this.#released.size === 0) {
      const turn = this.#openOf(this.#takeTurn());
      const closed = this.#areFew() ? [...this.#closed] : this.#rhythm.due();
      if (turn.fresh > 0) return { whole: false, closed, ...turn, released: none };
    }
    return { whole: true, closed: [...this.#closed], ...this.#openOf(this.#open), released: this.#released };
  }

  #takeTurn(): readonly string[] {
    const { length } = this.#open;
    if (length <= reliedAtOnce) return this.#open;
    const from = this.#turn % length;
    this.#turn = from + reliedAtOnce;
    return [...this.#open, ...this.#open].slice(from, from + reliedAtOnce);
  }

  #openOf(open: readonly string[]): Pick<Step, 'open' | 'fresh'> {
    const fresh = open.filter((nodeId) => this.#isFresh(nodeId));
    return { open: [...new Set([...fresh, ...open])], fresh: fresh.length };
  }

  async #account(step: Step, reply: Reply, noticedAtMs: number | undefined): Promise<CordonResult> {
    this.#counts.marked += reply.marked.length;
    this.#counts.cleared += reply.cleared;
    if (!reply.applied) return step.whole ? this.#refuse() : await this.#applyWhole(noticedAtMs);
    this.#refusing = false;
    if (reply.marked.length > 0 && noticedAtMs !== undefined) {
      this.#parts.onReapplied?.(this.#parts.clock.elapsedMs() - noticedAtMs, reply.marked.length);
    }
    return {
      kind: 'Applied',
      marked: reply.marked.length,
      cleared: reply.cleared,
      missing: reply.missing,
    };
  }

  /** Those whose turn it was serve no longer: others may. */
  async #applyWhole(noticedAtMs: number | undefined): Promise<CordonResult> {
    this.#wholeWanted = true;
    this.#noticedAtMs ??= noticedAtMs;
    return await this.#apply();
  }

  #refuse(): CordonResult {
    this.#counts.refused += 1;
    if (!this.#refusing) {
      this.#parts.log.warn('cordon refused', { why: refusal, nodes: this.#closed.size });
      this.#parts.onRefused?.(refusal);
    }
    this.#refusing = true;
    return { kind: 'Refused', why: refusal };
  }

  /** An entry never seen before is fresh by the caller's word; later it must keep changing. */
  #isFresh(nodeId: string): boolean {
    const sight = this.#sights.get(nodeId);
    return sight === undefined || this.#parts.clock.elapsedMs() - sight.changedAtMs <= freshMs;
  }

  #see(open: readonly string[], digests: readonly string[]): void {
    const nowMs = this.#parts.clock.elapsedMs();
    for (const [at, nodeId] of open.entries()) {
      const digest = digests[at] ?? '';
      if (this.#sights.get(nodeId)?.digest !== digest) {
        this.#sights.set(nodeId, { digest, changedAtMs: nowMs });
      }
    }
  }
}

interface Reply {
  readonly applied: boolean;
  readonly marked: readonly string[];
  readonly cleared: number;
  readonly missing: readonly string[];
  readonly digests: readonly string[];
}

function readReply(reply: unknown): Reply {
  if (!Array.isArray(reply)) throw new TypeError('the cordon script answered something else');
  const [applied, marked, cleared, missing, digests]: readonly unknown[] = reply;
  return {
    applied: applied === 1,
    marked: texts(marked),
    cleared: Number(cleared),
    missing: texts(missing),
    digests: texts(digests),
  };
}

function without(ids: Iterable<string>, taken: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...ids].filter((id) => !taken.has(id)));
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
