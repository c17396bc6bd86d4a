/**
 * The last decisions with their full inputs, in memory. Bounded by entries and by bytes; passes that decide the same
 * as the one before become one entry, so that a quiet night does not push out the busy evening.
 */
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import type { Finding } from '../core/reasons.ts';
import { Sharer } from './share.ts';

export interface JournalEntry {
  /** Number of the pass, counted from 1. */
  readonly seq: number;
  readonly input: DecideInput;
  /** As `decide` returned it for this input. */
  readonly decision: Decision;
  /** What the world answered when it was carried out: launches and actions that were refused. */
  readonly refusedByWorld: readonly Finding[];
  readonly tookMs: number;
  /**
   * How many passes in a row are summed up here, the first one included. They decided the same; in a fleet of
   * thousands of rooms also those that came at once after it and differ only in which nodes serve.
   */
  readonly count: number;
  /** Wall clock of the last of them. */
  readonly lastWallMs: number;
}

export interface JournalLimits {
  readonly entries: number;
  readonly bytes: number;
  /** Passes are summed up in one entry for no longer than this. */
  readonly sumUpMs: number;
}

const usualLimits: JournalLimits = { entries: 2000, bytes: 16_000_000, sumUpMs: 60_000 };

interface Kept {
  entry: JournalEntry;
  readonly ownBytes: number;
  readonly allBytes: number;
}

/** The last pass that was summed up: too new to miss, not different enough to keep. */
interface Latest {
  readonly seq: number;
  readonly input: DecideInput;
  readonly told: Decision;
  readonly tookMs: number;
}

export class Journal {
  #limits: JournalLimits;
  readonly #sharer = new Sharer();
  readonly #ring: Kept[] = [];
  #laterBytes = 0;
  #passes = 0;
  #latest: Latest | undefined;

  constructor(limits: Partial<JournalLimits> = {}) {
    this.#limits = { ...usualLimits, ...limits };
  }

  /** Holds on to no more than so many bytes from now on. */
  limitTo(bytes: number): void {
    this.#limits = { ...this.#limits, bytes };
    this.#fit();
  }

  /** Takes note of one pass. `told` may carry what the world refused besides the decision's own refusals. */
  record(input: DecideInput, told: Decision, tookMs: number): void {
    this.#passes += 1;
    const pass = { seq: this.#passes, input, told, tookMs };
    const last = this.#ring.at(-1);
    this.#sumUp();
    if (last !== undefined && this.#isMoreOfTheSame(last.entry, pass)) this.#latest = pass;
    else this.#keep(pass);
  }

  /** The latest pass is followed by another, so its input need not be at hand any longer. */
  #sumUp(): void {
    const last = this.#ring.at(-1);
    if (this.#latest === undefined || last === undefined) return;
    const { wallMs } = this.#latest.input;
    last.entry = { ...last.entry, count: last.entry.count + 1, lastWallMs: wallMs };
    this.#latest = undefined;
  }

  /**
   * The last entries, oldest first. The newest pass is always the last one, in an entry of its own when it was
   * summed up, so that its input is at hand.
   */
  entries(last = this.#limits.entries): readonly JournalEntry[] {
    const kept = this.#ring.map(({ entry }) => entry);
    const newest = this.#latest;
    const all = newest === undefined ? kept : [...kept, entryOf(newest, newest.input, newest.told)];
    return all.slice(Math.max(0, all.length - last));
  }

  /** Estimated bytes that the journal holds on to. */
  get bytes(): number {
    return (this.#ring[0]?.allBytes ?? 0) + this.#laterBytes;
  }

  #isMoreOfTheSame(entry: JournalEntry, { input, told }: Latest): boolean {
    return (
      input.nowMs - entry.input.nowMs < this.#limits.sumUpMs &&
      Object.is(input.clusterName, entry.input.clusterName) &&
      sameSpec(input, entry.input) &&
      (decidesTheSame(told, entry.decision) ||
        (isSoon(input, entry.input) && wantsTheSame(told, entry.decision)))
    );
  }

  #keep(pass: Latest): void {
    const before = this.#ring.at(-1)?.entry;
    const shared = this.#sharer.share(
      { input: before?.input, decision: before?.decision },
      { input: pass.input, decision: pass.told },
    );
    const entry = entryOf(pass, shared.value.input, shared.value.decision);
    this.#ring.push({ entry, ownBytes: shared.ownBytes, allBytes: shared.allBytes });
    if (this.#ring.length > 1) this.#laterBytes += shared.ownBytes;
    this.#fit();
  }

  #fit(): void {
    while (this.#ring.length > 1 && this.#isTooLarge()) this.#forgetOldest();
  }

  #isTooLarge(): boolean {
    return this.#ring.length > this.#limits.entries || this.bytes > this.#limits.bytes;
  }

  /** What the next entry shares with the oldest stays, so it counts in full from now on. */
  #forgetOldest(): void {
    this.#ring.shift();
    this.#laterBytes -= this.#ring[0]?.ownBytes ?? 0;
  }
}

function entryOf({ seq, tookMs }: Latest, input: DecideInput, told: Decision): JournalEntry {
  const refusedByWorld = told.refusals.filter(isOfTheWorld);
  const refusals = told.refusals.filter((finding) => !isOfTheWorld(finding));
  // Kept as it is where nothing has to be taken out, so that it is shared.
  const decision = refusedByWorld.length === 0 ? told : { ...told, refusals };
  return { seq, input, decision, refusedByWorld, tookMs, count: 1, lastWallMs: input.wallMs };
}

/** Only the loop gives these reasons, after it has acted on a decision. */
function isOfTheWorld({ reason }: Finding): boolean {
  return reason === 'LaunchFailed' || reason === 'ActionRefused';
}

/** A change of the spec that changes no decision is still worth its own entry. */
function sameSpec(a: DecideInput, b: DecideInput): boolean {
  return a.spec === b.spec || JSON.stringify(a.spec) === JSON.stringify(b.spec);
}

/** Keeping a pass costs microseconds a room and a Media Node, so in a large fleet it is not done with every change. */
const leastGapMsPerRoom = 0.05;
const leastGapMsPerNode = 1;

function isSoon({ nowMs, observed }: DecideInput, before: DecideInput): boolean {
  const rooms = observed.redis.kind === 'Read' ? observed.redis.rooms.length : 0;
  const leastMs = rooms * leastGapMsPerRoom + observed.pods.length * leastGapMsPerNode;
  return nowMs - before.nowMs < leastMs;
}

function wantsTheSame(told: Decision, before: Decision): boolean {
  const quiet = told.actions.length === 0 && !told.refusals.some(isOfTheWorld);
  return quiet && told.desired === before.desired && told.because.reason === before.because.reason;
}

/** Whether a reader would learn nothing new. Loads may differ: they show once they change what is decided. */
function decidesTheSame(told: Decision, before: Decision): boolean {
  if (told.actions.length > 0 || before.actions.length > 0 || told.refusals.some(isOfTheWorld)) return false;
  const gist = gistOf(told);
  const gistBefore = gistOf(before);
  return gist.length === gistBefore.length && gist.every((item, at) => item === gistBefore[at]);
}

function gistOf(decision: Decision): readonly unknown[] {
  const { steering } = decision;
  return [
    decision.desired,
    decision.because.reason,
    decision.limitedBy?.reason,
    decision.demand?.wanted,
    ...decision.refusals.flatMap(({ reason, node }) => [reason, node]),
    ...decision.nodes.flatMap(({ node, state, finding }) => [node.pod.uid, state, finding?.reason]),
    ...(steering === undefined ? [] : ['open', ...steering.open, 'closed', ...steering.closed]),
  ];
}
