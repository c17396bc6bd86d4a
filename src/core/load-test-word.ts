/** What the coordinator has written, read with care: it is another process, maybe of another version. */
import type { LoadTestStatus } from '../api/v1alpha1.gen.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import type { CoordinatorProgress, CoordinatorSummary, LoadTestPhase } from './load-test-seen.ts';

type Fields = Readonly<Record<string, unknown>>;
type Progress = NonNullable<LoadTestStatus['progress']>;
type Result = NonNullable<LoadTestStatus['result']>;

const phases: readonly LoadTestPhase[] = ['Baseline', 'Searching', 'Confirming', 'Measuring', 'Analysing'];

/** `undefined` for what is no progress. */
export function progressIn(text: string | undefined): CoordinatorProgress | undefined {
  const said = fieldsIn(text);
  if (said === undefined) return undefined;
  const phase =
    said['phase'] === 'Connecting'
      ? 'Connecting'
      : (phases.find((one) => one === said['phase']) ?? 'Measuring');
  const windows = windowsIn(said['windows']);
  const lastReasons = texts(said['lastReasons']);
  const expectedEnd = textOf(said['expectedEndAt']);
  const shown: Progress = {
    ...numbers(
      said,
      ['repetition', 'repetitions', 'connected', 'expected', 'workers', 'workersWanted'],
      true,
    ),
    ...numbers(said, ['level', 'packetsPerSecond'], false),
    ...(windows === undefined ? {} : { windows }),
    ...(typeof said['lastVerdict'] === 'string' ? { lastVerdict: said['lastVerdict'].slice(0, 64) } : {}),
    ...(lastReasons === undefined ? {} : { lastReasons }),
    ...(parseIsoMs(expectedEnd) === undefined ? {} : { expectedEndTime: expectedEnd }),
  };
  return { phase, shown };
}

/** `undefined` for what is no result. */
export function summaryIn(text: string | undefined): CoordinatorSummary | undefined {
  const said = fieldsIn(text);
  const outcome = (['Complete', 'Stopped', 'Inconclusive'] as const).find((one) => one === said?.['outcome']);
  if (said === undefined || outcome === undefined) return undefined;
  const why = textOf(said['why']) || 'The coordinator gave no reason.';
  const found = isFields(said['result']) ? said['result'] : {};
  return { outcome, why, result: { outcome, ...resultOf(found) } };
}

function resultOf(found: Fields): Result {
  const windows = windowsIn(found['windows']);
  const repetitions = Array.isArray(found['repetitions']) ? found['repetitions'].filter(isFigure) : undefined;
  return {
    ...(typeof found['unit'] === 'string' ? { unit: found['unit'].slice(0, 64) } : {}),
    ...numbers(found, ['capacity', 'lower95', 'upper95', 'n50'], false),
    ...(repetitions === undefined ? {} : { repetitions: repetitions.slice(0, 20) }),
    ...(typeof found['bindingSlo'] === 'string' ? { bindingSlo: found['bindingSlo'].slice(0, 128) } : {}),
    ...(typeof found['bindingLimit'] === 'string'
      ? { bindingLimit: found['bindingLimit'].slice(0, 64) }
      : {}),
    ...(windows === undefined ? {} : { windows }),
  };
}

/** An object in JSON; `undefined` for anything else. */
export function fieldsIn(text: string | undefined): Fields | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFigure(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 4096) : '';
}

function texts(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((one) => (typeof one === 'string' ? [one.slice(0, 256)] : [])).slice(0, 16);
}

function numbers<K extends string>(
  from: Fields,
  keys: readonly K[],
  whole: boolean,
): Partial<Record<K, number>> {
  const found: Partial<Record<K, number>> = {};
  for (const key of keys) {
    const value = from[key];
    if (isFigure(value)) found[key] = whole ? Math.round(value) : value;
  }
  return found;
}

function windowsIn(value: unknown): Progress['windows'] | undefined {
  return isFields(value) ? numbers(value, ['pass', 'fail', 'invalid'], true) : undefined;
}
