import { counted } from '../core/words.ts';
import type { Scenario } from '../loadtest/scenario.ts';
import { UsageError } from './cli-error.ts';

/** @throws UsageError where the option asks for more than `load.most` of the scenario allows */
export async function refuseMoreThanMost(scenario: Scenario, option: string, level: number): Promise<void> {
  const most = await levelWithin(scenario, level);
  if (most >= level) return;
  const { participants, egressMbps } = scenario.load.most;
  throw new UsageError(
    `${option} ${level} exceeds load.most of the scenario (${counted(participants, 'participant')}, ${egressMbps} Mbit/s): ` +
      `give at most ${most}, or raise load.most.`,
  );
}

/** The highest level up to this one that `load.most` allows. */
export async function levelWithin(scenario: Scenario, level: number): Promise<number> {
  const { levelWithinMost } = await import('../loadtest/most-load.ts');
  return levelWithinMost(scenario, level);
}
