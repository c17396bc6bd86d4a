/** What people must get: the list that holds by default, and the faults of one that is written. */
import type { SloDocument } from './scenario-document.ts';
import { type Fault, missing, type Path, wrongValue } from './scenario-fault.ts';
import { limitOf } from './scenario-units.ts';
import { type Media, type Slo, type SloMetric, sloMetrics } from './scenario.ts';

const guards: ReadonlySet<SloMetric> = new Set(['node.cpuShare', 'node.throttledShare', 'node.memoryShare']);
/** Better when they are higher. */
const higherIsBetter: ReadonlySet<SloMetric> = new Set([
  'tracksDeliveredShare',
  'probe.framesPerSecondShare',
]);
/** Measured on pictures. */
const ofPictures: ReadonlySet<SloMetric> = new Set([
  'frameLatencyMs.p95',
  'frameLatencyMs.p99',
  'probe.freezeShare',
  'probe.framesPerSecondShare',
]);

/**
 * Latency first: of all that people notice, it is what moves first when a node runs out of processor. It counts from the
 * lowest level, except of a trace, in whose lowest level nobody may be there.
 */
export function defaultSlos(media: Media, isTrace = false): readonly Slo[] {
  const latency =
    media.video === undefined ? [] : [{ ...most('frameLatencyMs.p95', 100), overBaseline: !isTrace }];
  return [
    ...latency,
    most('firstPacketMs.p95', 2000),
    { ...most('tracksDeliveredShare', 0), max: undefined, min: 0.995 },
    most('packetLossShare.p95', 0.01),
    most('joinMs.p95', 2000),
    most('joinFailureShare', 0.01),
    most('disconnectShare', 0.005),
    most('node.cpuShare', 0.95),
    most('node.throttledShare', 0.2),
    most('node.memoryShare', 0.85),
  ];
}

function most(metric: SloMetric, max: number): Slo {
  return { metric, max, min: undefined, overBaseline: false, guard: guards.has(metric) };
}

/** @param documents as written; `undefined` where nothing was */
export function slosOf(
  documents: readonly SloDocument[] | undefined,
  { media, isTrace }: { readonly media: Media; readonly isTrace: boolean },
): readonly Slo[] {
  if (documents === undefined) return defaultSlos(media, isTrace);
  return documents.map(({ metric, max, min, overBaseline = false, guard = guards.has(metric) }) => ({
    metric,
    max: max === undefined ? undefined : limitOf(max),
    min: min === undefined ? undefined : limitOf(min),
    overBaseline,
    guard,
  }));
}

interface Surroundings {
  readonly media: Media;
  readonly probes: number;
  readonly path: Path;
}

/** What the schema cannot say about the list. */
export function sloFaults(slos: readonly SloDocument[] = [], around: Surroundings): readonly Fault[] {
  const doubles = slos.flatMap(({ metric }, at) =>
    slos.findIndex((other) => other.metric === metric) === at
      ? []
      : [
          wrongValue([...around.path, at, 'metric'], metric, {
            complaint: `is ${metric} a second time`,
            remedy: 'keep one limit for each metric',
          }),
        ],
  );
  const single = slos.flatMap((slo, at) => {
    const path = [...around.path, at];
    return [...limitFaults(slo, path), ...measureFaults(slo, { ...around, path })];
  });
  return [...single, ...doubles];
}

function limitFaults(slo: SloDocument, path: Path): readonly Fault[] {
  const { metric, max, min } = slo;
  const right = higherIsBetter.has(metric) ? 'min' : 'max';
  const value = slo[right];
  const other = right === 'max' ? 'min' : 'max';
  if (slo[other] !== undefined) return [wrongSide(slo, { right, other, value: slo[other] }, path)];
  if (value === undefined) {
    const extreme = right === 'max' ? 'most' : 'least';
    return [missing([...path, right], `give the ${extreme} that ${metric} may be`)];
  }
  if (slo.overBaseline === true && max === undefined) {
    const remedy = 'remove it, because only a max can count from the baseline';
    return [wrongValue([...path, 'overBaseline'], true, { remedy })];
  }
  return sizeFault({ metric, name: right, value: max ?? min ?? 0 }, path);
}

interface Sides {
  readonly right: 'min' | 'max';
  readonly other: 'min' | 'max';
  /** Of the other one. */
  readonly value: number | string;
}

function wrongSide(slo: SloDocument, { right, other, value }: Sides, path: Path): Fault {
  if (slo[right] !== undefined) {
    const complaint = `is given beside ${right}`;
    return wrongValue([...path, other], value, { complaint, remedy: `keep ${right} alone` });
  }
  const better = right === 'max' ? 'lower' : 'higher';
  const complaint = `is the wrong side for ${slo.metric}, which is better when it is ${better}`;
  return wrongValue([...path, other], value, { complaint, remedy: `write ${right} instead` });
}

function sizeFault(
  {
    metric,
    name,
    value,
  }: { readonly metric: SloMetric; readonly name: string; readonly value: number | string },
  path: Path,
): readonly Fault[] {
  const isTime = metric.includes('Ms');
  const hasUnit = typeof value === 'string';
  const isShareText = hasUnit && value.endsWith('%');
  if (isTime && isShareText) {
    return [
      wrongValue([...path, name], value, { remedy: 'write milliseconds, or a duration such as 100ms' }),
    ];
  }
  if (!isTime && ((hasUnit && !isShareText) || limitOf(value) > 1)) {
    return [wrongValue([...path, name], value, { remedy: 'write a share from 0 to 1, such as 1% or 0.01' })];
  }
  return [];
}

/** Nothing would ever be measured, so that no window could be judged. */
function measureFaults({ metric }: SloDocument, { media, probes, path }: Surroundings): readonly Fault[] {
  if (sloMetrics[metric] === 'probes' && probes === 0) {
    return [
      wrongValue([...path, 'metric'], metric, {
        complaint: `is ${metric}, which only probes measure`,
        remedy: 'set clients.probes to at least 1, or remove it',
      }),
    ];
  }
  const [needs, has] = ofPictures.has(metric) ? ['pictures', media.video !== undefined] : ['', true];
  const isSound = metric === 'probe.concealedShare' && media.audio === undefined;
  if (has && !isSound) return [];
  return [
    wrongValue([...path, 'metric'], metric, {
      complaint: `is ${metric}, but nobody sends ${isSound ? 'sound' : needs}`,
      remedy: 'remove it, or let somebody send some',
    }),
  ];
}
