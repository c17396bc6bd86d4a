/** Scenarios for tests: small ones as people would write them. */
import { readScenario } from '../../src/loadtest/read-scenario.ts';
import type { ScenarioProblem } from '../../src/loadtest/scenario-fault.ts';
import type { Scenario } from '../../src/loadtest/scenario.ts';

export const workloads = {
  conference: 'kind: conference\n    conference: { participants: 4 }',
  liveStream: 'kind: liveStream',
  stage: 'kind: stage\n    stage: { publishers: 2, viewers: 5 }',
  teaching: 'kind: teaching\n    teaching: { students: 6 }',
  growingRoom: 'kind: growingRoom',
  mixed:
    'kind: mixed\n    mixed: { rooms: [{ weight: 3, kind: conference, conference: { participants: 2 } }, ' +
    '{ weight: 1, kind: stage, stage: { publishers: 1, viewers: 7 } }] }',
  trace:
    'kind: trace\n    trace: { timeScale: 10, csv: "start_s,duration_s,participants,publishers\\n' +
    '0,600,5,3\\n30,300,2,2\\n200,400,8,1\\n210,60,1,1\\n" }',
} as const;

export const conference = (fields: string): string => `kind: conference\n    conference: { ${fields} }`;
export const slos = (slo: string): string => `slos: [{ ${slo} }]`;

export interface Parts {
  readonly spec?: string;
  readonly workload?: string;
  readonly load?: string;
}

/** A scenario of a few lines. */
export function textOf({
  spec = '',
  workload = workloads.conference,
  load = 'mode: fixed',
}: Parts = {}): string {
  return [
    'apiVersion: loadtest.openvidu.io/v1alpha1',
    'kind: Scenario',
    'metadata: { name: test }',
    'spec:',
    `  workload:\n    ${workload}`,
    `  load:\n    ${load}`,
    ...(spec === '' ? [] : [`  ${spec}`]),
    '',
  ].join('\n');
}

/** The scenario of a text that has no problems. */
export function scenarioOf(parts: Parts = {}): Scenario {
  const read = readScenario(textOf(parts));
  if (read.kind === 'Scenario') return read.scenario;
  throw new Error(read.problems.map(({ message }) => message).join('\n'));
}

export function problemsOf(text: string): readonly ScenarioProblem[] {
  const read = readScenario(text);
  return read.kind === 'Problems' ? read.problems : [];
}
