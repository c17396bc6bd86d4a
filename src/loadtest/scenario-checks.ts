/** Faults that show only when all parts of a scenario are seen together. */
import { sayDuration } from '../base/duration.ts';
import { estimateLevel } from './estimate.ts';
import { traceLengthMs } from './plan-trace.ts';
import type { FaultDocument, SpecDocument } from './scenario-document.ts';
import { type Fault, missing, type Path, unknownName, wrongValue } from './scenario-fault.ts';
import { highestLevel, levelFor, lowestLevel } from './scenario-levels.ts';
import { durationMs, shareOf } from './scenario-units.ts';
import type { LoadMode, Scenario, SloMetric } from './scenario.ts';
import { itineraryOf } from './search-itinerary.ts';

/** @param spec as it was written, whose fields the scenario was made from */
export function wholeFaults(scenario: Scenario, spec: SpecDocument): readonly Fault[] {
  const first = [...silenceFault(scenario), ...levelFault(scenario)];
  // Silence and a level that is far too high make these follow.
  const next =
    first.length > 0 ? [] : [...lonelyFault(scenario), ...probeFault(scenario), ...lengthFault(scenario)];
  return [
    ...first,
    ...next,
    ...(spec.faults ?? []).flatMap((fault, at) => faultFaults(fault, ['spec', 'faults', at])),
  ];
}

function silenceFault({ media }: Scenario): readonly Fault[] {
  if (media.video !== undefined || media.audio !== undefined) return [];
  return [
    wrongValue(
      ['spec', 'media'],
      {},
      {
        complaint: 'has neither video nor audio',
        remedy: 'let people send one of them, because silence loads nothing',
      },
    ),
  ];
}

/** What is seen where media arrives. */
const needsReceivers: readonly SloMetric[] = [
  'frameLatencyMs.p95',
  'frameLatencyMs.p99',
  'firstPacketMs.p95',
  'tracksDeliveredShare',
  'packetLossShare.p95',
];

/** Where nobody receives anything, most limits could never be judged. */
function lonelyFault(scenario: Scenario): readonly Fault[] {
  const { load, slos } = scenario;
  const needy = slos.find(({ metric }) => needsReceivers.includes(metric));
  const level = lowestLevel(load);
  if (needy === undefined || estimateLevel(scenario, level).subscribedTracks > 0) return [];
  const complaint = `lets nobody receive anything at level ${level}, so that ${needy.metric} cannot be judged`;
  const remedy = 'let there be at least 2 people who receive each other, or leave such limits out of slos';
  return [wrongValue(['spec', 'workload'], {}, { complaint, remedy })];
}

/** Where the highest level was written. */
function levelPath(mode: LoadMode): Path {
  const load = ['spec', 'load'];
  switch (mode.kind) {
    case 'Fixed':
      return [...load, 'fixed', 'level'];
    case 'Soak':
      return [...load, 'soak', 'level'];
    case 'Ramp':
      return [...load, 'ramp', 'to'];
    case 'Search':
      return [...load, 'search', 'max'];
    case 'Steps':
      return [...load, 'steps', 'levels', mode.levels.indexOf(Math.max(...mode.levels))];
  }
}

/** A level must keep within what is the most in any mode. */
function levelFault({ workload, load, ...rest }: Scenario): readonly Fault[] {
  const { mode, most, unit } = load;
  const level = highestLevel(load);
  const path = levelPath(mode);
  const fits = levelFor(workload, most.participants);
  if (workload.kind !== 'Trace' && level > fits) {
    const complaint = `asks for ${level} ${unit}, but most.participants allows ${most.participants} people`;
    const remedy =
      fits > 0 ? `write at most ${fits}, or raise load.most.participants` : 'raise load.most.participants';
    return [wrongValue(path, level, { complaint, remedy })];
  }
  const { participants, mbpsOut } = estimateLevel({ ...rest, workload, load }, level);
  if (participants > most.participants) {
    const complaint = `brings ${participants} people at a time, but most.participants allows ${most.participants}`;
    return [wrongValue(path, level, { complaint, remedy: 'lower it, or raise load.most.participants' })];
  }
  // A search ends by itself long before, or at what is the most.
  if (mode.kind === 'Search' || mbpsOut <= most.egressMbps) return [];
  const complaint = `would need ${Math.round(mbpsOut)} Mbit/s, but most.egressMbps allows ${most.egressMbps}`;
  return [wrongValue(path, level, { complaint, remedy: 'lower it, or raise load.most.egressMbps' })];
}

function probeFault({ clients, load, workload, ...rest }: Scenario): readonly Fault[] {
  if (clients.probes === 0) return [];
  const { participants } = estimateLevel(
    { ...rest, workload, load, clients: { ...clients, probes: 0 } },
    highestLevel(load),
  );
  if (clients.probes <= participants) return [];
  return [
    wrongValue(['spec', 'clients', 'probes'], clients.probes, {
      remedy: `write at most ${participants}, which is how many people there are at the highest level`,
    }),
  ];
}

/** The shortest that a run can be must fit into the longest it may be. */
function lengthFault(scenario: Scenario): readonly Fault[] {
  const { most } = scenario.load;
  const leastMs = leastLengthMs(scenario);
  if (leastMs <= most.durationMs) return [];
  const longest = sayDuration(most.durationMs);
  const complaint = `is ${longest}, but the run takes at least ${sayDuration(leastMs)}`;
  const remedy = 'raise it, or measure fewer or shorter windows';
  return [wrongValue(['spec', 'load', 'most', 'duration'], longest, { complaint, remedy })];
}

/** Milliseconds that a run takes at least, with every join on time and every window valid. */
export function leastLengthMs(scenario: Scenario): number {
  const { load, workload } = scenario;
  const { mode, settleMs, dwellMs, joinsPerSecond } = load;
  if (mode.kind === 'Search') {
    return mode.repetitions * (2 * settleMs + 2 * dwellMs + mode.confirmMs);
  }
  const stops = itineraryOf(scenario, mode);
  if (workload.kind === 'Trace') return stops.length * traceLengthMs(workload);
  const people = estimateLevel(scenario, highestLevel(load)).participants;
  const windows = stops.reduce((sum, stop) => sum + stop.windows, 0);
  return (people / joinsPerSecond) * 1000 + stops.length * settleMs + windows * dwellMs;
}

function faultFaults(fault: FaultDocument, path: Path): readonly Fault[] {
  const [needed, foreign] =
    fault.kind === 'packetLoss' ? (['share', 'kbps'] as const) : (['kbps', 'share'] as const);
  const faults: Fault[] = [];
  if (fault[needed] === undefined)
    faults.push(missing([...path, needed], `a fault of kind ${fault.kind} needs it`));
  if (fault[foreign] !== undefined) {
    faults.push({
      ...unknownName([...path, foreign], []),
      complaint: `has no effect, because kind is ${fault.kind}`,
      remedy: 'remove it',
    });
  }
  for (const name of ['share', 'ofParticipants'] as const) {
    const value = fault[name];
    if (value !== undefined && shareOf(value) === 0) {
      faults.push(
        wrongValue([...path, name], value, { remedy: 'write a share above zero, or remove the fault' }),
      );
    }
  }
  if (durationMs(fault.from) >= durationMs(fault.to)) {
    faults.push(
      wrongValue([...path, 'to'], fault.to, { remedy: `write a time after from, which is ${fault.from}` }),
    );
  }
  return faults;
}
