/** What a coordinator in a Pod posts: progress while it runs, its record so far, and the result. Small enough for a ConfigMap. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Board, Posted } from './coordinator-board.ts';
import { parseRecords } from './record-file.ts';
import type { MetaRecord, RunRecord, SummaryRecord } from './record.ts';
import { renderLoadTestReport } from './report.ts';
import type { RunClock } from './run-clock.ts';
import { profileOf } from './run-profile.ts';
import type { RunProgress } from './run-progress.ts';

export const recordKey = 'record.jsonl.gz';
const reportKey = 'report.html.gz';

/** A ConfigMap holds a MiB, in which base64 takes a third more; the rest is for progress and result. */
const mostRecordBytes = 400_000;
const mostReportBytes = 220_000;

/** Progress in the words of the resource's status. */
export function progressJson(progress: RunProgress, clock: RunClock): string {
  const { phase, step, repetition, repetitions, level, unit, people, windows, workers, last } = progress;
  return JSON.stringify({
    phase,
    step,
    repetition,
    repetitions,
    level,
    unit,
    connected: people.connected,
    expected: people.planned,
    packetsPerSecond: Math.round(progress.packetsPerSecond),
    windows,
    workers: workers.ready,
    workersWanted: workers.wanted,
    ...(last === undefined ? {} : { lastVerdict: last.verdict.kind, lastReasons: reasonsOf(last.verdict) }),
    expectedEndAt: clock.wallTimeAt(progress.expectedEndMs),
    updatedAt: clock.wallTime(),
  });
}

function reasonsOf(verdict: NonNullable<RunProgress['last']>['verdict']): readonly string[] {
  switch (verdict.kind) {
    case 'Pass':
      return [];
    case 'Fail':
      return verdict.broken.map(({ metric }) => metric);
    case 'Invalid':
      return verdict.because;
  }
}

/** The record, as much of it as fits: first goes what single rooms got, then who joined, then all that workers said. */
export function packedRecord(records: readonly RunRecord[]): Buffer | undefined {
  const smaller: readonly ((record: RunRecord) => RunRecord | undefined)[] = [
    (record) => record,
    withoutRooms,
    (record) => (isAboutOne(record) ? undefined : withoutRooms(record)),
    (record) => (isAboutOne(record) ? undefined : withoutWorkers(record)),
  ];
  for (const shrink of smaller) {
    const lines = records.flatMap((record) => shrink(record) ?? []).map((record) => JSON.stringify(record));
    const packed = gzipSync(`${lines.join('\n')}\n`);
    if (packed.byteLength <= mostRecordBytes) return packed;
  }
  return undefined;
}

function withoutRooms(record: RunRecord): RunRecord {
  if (record.kind !== 'window') return record;
  return { ...record, workers: record.workers.map((worker) => ({ ...worker, rooms: [] })) };
}

function withoutWorkers(record: RunRecord): RunRecord {
  return record.kind === 'window' ? { ...record, workers: [] } : record;
}

function isAboutOne({ kind }: RunRecord): boolean {
  return kind === 'join' || kind === 'leave' || kind === 'failed' || kind === 'disconnected';
}

/** A ConfigMap holds a megabyte, which could stand for a thousand of them. */
const largestRecordBytes = 200_000_000;

/** The record that an earlier Pod has left. @throws RecordError, or what unpacking failed with */
export function unpackedRecord(packed: Buffer): readonly RunRecord[] {
  return parseRecords(gunzipSync(packed, { maxOutputLength: largestRecordBytes }).toString('utf8')).records;
}

export interface Ending {
  readonly name: string;
  readonly records: readonly RunRecord[];
  readonly summary: SummaryRecord;
  readonly wantsProfile: boolean;
}

/** Everything that is known at the end. */
export function endingPosts({ name, records, summary, wantsProfile }: Ending): Posted {
  const meta = records.find((record): record is MetaRecord => record.kind === 'meta');
  const record = packedRecord(records);
  const report = meta === undefined ? undefined : gzipSync(renderLoadTestReport(records));
  const sha256 = record === undefined ? undefined : createHash('sha256').update(record).digest('hex');
  const evidence = sha256 === undefined ? { name } : { name, sha256 };
  const profile = wantsProfile ? profileOf(records, evidence) : undefined;
  return {
    data: {
      'result.json': JSON.stringify({ ...summary, ...(meta === undefined ? {} : resultFacts(meta)) }),
      summary: summary.why,
      ...(profile === undefined ? {} : { 'profile.json': JSON.stringify(profile.spec) }),
    },
    binaryData: {
      ...(record === undefined ? {} : { [recordKey]: record }),
      ...(report === undefined || report.byteLength > mostReportBytes ? {} : { [reportKey]: report }),
    },
  };
}

function resultFacts({ fingerprint, planDigest, runId, startedAt }: MetaRecord): object {
  return { fingerprint, planDigest, runId, startedAt };
}

/** Posts the newest progress every so often, never two at a time; trouble is told and does not end the run. */
export class ProgressPoster {
  readonly #board: Board;
  readonly #onTrouble: (error: unknown) => void;
  #waiting: Posted | undefined;
  #isPosting = false;

  constructor(board: Board, onTrouble: (error: unknown) => void) {
    this.#board = board;
    this.#onTrouble = onTrouble;
  }

  /** The newest of each key counts. */
  put({ data = {}, binaryData = {} }: Posted): void {
    this.#waiting = {
      data: { ...this.#waiting?.data, ...data },
      binaryData: { ...this.#waiting?.binaryData, ...binaryData },
    };
  }

  /** Posts what waits, unless a post is under way. Never rejects. */
  async flush(): Promise<void> {
    const posted = this.#waiting;
    if (posted === undefined || this.#isPosting) return;
    this.#waiting = undefined;
    this.#isPosting = true;
    try {
      await this.#board.post(posted);
    } catch (error) {
      this.#onTrouble(error);
    } finally {
      this.#isPosting = false;
    }
  }
}
