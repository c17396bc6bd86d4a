/**
 * Lives whole fleets in simulated time, with faults, changes and persons, and judges them.
 * `node lab/lives.ts --count 1000 [--from SEED] [--long]` lives many; `--seed SEED` lives one again and tells it all.
 */
import { parseArgs } from 'node:util';
import { lifeText } from '../src/simulate/life-report.ts';
import { planLife } from '../src/simulate/life-plan.ts';
import { live } from '../src/simulate/life.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    long: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const span = values.long ? 'Long' : 'Brief';
const only = values.seed === undefined ? undefined : Number(values.seed);
const from = only ?? Number(values.from);
const count = only === undefined ? Number(values.count) : 1;

const began = process.cpuUsage();
let passes = 0;
let faulty = 0;
const done = new Map<string, number>();
const broken = new Map<string, number[]>();
for (let seed = from; seed < from + count; seed += 1) {
  const report = await live(planLife(seed, span));
  passes += report.passes;
  for (const [kind, times] of Object.entries(report.actions)) done.set(kind, (done.get(kind) ?? 0) + times);
  const { violation } = report;
  if (violation !== undefined) {
    faulty += 1;
    broken.set(violation.claim, [...(broken.get(violation.claim) ?? []), seed]);
  }
  if (violation !== undefined && values.keep) {
    console.log(`${seed}: ${(violation.atMs / 1000).toFixed(1)} s: ${violation.claim}: ${violation.detail}`);
  }
  if (only !== undefined || (violation !== undefined && !values.keep)) console.log(lifeText(report));
  if (faulty > 0 && !values.keep) break;
}
const { user, system } = process.cpuUsage(began);
const cpuS = (user + system) / 1e6;
for (const [claim, seeds] of broken)
  console.log(`${claim}: ${seeds.length} lives, such as ${seeds.slice(0, 8).join(', ')}`);
console.log(`Actions: ${[...done].map(([kind, times]) => `${times} ${kind}`).join(', ')}.`);
console.log(`${count} lives, ${faulty} faulty, ${passes} decisions, ${cpuS.toFixed(1)} s of the processor.`);
process.exitCode = faulty > 0 ? 1 : 0;
