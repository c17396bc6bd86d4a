import type { Command } from 'commander';
import { sayDuration } from '../base/duration.ts';
import type { LevelEstimate, PlannedStep } from '../loadtest/plan.ts';
import type { LevelUnit, Scenario } from '../loadtest/scenario.ts';
import { largestSeed } from './command-trace-generate.ts';
import { handle, type Shell } from './command.ts';
import { answer, type CommonOptions, textTable } from './output.ts';
import { wholeNumber } from './values.ts';

interface PlanOptions extends CommonOptions {
  readonly level?: number;
  readonly seed?: number;
  readonly joins?: boolean;
}

export function addLoadtestPlan(parent: Command, shell: Shell): void {
  const command = parent
    .command('plan')
    .summary('Show what a scenario will cost before anything starts.')
    .description(
      'Shows what each level of a scenario needs: tracks, packets and bits a second at the server, and the cores of ' +
        'generator and server as measured once on another machine. Nothing is started.',
    )
    .argument('<file>', 'The scenario in YAML.')
    .option('--level <number>', 'Only this level.', wholeNumber(1, 100_000))
    .option('--seed <number>', 'Instead of that of the scenario.', wholeNumber(0, largestSeed))
    .option('--joins', 'Also list who joins which room and when, up to the highest level shown.');
  handle<PlanOptions>(shell, command, (options, [file = '']) => plan(shell, options, file));
}

interface PlanAnswer {
  readonly scenario: string;
  readonly says: string;
  readonly seed: number;
  readonly unit: LevelUnit;
  /** What a run takes at least. */
  readonly leastSeconds: number;
  readonly planDigest: string;
  readonly levels: readonly LevelEstimate[];
  /** From nobody to the highest level of the list, as in the first repetition. */
  readonly steps?: readonly PlannedStep[];
}

async function plan({ io }: Shell, options: PlanOptions, file: string): Promise<void> {
  const { scenarioIn } = await import('./scenario-file.ts');
  const { sayScenario } = await import('./scenario-text.ts');
  const { estimateLevel } = await import('../loadtest/estimate.ts');
  const { planDigest } = await import('../loadtest/plan-digest.ts');
  const { leastLengthMs } = await import('../loadtest/scenario-checks.ts');
  const { levelsToShow } = await import('../loadtest/scenario-levels.ts');
  const scenario = chosen(scenarioIn(file), options);
  const levels = options.level === undefined ? levelsToShow(scenario.load.mode) : [options.level];
  const value: PlanAnswer = {
    scenario: scenario.name,
    says: sayScenario(scenario),
    seed: scenario.seed,
    unit: scenario.load.unit,
    leastSeconds: Math.ceil(leastLengthMs(scenario) / 1000),
    planDigest: planDigest(scenario),
    levels: levels.map((level) => estimateLevel(scenario, level)),
    ...(options.joins === true ? { steps: await stepsTo(scenario, Math.max(...levels)) } : {}),
  };
  const { estimateTable } = await import('./scenario-text.ts');
  await answer(io, options, value, (answered) => planText(answered, estimateTable));
}

function chosen(scenario: Scenario, { seed = scenario.seed }: PlanOptions): Scenario {
  return { ...scenario, seed };
}

async function stepsTo(scenario: Scenario, level: number): Promise<readonly PlannedStep[]> {
  const { changeLevel, emptyCrowd } = await import('../loadtest/plan-level.ts');
  return changeLevel(scenario, emptyCrowd(1), level).change.steps;
}

function planText(
  { scenario, says, seed, unit, leastSeconds, planDigest, levels, steps }: PlanAnswer,
  table: (unit: LevelUnit, levels: readonly LevelEstimate[]) => string,
): string {
  const joins = steps === undefined ? [] : ['', stepsTable(steps)];
  return [
    `${scenario}: ${says}`,
    `Seed ${seed}, plan ${planDigest.slice(0, 12)}, at least ${sayDuration(leastSeconds * 1000)}.`,
    '',
    table(unit, levels),
    ...joins,
  ].join('\n');
}

function stepsTable(steps: readonly PlannedStep[]): string {
  const columns = [
    { title: 'at s', align: 'right' as const },
    { title: 'step' },
    { title: 'person' },
    { title: 'role' },
  ];
  const rows = steps.map((step) => {
    const at = (step.atMs / 1000).toFixed(3);
    if (step.kind === 'Leave') return [at, 'leave', step.identity, ''];
    const { identity, role, probe } = step.person;
    return [at, 'join', identity, probe ? `${role}, a probe` : role];
  });
  return textTable(columns, rows);
}
