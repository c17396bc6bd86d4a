/** Scenarios that are named on the command line. */
import { readScenarioFile } from '../loadtest/read-scenario-file.ts';
import type { ScenarioRead } from '../loadtest/read-scenario.ts';
import type { ScenarioProblem } from '../loadtest/scenario-fault.ts';
import type { Scenario } from '../loadtest/scenario.ts';
import { readTrouble, UsageError } from './cli-error.ts';

/** A scenario or its problems. @throws UsageError when the file cannot be read */
export function readNamed(path: string): ScenarioRead {
  try {
    return readScenarioFile(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}, ${readTrouble(error)}: name the file of a scenario.`, {
      cause: error,
    });
  }
}

/** The scenario of a file. @throws UsageError with the first problem, when there is one */
export function scenarioIn(path: string): Scenario {
  const read = readNamed(path);
  if (read.kind === 'Scenario') return read.scenario;
  const [first, ...others] = read.problems;
  const more =
    others.length === 0
      ? ''
      : ` (and ${others.length} more: see "kubectl-openvidu loadtest validate ${path}")`;
  const text = first === undefined ? 'it is no scenario' : problemText(path, first).replace(/[.]$/, '');
  throw new UsageError(`${text}${more}.`);
}

/** One problem as a line: where, and what. */
export function problemText(path: string, { line, column, message }: ScenarioProblem): string {
  const place = line === undefined ? path : `${path}, line ${line}, column ${column ?? 1}`;
  return `${place}: ${message}`;
}
