/**
 * Plays the governor, a fixed ceiling of its own and the rules of the field on the shipped profiles, three seeds and two
 * launch times each, and writes tables and reports. POLICY_SEEDS (1,2,3), POLICY_PROFILES and POLICY_LAUNCHES (20,120)
 * make it smaller or other.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runAll } from '../src/cli/backtest-pool.ts';
import type { BacktestRun, BacktestTask } from '../src/cli/backtest-task.ts';
import { choosePolicies, policyTitle } from '../src/cli/policy-choice.ts';
import { renderReport } from '../src/simulate/report.ts';
import { avoidableOverloadShare, type SimResult } from '../src/simulate/result.ts';
import { generateTrace } from '../src/workload/generate.ts';
import { isProfileName, type ProfileName } from '../src/workload/profiles.ts';
import { writeTrace } from '../src/workload/trace-file.ts';
import { LabError } from './exec.ts';
import { buildDir } from './paths.ts';
import { elapsedSay, runCli } from './tools.ts';

export const capacity = 200;
const fixedCeiling = 'fixed-ceiling-80';
const rivals = ['openvidu-v2', 'hpa', 'jitsi', 'target-tracking', 'agones-buffer'] as const;
const usualProfiles =
  'office,office-no-events,timetable,flash,global,growth,outage,small,smooth,contact' satisfies string;
export const outDir = join(buildDir, 'policy');
const say = elapsedSay();

function listed(name: string, usual: string): readonly string[] {
  return (process.env[name] ?? usual).split(',').filter((item) => item !== '');
}

export const seeds = listed('POLICY_SEEDS', '1,2,3').map(Number);
const launches = listed('POLICY_LAUNCHES', '20,120').map(Number);

function profiles(): readonly ProfileName[] {
  return listed('POLICY_PROFILES', usualProfiles).map((name) => {
    if (!isProfileName(name)) throw new LabError(`POLICY_PROFILES: there is no profile ${name}.`);
    return name;
  });
}

/** Its own packing with a fixed ceiling instead of a price for overload. */
async function fixedCeilingFile(): Promise<string> {
  const path = join(outDir, `${fixedCeiling}.yaml`);
  await writeFile(path, 'placement:\n  priority: 1\n  ceilingPercent: 80\n');
  return path;
}

async function tasksOf(launchSeconds: number): Promise<readonly BacktestTask[]> {
  const names = ['governor', await fixedCeilingFile(), ...rivals];
  const fleets = choosePolicies(names, { capacity, nodesMin: undefined, nodesMax: undefined });
  const tasks: BacktestTask[] = [];
  for (const profile of profiles()) {
    for (const seed of seeds) {
      const tracePath = join(outDir, `${profile}-${seed}.csv.gz`);
      await writeTrace(tracePath, generateTrace({ profile, seed }));
      for (const fleet of fleets) {
        const job = { fleet, launchSeconds, seed };
        tasks.push({ job, tracePath, traceLabel: profile, withTimeline: true });
      }
    }
  }
  return tasks;
}

async function play(launchSeconds: number, signal: AbortSignal): Promise<readonly SimResult[]> {
  const tasks = await tasksOf(launchSeconds);
  let told = 0;
  const runs = await runAll(tasks, {
    signal,
    onProgress: (_, finished) => {
      if (finished < told + 20) return;
      told = finished;
      say(`launch ${launchSeconds} s: ${finished} of ${tasks.length} runs`);
    },
  });
  await writeFile(join(outDir, `report-${launchSeconds}s.html`), reportOf(runs, launchSeconds));
  return runs.map(({ result }) => ({ ...result, policy: shortName(result.policy) }));
}

function shortName(policy: string): string {
  return policy.endsWith(`${fixedCeiling}.yaml`) ? fixedCeiling : policy;
}

function reportOf(runs: readonly BacktestRun[], launchSeconds: number): string {
  const reported = runs.flatMap(({ result, timeline }) => {
    if (timeline === undefined) return [];
    const policy = shortName(result.policy);
    const policyLabel =
      policy === fixedCeiling ? 'governor with a fixed ceiling of 80 %' : policyTitle(policy);
    return [
      { result: { ...result, policy }, timeline, policyLabel, traceLabel: result.trace, seed: result.seed },
    ];
  });
  return renderReport(reported, { capacity, launchSeconds, subject: 'governor', commands: ['make policy'] });
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

/** One line a profile: ratio / avoidable overload in percent of each policy, and the governor against two of them. */
function table(results: readonly SimResult[]): string {
  const policies = ['governor', fixedCeiling, ...rivals];
  const heading = ['trace', ...policies, 'hours ÷ v2', 'hours ÷ hpa', 'turns a day', 'cut'];
  const rows = profiles().map((trace) => {
    const of = (policy: string) => results.filter((run) => run.trace === trace && run.policy === policy);
    const cells = policies.map(
      (policy) =>
        `${mean(of(policy).map((run) => run.ratio)).toFixed(2)} / ${(100 * mean(of(policy).map(avoidableOverloadShare))).toFixed(2)}`,
    );
    const against = (policy: string) =>
      mean(
        of('governor').map(
          (run) =>
            run.nodeHours / (of(policy).find(({ seed }) => seed === run.seed)?.nodeHours ?? Number.NaN),
        ),
      ).toFixed(3);
    const turns = mean(of('governor').map((run) => run.directionChangesPerDay)).toFixed(1);
    const cut = of('governor').reduce((sum, run) => sum + run.roomsCut, 0);
    return [trace, ...cells, against('openvidu-v2'), against('hpa'), turns, String(cut)];
  });
  return [heading, heading.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

async function main(): Promise<void> {
  await mkdir(outDir, { recursive: true });
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  for (const launchSeconds of launches) {
    const results = await play(launchSeconds, stopping.signal);
    const text = table(results);
    await writeFile(join(outDir, `table-${launchSeconds}s.md`), `${text}\n`);
    await writeFile(join(outDir, `results-${launchSeconds}s.json`), JSON.stringify(results, undefined, 1));
    process.stdout.write(`\nlaunch ${launchSeconds} s: ratio / avoidable overload in percent\n\n${text}\n\n`);
  }
  say('reports are in build/policy');
}

if (import.meta.main) await runCli(main);
