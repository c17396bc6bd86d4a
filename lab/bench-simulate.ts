/**
 * How long a simulation takes: a week of 80,000 rooms under the operator's own loop. The processor's time is counted
 * beside the clock's, so that other programs on the machine can be told apart. Other numbers of rooms and days may be
 * given: `node lab/bench-simulate.ts ROOMS_PER_WEEK DAYS`.
 */
import { choosePolicy } from '../src/cli/policy-choice.ts';
import { simulate } from '../src/simulate/run.ts';
import { generateTrace } from '../src/workload/generate.ts';

const roomsPerWeek = Number(process.argv[2] ?? 80_000);
const days = Number(process.argv[3] ?? 7);
const capacity = 200;
const nodes = { nodesMin: 1, nodesMax: 100 };

const trace = generateTrace({ profile: 'office', days, seed: 1, roomsPerWeek });
const chosen = choosePolicy('governor', { capacity, ...nodes });
if (chosen.policy.kind !== 'Governor') throw new TypeError('The governor is not the governor.');
let passes = 0;
const began = process.cpuUsage();
const result = await simulate({
  trace,
  policy: { kind: 'governor', spec: chosen.policy.spec },
  capacity,
  ...nodes,
  launchSeconds: 20,
  seed: 1,
  onDecision: () => {
    passes += 1;
  },
});
const { user, system } = process.cpuUsage(began);
const cpuS = (user + system) / 1e6;
console.log(
  [
    `Simulating ${days} days with ${result.rooms} rooms took ${(result.wallMs / 1000).toFixed(1)} s`,
    `(${cpuS.toFixed(1)} s of the processor, ${passes} passes, ${((cpuS * 1e6) / passes).toFixed(0)} µs each).`,
  ].join(' '),
);
