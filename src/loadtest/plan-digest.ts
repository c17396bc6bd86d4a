/** A fingerprint of everything a run will do, to see whether two runs have the same plan. */
import { createHash, type Hash } from 'node:crypto';
import { changeLevel, churn, emptyCrowd } from './plan-level.ts';
import { highestLevel } from './scenario-levels.ts';
import type { Scenario } from './scenario.ts';

/**
 * SHA-256 in hexadecimal over two things: the parts of the scenario that a plan is made of, and the plan of the first
 * repetition up to the highest level its mode may visit, which holds that of every lower level, with a minute of its
 * churn. The second part notices when another version of this program would plan differently. Name, description and SLOs
 * do not count.
 */
export function planDigest(scenario: Scenario): string {
  const { seed, media, workload, load, clients, faults } = scenario;
  const hash = createHash('sha256');
  put(hash, { seed, media, workload, load, clients, faults });
  const { change, crowd } = changeLevel(scenario, emptyCrowd(1), highestLevel(load));
  for (const room of change.rooms) put(hash, room);
  for (const step of change.steps) put(hash, step);
  for (const step of churn(scenario, crowd, 60_000).steps) put(hash, step);
  return hash.digest('hex');
}

function put(hash: Hash, value: unknown): void {
  hash.update(`${JSON.stringify(canonical(value))}\n`);
}

/** With sorted keys, so that the order in which an object was written does not matter. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
}
