/**
 * Journals a hundred thousand decisions and decides each again; prints what came of it as JSON. A program of its own:
 * within the sandbox of the test runner the same takes five times as long.
 */
import fc from 'fast-check';
import { Journal, type JournalEntry } from '../../src/reconcile/journal.ts';
import { journalLines } from '../../src/reconcile/journal-lines.ts';
import { roomMask } from '../../src/reconcile/journal-mask.ts';
import { readJournal } from '../../src/reconcile/journal-read.ts';
import { replay } from '../../src/reconcile/replay.ts';
import { noFaults } from '../../src/simulate/faults.ts';
import { simulate } from '../../src/simulate/run.ts';
import type { Trace } from '../../src/workload/trace.ts';
import { anySpec } from '../support/arbitrary-spec.ts';
import { glances, live } from '../support/arbitrary.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

/** Lets a journal take passes and replays each of them, most in memory and one batch in ten from paper. */
class Auditor {
  #journal = new Journal({ sumUpMs: 0, bytes: Infinity });
  #batches = 0;
  #taken = 0;
  /** Decisions that were journaled, each counted once, and replayed from memory. */
  decisions = 0;
  /** Of these, the ones that were replayed a second time from the written journal. */
  fromPaper = 0;
  readonly differing: unknown[] = [];

  readonly take: (...pass: Parameters<Journal['record']>) => void = (input, decision, tookMs) => {
    this.#journal.record(input, decision, tookMs);
    this.#taken += 1;
    if (this.#taken % 500 === 0) this.settle();
  };

  settle(): void {
    const entries = this.#journal.entries();
    this.#journal = new Journal({ sumUpMs: 0, bytes: Infinity });
    this.#batches += 1;
    this.decisions += entries.length;
    this.#judge(entries);
    if (this.#batches % 10 !== 0) return;
    const header = { journal: 1, cluster: 'media/c', roomsHashed: true } as const;
    const text = [...journalLines(header, entries, { maskRoom: roomMask(7) })].join('');
    this.fromPaper += entries.length;
    this.#judge(readJournal(text).entries);
  }

  #judge(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      const { identical, differences } = replay(entry);
      if (!identical) this.differing.push({ seq: entry.seq, differences });
    }
  }
}

/** The same numbers for the same seed. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const someRules = { stabilizationMs: 20_000, selectPolicy: 'Max', policies: [] } as const;

/** Short rooms around the clock, some of them under names that come back. */
function trace(hours: number, seed: number): Trace {
  const random = dice(seed);
  const rooms = Array.from({ length: hours * 50 }, () => ({
    startS: Math.floor(random() * hours * 3600),
    durationS: 60 + Math.floor(1800 * random()),
    participants: 1 + Math.floor(12 * random() ** 2),
    publishers: 1,
    name: random() < 0.3 ? `meeting-${Math.floor(random() * 40)}` : undefined,
  }));
  return { name: 'test', rooms: rooms.toSorted((a, b) => a.startS - b.startS) };
}

/** A fleet through the operator's own loop, with what it learns; every fault that the simulator knows. */
async function simulated(auditor: Auditor, seed: number): Promise<void> {
  const faults = {
    ...noFaults,
    redisOutages: [{ fromS: 2000, toS: 2060 }],
    operatorOutages: [{ fromS: 4000, toS: 4300 }],
    nodeLosses: [{ atS: 5000, nodes: 1 }],
    launchFailureShare: 0.1,
  };
  await simulate({
    trace: trace(3, seed),
    policy: { kind: 'governor', spec: aSpec({ scaleDown: someRules }) },
    capacity: 40,
    launchSeconds: 20,
    seed,
    nodesMin: 1,
    nodesMax: 12,
    ...(seed % 2 === 0 ? { faults } : {}),
    onDecision: (input, decision) => auditor.take(input, decision, 0),
  });
}

/** A small fleet, one pass a second, in which loads, Redis, heartbeats and people's wishes come and go. */
function told(auditor: Auditor, seed: number, passes: number): void {
  const random = dice(seed);
  const story = new Story({ spec: aSpec({ scaleDown: someRules, maxNodes: 4 }), nodes: 2 }).at(1);
  for (let second = 2; second < passes + 2; second += 1) {
    const { names } = story;
    const name = names[Math.floor(random() * names.length)];
    if (name !== undefined && random() < 0.2) story.load(name, Math.floor(90 * random() ** 2));
    if (random() < 0.01) story.redis(random() < 0.8);
    if (name !== undefined && random() < 0.01) story.silence(name);
    if (random() < 0.05) story.speak(...names);
    story.at(second);
    auditor.take(story.input, story.decision, 0);
  }
}

const auditor = new Auditor();
for (let seed = 1; seed <= 4; seed += 1) await simulated(auditor, seed);
fc.assert(
  fc.property(anySpec, glances, (spec, seen) => {
    for (const { input, decision } of live(spec, seen)) auditor.take(input, decision, 0);
  }),
  { seed: 4, numRuns: 1000 },
);
for (let seed = 1; auditor.decisions < 100_000 && seed < 100; seed += 1) told(auditor, seed, 2000);
auditor.settle();
const { decisions, fromPaper, differing } = auditor;
console.log(JSON.stringify({ decisions, fromPaper, differing: differing.slice(0, 3) }));
