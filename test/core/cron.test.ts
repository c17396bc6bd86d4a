import { describe, expect, test } from '@jest/globals';
import { type Cron, parseCron } from '../../src/core/cron.ts';

function cron(text: string): Cron {
  const reading = parseCron(text);
  if (reading.kind === 'Faulty') throw new Error(reading.why);
  return reading.cron;
}

const upTo = (most: number) => Array.from({ length: most + 1 }, (_, at) => at);

describe('a field of a cron expression', () => {
  test.each<
    readonly [what: string, text: string, field: Exclude<keyof Cron, 'eitherDay'>, readonly number[]]
  >([
    ['allows everything with a star', '* * * * *', 'hours', upTo(23)],
    ['allows one number', '5 * * * *', 'minutes', [5]],
    ['allows a list, in any order and with repetitions', '30,0,15,0 * * * *', 'minutes', [0, 15, 30]],
    ['allows a range', '* 8-11 * * *', 'hours', [8, 9, 10, 11]],
    ['allows a range with a step', '* 8-18/4 * * *', 'hours', [8, 12, 16]],
    ['counts a step from the beginning of the field', '* * */10 * *', 'daysOfMonth', [1, 11, 21, 31]],
    ['counts a step from a number to the end of the field', '5/20 * * * *', 'minutes', [5, 25, 45]],
    ['knows the names of months', '* * * JAN,MAR-MAY *', 'months', [1, 3, 4, 5]],
    ['knows the names of days', '* * * * MON-FRI', 'daysOfWeek', [1, 2, 3, 4, 5]],
    ['knows Sunday as 0', '* * * * 0', 'daysOfWeek', [0]],
    ['knows Sunday as 7', '* * * * 7', 'daysOfWeek', [0]],
    ['lets a week end on Sunday by number', '* * * * 5-7', 'daysOfWeek', [0, 5, 6]],
    ['lets a week end on Sunday by name', '* * * * MON-SUN', 'daysOfWeek', upTo(6)],
    ['lets a week begin on Sunday', '* * * * SUN-TUE', 'daysOfWeek', [0, 1, 2]],
    ['steps through a week once', '* * * * */3', 'daysOfWeek', [0, 3, 6]],
    ['takes a step that is too long as one number', '*/70 * * * *', 'minutes', [0]],
  ])('%s', (_, text, field, numbers) => {
    expect(cron(text)[field]).toEqual(numbers);
  });

  test.each([
    ['0 8 1 * MON', true],
    ['0 8 */2 * MON', true],
    ['0 8 1-31 * MON', true],
    ['0 8 * * MON', false],
    ['0 8 */1 * MON', false],
    ['0 8 1 * *', false],
    ['0 8 1 * 1,*', false],
  ])('by %s either kind of day is enough: %s, as in a CronJob', (text, either) => {
    expect(cron(text).eitherDay).toBe(either);
  });
});

describe('a faulty expression', () => {
  test.each([
    ['of four fields', '0 8 * *', 'it has 4 fields, not five'],
    ['with a minute too many', '60 8 * * *', '"60" is no minute'],
    ['with an hour too many', '0 24 * * *', '"24" is no hour'],
    ['with a day 0', '0 8 0 * *', '"0" is no day of month'],
    ['with a month that has no name', '0 8 * FOO *', '"FOO" is no month'],
    ['with a step of nothing', '*/0 * * * *', '"*/0" is no minute'],
    ['with half a range', '5- * * * *', '"5-" is no minute'],
    ['with two steps', '*/2/2 * * * *', '"*/2/2" is no minute'],
    ['with a range that runs backwards', '0 22-2 * * *', '"22-2" runs backwards'],
    ['with a week that runs backwards', '0 8 * * FRI-MON', '"FRI-MON" runs backwards'],
    ['with a day that no month has', '0 8 30 FEB *', 'no month that it allows has such a day'],
  ])('%s is told', (_, text, why) => {
    expect(parseCron(text)).toMatchObject({ kind: 'Faulty', why: expect.stringContaining(why) });
  });

  test.each(['0 8 29 FEB *', '0 8 31 APR,MAY *', '0 8 30 FEB MON'])(
    'is not %s, which some day satisfies',
    (text) => {
      expect(parseCron(text).kind).toBe('Cron');
    },
  );
});
