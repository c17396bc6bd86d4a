/** Scenarios as text: either one with all its defaults, or everything that is wrong with it. */
import { parseTrace } from '../workload/trace-csv.ts';
import { TraceError } from '../workload/trace-error.ts';
import type { Trace } from '../workload/trace.ts';
import { whyOf } from '../livekit/why.ts';
import { wholeFaults } from './scenario-checks.ts';
import type { FaultDocument, ScenarioDocument, SpecDocument } from './scenario-document.ts';
import { type Fault, pathText, type Path, type ScenarioProblem, wrongValue } from './scenario-fault.ts';
import { loadFaults, loadOf } from './scenario-load.ts';
import { type Place, parseText } from './scenario-place.ts';
import { fitSchema } from './scenario-schema.ts';
import { sloFaults, slosOf } from './scenario-slos.ts';
import { durationMs, shareOf } from './scenario-units.ts';
import { workloadFaults } from './scenario-workload-faults.ts';
import { mediaOf, workloadOf } from './scenario-workload.ts';
import type { Fault as ClientFault, Scenario } from './scenario.ts';

export type ScenarioRead =
  | { readonly kind: 'Scenario'; readonly scenario: Scenario }
  | { readonly kind: 'Problems'; readonly problems: readonly ScenarioProblem[] };

export interface ReadOptions {
  /** The text of a trace that the scenario names. Without it, a scenario may only hold its trace itself. */
  readonly readFile?: (path: string) => string;
}

/** Never throws for what a person wrote. */
export function readScenario(text: string, options: ReadOptions = {}): ScenarioRead {
  const parsed = parseText(text);
  if ('broken' in parsed) return { kind: 'Problems', problems: [parsed.broken] };
  const fit = fitSchema(parsed.value);
  const made = 'faults' in fit ? fit : scenarioOf(fit.document, options);
  if ('scenario' in made) return { kind: 'Scenario', scenario: made.scenario };
  const problems = made.faults.map((fault) => problemOf(fault, parsed.placeOf(fault.path, fault.of)));
  return { kind: 'Problems', problems: problems.toSorted(byPlace) };
}

function byPlace(a: ScenarioProblem, b: ScenarioProblem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

type Made = { readonly scenario: Scenario } | { readonly faults: readonly Fault[] };

function scenarioOf(document: ScenarioDocument, options: ReadOptions): Made {
  const { spec } = document;
  const trace = traceOf(spec, options);
  const faults = [...partFaults(spec), ...('faults' in trace ? trace.faults : [])];
  if (faults.length > 0 || 'faults' in trace) return { faults };
  const scenario = built(document, trace.trace);
  const whole = wholeFaults(scenario, spec);
  return whole.length > 0 ? { faults: whole } : { scenario };
}

/** Faults that can be seen in one part of the document. */
function partFaults(spec: SpecDocument): readonly Fault[] {
  const media = mediaOf(spec.media);
  const probes = spec.clients?.probes ?? 0;
  return [
    ...workloadFaults(spec.workload, media, ['spec', 'workload']),
    ...loadFaults(spec.load, spec.workload.kind, ['spec', 'load']),
    ...sloFaults(spec.slos, { media, probes, path: ['spec', 'slos'] }),
  ];
}

function built({ metadata, spec }: ScenarioDocument, trace: Trace | undefined): Scenario {
  const { description = '', seed = 1, clients = {}, faults = [] } = spec;
  const media = mediaOf(spec.media);
  const workload = workloadOf(spec.workload, media, trace);
  return {
    name: metadata.name,
    description,
    seed,
    media,
    workload,
    load: loadOf(spec.load, spec.workload.kind, workload),
    slos: slosOf(spec.slos, { media, isTrace: workload.kind === 'Trace' }),
    clients: { probes: clients.probes ?? 0, singleConnection: clients.singleConnection ?? false },
    faults: faults.map(clientFault),
  };
}

function clientFault(fault: FaultDocument): ClientFault {
  const span = {
    ofParticipants: shareOf(fault.ofParticipants ?? 1),
    fromMs: durationMs(fault.from),
    toMs: durationMs(fault.to),
  };
  return fault.kind === 'packetLoss'
    ? { kind: 'PacketLoss', share: shareOf(fault.share ?? 0), ...span }
    : { kind: 'SubscriberBandwidth', kbps: fault.kbps ?? 0, ...span };
}

type ReadTrace = { readonly trace: Trace | undefined } | { readonly faults: readonly Fault[] };

function traceOf({ workload }: SpecDocument, { readFile }: ReadOptions): ReadTrace {
  const { file, csv } = workload.trace ?? {};
  if (workload.kind !== 'trace' || (file === undefined) === (csv === undefined)) return { trace: undefined };
  const path = ['spec', 'workload', 'trace', file === undefined ? 'csv' : 'file'];
  if (csv !== undefined) return parsedTrace(csv, 'the trace', { path, value: undefined });
  const remedy = 'put the trace itself under csv, because files cannot be read here';
  if (readFile === undefined) return { faults: [wrongValue(path, file, { remedy })] };
  const name = file ?? '';
  try {
    return parsedTrace(readFile(name), name, { path, value: name });
  } catch (error) {
    const complaint = `cannot be read (${whyOf(error)})`;
    return { faults: [wrongValue(path, name, { complaint, remedy: 'name the file of a trace' })] };
  }
}

function parsedTrace(
  text: string,
  name: string,
  at: { readonly path: Path; readonly value: string | undefined },
): ReadTrace {
  try {
    return { trace: parseTrace(text, name) };
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    const complaint = `holds no trace (${error.message.replace(/\.$/, '')})`;
    return { faults: [wrongValue(at.path, at.value, { complaint, remedy: 'correct it there' })] };
  }
}

function problemOf({ path, value, complaint, remedy }: Fault, place: Place | undefined): ScenarioProblem {
  const where = path.length === 0 ? 'the scenario' : pathText(path);
  const end = remedy.endsWith('?') ? remedy : `${remedy}.`;
  return {
    path: pathText(path),
    value,
    remedy,
    line: place?.line,
    column: place?.column,
    message: `${where} ${complaint}: ${end}`,
  };
}
