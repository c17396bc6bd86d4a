/** Small load tests with short windows, written to a folder of their own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readRecordFile } from '../../src/loadtest/record-file.ts';
import type { JoinRecord, RunRecord } from '../../src/loadtest/record.ts';
import type { WindowRecord } from '../../src/loadtest/window.ts';

export interface SmallWish {
  readonly name: string;
  /** People in each room; everybody publishes in 180p and speaks. */
  readonly people: number;
  /** Fields of the load as a scenario names them. */
  readonly load: Readonly<Record<string, unknown>>;
  readonly slos?: readonly Readonly<Record<string, unknown>>[];
  readonly probes?: number;
}

/** Writes the scenario and answers its path. */
export async function writeSmall(
  dir: string,
  { name, people, load, slos, probes = 0 }: SmallWish,
): Promise<string> {
  const spec = {
    seed: 42,
    media: { video: { layers: ['180p'] }, audio: { activeSpeakers: 'all' } },
    workload: { kind: 'conference', conference: { participants: people } },
    load: {
      settle: '2s',
      dwell: '3s',
      joinRate: '10/s',
      most: { participants: 200, duration: '10m' },
      ...load,
    },
    clients: { probes },
    ...(slos === undefined ? {} : { slos }),
  };
  const scenario = {
    apiVersion: 'loadtest.openvidu.io/v1alpha1',
    kind: 'Scenario',
    metadata: { name },
    spec,
  };
  await mkdir(dir, { recursive: true });
  const path = join(dir, `${name}.yaml`);
  await writeFile(path, stringify(scenario));
  return path;
}

/** What a run left in its folder. */
export class LeftRecord {
  readonly records: readonly RunRecord[];

  constructor(folder: string) {
    this.records = readRecordFile(join(folder, 'record.jsonl')).records;
  }

  windows(): readonly WindowRecord[] {
    return this.records.filter((record) => record.kind === 'window');
  }

  /** The summary at its end. */
  get summary(): Extract<RunRecord, { readonly kind: 'summary' }> | undefined {
    return this.records.find((record) => record.kind === 'summary');
  }

  /** Who joined which room by the plan, in the order and at the distances of the plan. */
  joins(): readonly { readonly room: string; readonly identity: string; readonly afterMs: number }[] {
    const prefix = `${this.#runId()}-`;
    const joins = this.records
      .filter((record): record is JoinRecord => record.kind === 'join')
      .toSorted((one, other) => one.intendedAtMs - other.intendedAtMs);
    const firstMs = joins[0]?.intendedAtMs ?? 0;
    return joins.map(({ room, identity, intendedAtMs }) => ({
      room: room.replace(prefix, ''),
      identity,
      afterMs: Math.round(intendedAtMs - firstMs),
    }));
  }

  #runId(): string {
    const meta = this.records.find((record) => record.kind === 'meta');
    return meta?.runId ?? '';
  }
}
