/** The load of a scenario: how it grows and how it is measured. */
import type { LoadDocument, SearchDocument, WorkloadDocument } from './scenario-document.ts';
import { type Fault, missing, type Path, unknownName, wrongValue } from './scenario-fault.ts';
import { defaultSearch, levelFor } from './scenario-levels.ts';
import { durationMs, perSecond, shareOf } from './scenario-units.ts';
import { unitOf } from './scenario-workload.ts';
import type { Load, LoadMode, SearchMode, Workload } from './scenario.ts';
import { leastLevel } from './search-itinerary.ts';

export function loadOf(document: LoadDocument, kind: WorkloadDocument['kind'], workload: Workload): Load {
  const { joinRate = '5/s', settle = '15s', dwell = '60s', churn } = document;
  const { participants = 1000, egressMbps = 1000, duration = '2h' } = document.most ?? {};
  return {
    unit: unitOf(kind),
    joinsPerSecond: perSecond(joinRate),
    settleMs: durationMs(settle),
    dwellMs: durationMs(dwell),
    churn: churn === undefined ? undefined : { meanStayMs: durationMs(churn.meanStay) },
    mode: modeOf(document, levelsOf(kind, levelFor(workload, participants))),
    most: { participants, egressMbps, durationMs: durationMs(duration) },
  };
}

/** The levels of a mode that is not told them. */
interface Levels {
  readonly only: number;
  readonly first: number;
  readonly last: number;
}

function levelsOf(kind: WorkloadDocument['kind'], most: number): Levels {
  if (kind === 'trace') return { only: 100, first: 10, last: most };
  const least = leastLevel(unitOf(kind));
  return { only: least, first: least, last: Math.max(least, most) };
}

function modeOf(document: LoadDocument, levels: Levels): LoadMode {
  const { only, first } = levels;
  switch (document.mode) {
    case 'fixed':
      return { kind: 'Fixed', level: only, windows: usualWindows, ...document.fixed };
    case 'steps':
      return { kind: 'Steps', levels: [], windows: usualWindows, ...document.steps };
    case 'ramp':
      return rampOf(document.ramp, first);
    case 'soak':
      return soakOf(document.soak, only);
    case 'search':
      return searchOf(document.search ?? {}, levels);
  }
}

function rampOf(ramp: LoadDocument['ramp'], first: number): LoadMode {
  const to = ramp?.to ?? first;
  return { kind: 'Ramp', from: Math.min(first, to), to, step: 1, ...ramp };
}

function soakOf(soak: LoadDocument['soak'], only: number): LoadMode {
  return { kind: 'Soak', level: soak?.level ?? only, durationMs: durationMs(soak?.duration ?? '0s') };
}

function searchOf(document: SearchDocument, { first, last }: Levels): SearchMode {
  const { resolutionShare, passShare, confirmMs, ...usual } = defaultSearch;
  const { max = Math.max(document.min ?? first, last), windows = usual.windows } = document;
  const { min = Math.min(first, max) } = document;
  return {
    ...usual,
    min,
    max,
    windows,
    resolutionShare: shareOf(document.resolution ?? resolutionShare),
    passShare: shareOf(document.passShare ?? passShare),
    confirmMs: document.confirm === undefined ? confirmMs : durationMs(document.confirm),
    repetitions: document.repetitions ?? usual.repetitions,
  };
}

const usualWindows = 3;
const modes = ['fixed', 'steps', 'ramp', 'search', 'soak'] as const;
/** Of these, everything may be left out. */
const optionalModes: readonly string[] = ['fixed', 'search'];
const leastDwellMs = 1000;

/** What the schema cannot say about a load. */
export function loadFaults(
  document: LoadDocument,
  kind: WorkloadDocument['kind'],
  path: Path,
): readonly Fault[] {
  const at = (...names: readonly string[]): Path => [...path, ...names];
  return [
    ...blockFaults(document, path),
    ...unitFault(document, kind, path),
    ...timeFaults(document, path),
    ...(document.joinRate !== undefined && perSecond(document.joinRate) === 0
      ? [wrongValue(at('joinRate'), document.joinRate, { remedy: 'write a rate above zero, such as 5/s' })]
      : []),
    ...(document.churn !== undefined && kind === 'trace'
      ? [
          wrongValue(at('churn'), document.churn, {
            complaint: 'has no effect on a trace',
            remedy: 'remove it, because people come and go as the trace says',
          }),
        ]
      : []),
    ...orderFaults(document, path),
  ];
}

function blockFaults(document: LoadDocument, path: Path): readonly Fault[] {
  const given = modes.filter((name) => document[name] !== undefined);
  const foreign = given
    .filter((name) => name !== document.mode)
    .map((name) => ({
      ...unknownName([...path, name], []),
      complaint: `has no effect, because mode is ${document.mode}`,
      remedy: `remove it, or write mode: ${name}`,
    }));
  const isMissing = !given.includes(document.mode) && !optionalModes.includes(document.mode);
  return isMissing
    ? [missing([...path, document.mode], `write the fields of mode ${document.mode} there`), ...foreign]
    : foreign;
}

function unitFault({ unit }: LoadDocument, kind: WorkloadDocument['kind'], path: Path): readonly Fault[] {
  const fit = unitOf(kind);
  if (unit === undefined || unit === fit) return [];
  return [
    wrongValue([...path, 'unit'], unit, {
      remedy: `write ${fit}, which is what a workload of kind ${kind} counts`,
    }),
  ];
}

function timeFaults(document: LoadDocument, path: Path): readonly Fault[] {
  const times: readonly (readonly [names: readonly string[], text: string | undefined, leastMs: number])[] = [
    [['dwell'], document.dwell, leastDwellMs],
    [['churn', 'meanStay'], document.churn?.meanStay, 1000],
    [['search', 'confirm'], document.search?.confirm, leastDwellMs],
    [['soak', 'duration'], document.soak?.duration, leastDwellMs],
    [['most', 'duration'], document.most?.duration, 1000],
  ];
  return times.flatMap(([names, text, leastMs]) =>
    text === undefined || durationMs(text) >= leastMs
      ? []
      : [wrongValue([...path, ...names], text, { remedy: 'write at least 1s' })],
  );
}

function orderFaults(document: LoadDocument, path: Path): readonly Fault[] {
  return [...searchFaults(document.search ?? {}, [...path, 'search']), ...rampFaults(document, path)];
}

function searchFaults({ min = 1, max, ...shares }: SearchDocument, path: Path): readonly Fault[] {
  const none = (['resolution', 'passShare'] as const).flatMap((name) => {
    const value = shares[name];
    const isNone = value !== undefined && shareOf(value) === 0;
    return isNone ? [wrongValue([...path, name], value, { remedy: 'write a share above zero' })] : [];
  });
  if (max === undefined || min <= max) return none;
  return [wrongValue([...path, 'min'], min, { remedy: `write at most the max of ${max}` }), ...none];
}

function rampFaults({ ramp }: LoadDocument, path: Path): readonly Fault[] {
  const { from = 1, to = from } = ramp ?? {};
  if (from <= to) return [];
  const remedy = `write at most ${to}, where the ramp ends: levels are approached from below`;
  return [wrongValue([...path, 'ramp', 'from'], from, { remedy })];
}
