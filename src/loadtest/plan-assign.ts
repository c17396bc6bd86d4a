/** Which worker plays whom. */
import { assert } from '../base/assert.ts';
import { stream } from '../workload/random.ts';
import { placeOf } from './plan-names.ts';
import type { PlannedPerson } from './plan.ts';
import type { Scenario } from './scenario.ts';

/**
 * The worker of a person, always the same for the same workers. A whole room is one worker's, except where all are in one
 * room, whose people are split. Of as many rooms (or people) in a row as there are workers each worker gets one, so that
 * few rooms are spread evenly; in which order they get them is hashed anew for each such row, so that kinds of rooms that
 * take turns do not fall to one worker each.
 * @throws BugError when there is no worker, or for a person whom no plan named
 */
export function assign(scenario: Scenario, person: PlannedPerson, workers: readonly number[]): number {
  const { room, seat } = placeOf(person.identity);
  const index = scenario.workload.kind === 'OneRoom' ? seat : room;
  const block = Math.floor(index / workers.length);
  const order = [...workers].toSorted((a, b) => rank(block, a) - rank(block, b) || a - b);
  const worker = order[index % workers.length];
  assert(worker !== undefined, 'there is at least one worker');
  return worker;
}

function rank(block: number, worker: number): number {
  return stream(block, `worker/${worker}`)();
}
