/**
 * What must hold whatever is done to the operator, judged by what the API server, Redis and the played media servers
 * show, and never by the operator's own words. Fed in the order in which things were seen; times are milliseconds of one
 * monotonic clock.
 */

export type Oracle =
  /** Nobody was in a room of a server whose Pod the operator removed, when that server ended. */
  | 'nobodyCut'
  /** Every Pod that had served and was removed has a receipt with two proofs that show nobody. */
  | 'receipts'
  /** The operator's own closings and removals leave at least the minimum of nodes that serve. */
  | 'neverBelowMin'
  /** They leave as many as were asked for, too. */
  | 'neverBelowAsked'
  /** There are never more Pods than the maximum and the surge of a rolling change. */
  | 'neverAboveMax'
  /** A decision removes no more than may leave at once, and no Pod twice. */
  | 'oneRemovalEach'
  /** New rooms always find an open node, as far as any node is up. */
  | 'someoneOpen'
  /** The fleet is as asked for again within the stated time. */
  | 'steadyInTime'
  /** The same writes, interrupted anywhere, end in the same objects. */
  | 'sameEnd'
  /** Queue, memory, Events, watches and calls stay within bounds. */
  | 'noGrowth'
  /** The operator ends only when it is told to or has lost its lease. */
  | 'operatorLives';

export interface Violation {
  readonly atMs: number;
  readonly oracle: Oracle;
  readonly detail: string;
}

export interface Limits {
  readonly min: number;
  readonly max: number;
  readonly surge: number;
  readonly maxConcurrent: number;
}

/** One Pod as the API server shows it. */
export interface PodFact {
  readonly uid: string;
  readonly name: string;
  readonly ready: boolean;
  readonly deleting: boolean;
  /** Kept from new rooms until it leaves: for a change, or for its machine. */
  readonly closed: boolean;
  /** Its containers have ended. */
  readonly ended: boolean;
}

export interface Receipt {
  readonly uid: string;
  readonly evicted: boolean;
  readonly proofs: readonly {
    readonly atMs: number;
    readonly redisParticipants: number;
    readonly ownParticipants: number;
    readonly ownRooms: number;
    readonly relayedSignals: number;
  }[];
}

export interface CutFact {
  readonly pod: string;
  readonly podUid: string;
  readonly participants: number;
  /** Whoever deleted the Pod, or the laboratory's own hand. */
  readonly why: 'Removal' | 'Fault';
}

/** How the operator stands when a fleet has come to rest. */
export interface Figures {
  readonly rssMiB: number | undefined;
  readonly queueDepth: number | undefined;
  readonly watches: number;
  readonly redisConnections: number;
  /** Writes but for Leases and Events in a second of rest. */
  readonly restingWritesPerSecond: number;
  /** Writes of Events for each injection since the start. */
  readonly eventsPerInjection: number;
  /** Calls to the API server for each injection since the start. */
  readonly callsPerInjection: number;
}

/** Bounds of what must not grow. */
export const growthBounds = {
  rssMiB: 300,
  queueDepth: 2,
  watches: 8,
  redisConnections: 6,
  restingWritesPerSecond: 3,
  eventsPerInjection: 60,
  callsPerInjection: 1500,
} as const satisfies Readonly<Record<keyof Figures, number>>;

/** LiveKit's heartbeat: two proofs closer together would be one. */
const heartbeatMs = 2000;
/** A node falls back to what it says itself within a heartbeat, and passes take their time under faults. */
const mayBeClosedMs = 8000;
/** What a fault did to the nodes themselves is no act of the operator. */
const disturbedMs = 15_000;
/**
 * A probe that fails for so long takes nobody's rooms away, because media servers place them by heartbeats; and who acts
 * knows of it later than we do.
 */
const mayBeUnreadyMs = 15_000;
/** A wish that has just changed may still be unknown to who acts. */
const askedHoldsMs = 10_000;

interface Known extends PodFact {
  readonly served: boolean;
  /** When it was last ready. */
  readonly readyAtMs: number;
}

/** Judges one fleet. */
export class ChaosJudge {
  readonly violations: Violation[] = [];
  readonly #pods = new Map<string, Known>();
  readonly #taken = new Set<string>();
  /** Served Pods that the operator has removed, until their receipts are seen. */
  readonly #owed = new Map<string, string>();
  readonly #ended = new Set<string>();
  #limits: Limits;
  #asked: { readonly atMs: number; readonly nodes: number }[] = [];
  #disturbedAtMs = Number.NEGATIVE_INFINITY;
  #closedSinceMs: number | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  setLimits(limits: Limits): void {
    this.#limits = limits;
  }

  /** So many nodes are asked for from now on. */
  asked(nodes: number, atMs: number): void {
    this.#asked = [...this.#asked.slice(-8), { atMs, nodes }];
  }

  /** The laboratory itself ends this Pod: nothing of that is the operator's. */
  taken(uid: string): void {
    this.#taken.add(uid);
  }

  /** The laboratory has just done something to nodes. */
  disturbed(atMs: number): void {
    this.#disturbedAtMs = atMs;
  }

  pod(fact: PodFact, atMs: number): void {
    const before = this.#pods.get(fact.uid);
    const now = known(fact, before, atMs);
    this.#pods.set(fact.uid, now);
    if (before === undefined) this.#judgeCount(atMs);
    if (this.#taken.has(now.uid)) return;
    if (now.closed && before?.closed === false && now.served) this.#judgeLeft(now, 'closing', atMs);
    if (now.deleting && before?.deleting !== true) this.#judgeRemoval(now, atMs);
  }

  gone(uid: string, atMs: number): void {
    const pod = this.#pods.get(uid);
    this.#pods.delete(uid);
    // Deleted with no time of grace, which is never seen as deleting.
    if (pod !== undefined && !pod.deleting && !this.#taken.has(uid)) this.#judgeRemoval(pod, atMs);
    this.#ended.add(uid);
  }

  cut({ pod, podUid, participants, why }: CutFact, atMs: number): void {
    if (why === 'Fault' || this.#taken.has(podUid)) return;
    this.#claim('nobodyCut', participants === 0, {
      atMs,
      detail: `${participants} people of ${pod} were cut`,
    });
  }

  /** All receipts that are stored by now. Whatever was removed before must be among them. */
  receipts(all: readonly Receipt[], atMs: number): void {
    for (const [uid, name] of this.#owed) {
      const own = all.filter((receipt) => receipt.uid === uid);
      this.#owed.delete(uid);
      const detail =
        own.length === 0 ? `${name} was removed without a receipt` : `no receipt of ${name} proves it empty`;
      this.#claim('receipts', own.some(isProof), { atMs, detail });
    }
  }

  /** Whether each node that is up takes new rooms, by what Redis says. */
  registry(isOpen: readonly boolean[], atMs: number): void {
    const everyoneClosed = isOpen.length > 0 && !isOpen.includes(true);
    if (!everyoneClosed) {
      this.#closedSinceMs = undefined;
      return;
    }
    this.#closedSinceMs ??= atMs;
    const closedMs = atMs - this.#closedSinceMs;
    if (closedMs < mayBeClosedMs) return;
    this.#closedSinceMs = undefined;
    this.#claim('someoneOpen', false, {
      atMs,
      detail: `all ${isOpen.length} nodes were closed for ${closedMs} ms`,
    });
  }

  /** The fleet was as asked for after so long; `undefined`: not within the stated time. */
  steadied(
    tookMs: number | undefined,
    stated: { readonly withinMs: number; readonly of: string; readonly atMs: number },
  ): void {
    const holds = tookMs !== undefined && tookMs <= stated.withinMs;
    this.#claim('steadyInTime', holds, {
      atMs: stated.atMs,
      detail: `not within ${stated.withinMs} ms: ${stated.of}`,
    });
  }

  /** A process of the operator has ended. */
  operatorEnded({ code, wasTold, lostLease, words }: OperatorEnd, atMs: number): void {
    const holds = wasTold || (code === 1 && lostLease);
    const detail = `the operator ended by itself with code ${code}: ${words}`;
    this.#claim('operatorLives', holds, { atMs, detail });
  }

  figures(figures: Figures, atMs: number): void {
    for (const [what, bound] of Object.entries(growthBounds) as [keyof Figures, number][]) {
      const value = figures[what];
      if (value === undefined) continue;
      this.#claim('noGrowth', value <= bound, {
        atMs,
        detail: `${what} is ${value.toFixed(1)}, more than ${bound}`,
      });
    }
  }

  /** @param difference from the objects of the run that nothing disturbed; `undefined`: none */
  sameEnd(difference: string | undefined, atMs: number): void {
    this.#claim('sameEnd', difference === undefined, { atMs, detail: difference ?? '' });
  }

  #judgeCount(atMs: number): void {
    const { max, surge } = this.#limits;
    const staying = [...this.#pods.values()].filter(({ deleting, ended }) => !deleting && !ended).length;
    const detail = `${staying} Pods where ${max} and ${surge} more are allowed`;
    this.#claim('neverAboveMax', staying <= max + surge, { atMs, detail });
  }

  #judgeRemoval(removed: Known, atMs: number): void {
    const twice = this.#owed.has(removed.uid) || this.#ended.has(removed.uid);
    this.#claim('oneRemovalEach', !twice, { atMs, detail: `${removed.name} was removed twice` });
    // One that never served, or whose server has ended, is no capacity and owes nobody a proof.
    if (!removed.served || removed.ended) return;
    this.#owed.set(removed.uid, removed.name);
    const others = [...this.#pods.values()].filter(({ uid }) => uid !== removed.uid);
    const leaving = others.filter(
      (pod) => pod.deleting && pod.served && !pod.ended && !this.#taken.has(pod.uid),
    );
    const { maxConcurrent } = this.#limits;
    const is = leaving.length + 1;
    this.#claim('oneRemovalEach', is <= maxConcurrent, {
      atMs,
      detail: `${is} nodes leave at once, not ${maxConcurrent}`,
    });
    // One that takes no rooms any more was judged when it was closed.
    if (!removed.closed) this.#judgeLeft(removed, 'removal', atMs);
  }

  #judgeLeft(lost: Known, by: 'closing' | 'removal', atMs: number): void {
    if (atMs - this.#disturbedAtMs < disturbedMs) return;
    const others = [...this.#pods.values()].filter(({ uid }) => uid !== lost.uid);
    const left = others.filter((pod) => serves(pod, atMs)).length;
    const gone = `the ${by} of ${lost.name} leaves ${left} nodes`;
    const { min } = this.#limits;
    this.#claim('neverBelowMin', left >= min, { atMs, detail: `${gone}, the minimum is ${min}` });
    const asked = this.#leastAsked(atMs);
    this.#claim('neverBelowAsked', left >= asked, { atMs, detail: `${gone}, ${asked} are asked for` });
  }

  /** The least that was asked for lately: whoever acts on an older wish is excused. */
  #leastAsked(atMs: number): number {
    const last = this.#asked.at(-1)?.nodes ?? 0;
    const before = this.#asked.filter((_, at) => atMs - (this.#asked[at + 1]?.atMs ?? atMs) <= askedHoldsMs);
    return Math.min(last, ...before.map(({ nodes }) => nodes));
  }

  #claim(oracle: Oracle, holds: boolean, { atMs, detail }: Omit<Violation, 'oracle'>): void {
    if (!holds) this.violations.push({ atMs, oracle, detail });
  }
}

export interface OperatorEnd {
  /** -1 after a signal. */
  readonly code: number;
  /** By a signal of the laboratory. */
  readonly wasTold: boolean;
  /** It said that it had lost its lease. */
  readonly lostLease: boolean;
  /** The end of its log. */
  readonly words: string;
}

function known(fact: PodFact, before: Known | undefined, atMs: number): Known {
  const isReady = fact.ready || before?.ready === true;
  const { served = false, readyAtMs = Number.NEGATIVE_INFINITY } = before ?? {};
  return { ...fact, served: served || fact.ready, readyAtMs: isReady ? atMs : readyAtMs };
}

function serves({ ready, readyAtMs, deleting, ended, closed }: Known, atMs: number): boolean {
  return !deleting && !ended && !closed && (ready || atMs - readyAtMs <= mayBeUnreadyMs);
}

/** Two observations, a heartbeat apart, that show nobody but clients who only signalled through it. */
function isProof({ evicted, proofs }: Receipt): boolean {
  const [first, second] = proofs.slice(-2);
  if (evicted || first === undefined || second === undefined) return false;
  const isEmpty = proofs.every((proof) => {
    const people = Math.max(proof.redisParticipants, proof.ownParticipants) - proof.relayedSignals;
    return people <= 0 && proof.ownRooms === 0;
  });
  return isEmpty && second.atMs - first.atMs >= heartbeatMs;
}
