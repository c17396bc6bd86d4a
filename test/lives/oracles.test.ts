/** The judge of lives can fail: operators that do wrong are found out, each by the claim that it breaks. */
import { describe, expect, test } from '@jest/globals';
import { live } from '../../src/simulate/life.ts';
import { planLife } from '../../src/simulate/life-plan.ts';
import { lifeText } from '../../src/simulate/life-report.ts';
import { type Wrong, wrongs } from './wrong-operators.ts';

/** Generous: the machine may be at work on other things. */
const patientMs = 120_000;
/** So many lives it may do wrong unnoticed. */
const mostLives = 40;

/** The story of the first life that shows it. */
async function storyOf({ breaks, operator, strokes }: Wrong): Promise<string | undefined> {
  for (let seed = 1; seed <= mostLives; seed += 1) {
    const plan = planLife(seed, 'Brief');
    const report = await live(
      strokes === undefined ? plan : { ...plan, companions: true, strokes },
      operator,
    );
    if (report.violation?.claim === breaks) return lifeText(report);
  }
  return undefined;
}

describe('an operator that', () => {
  test.each(wrongs)(
    '$does breaks the claim $breaks',
    async (wrong) => {
      const story = await storyOf(wrong);
      expect(story).toContain('Replay: node lab/lives.ts --seed ');
      expect(story).toContain('The last decisions:');
    },
    patientMs,
  );
});
