import { describe, expect, test } from '@jest/globals';
import { silentLog } from '../../src/base/log.ts';
import { CordonKeeper } from '../../src/livekit/cordon.ts';
import { FakeLink, ManualTime } from './fakes.ts';

function setUp() {
  const link = new FakeLink();
  const time = new ManualTime();
  const delaysMs: number[] = [];
  const refusals: string[] = [];
  const keeper = new CordonKeeper({
    link,
    clock: time,
    timers: time,
    log: silentLog,
    onReapplied: (delayMs) => void delaysMs.push(delayMs),
    onRefused: (why) => void refusals.push(why),
  });
  return { link, time, keeper, delaysMs, refusals };
}

const set = (...ids: readonly string[]): ReadonlySet<string> => new Set(ids);
/** Lets all that is under way come to its end. */
const settle = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

/** Answers as the script does for serving nodes whose values are given. */
function answering(values: Readonly<Record<string, string>>, marked: readonly string[] = []) {
  return (args: readonly string[]): unknown => {
    const closed = Number(args[0]);
    const relied = Number(args[1]);
    const open = args.slice(2 + closed);
    const canClose = open.slice(0, relied).some((id) => values[id] !== undefined);
    return [canClose || closed === 0 ? 1 : 0, marked, 0, [], open.map((id) => values[id] ?? '')];
  };
}

describe('the keeper of the cordon', () => {
  test('applies at once, and again after each notice', async () => {
    const { link, keeper } = setUp();
    link.answer = answering({ b: '1' }, ['a']);
    expect(await keeper.setCordoned(set('a'), set('b'))).toEqual({
      kind: 'Applied',
      marked: 1,
      cleared: 0,
      missing: [],
    });
    keeper.notice();
    await settle();
    expect(link.runs).toEqual([
      ['1', '1', 'a', 'b'],
      ['1', '1', 'a', 'b'],
    ]);
    expect(keeper.counts()).toMatchObject({ applies: 2, marked: 2 });
    expect(keeper.wanted()).toEqual(set('a'));
  });

  test('makes one application of many notices that come while one is under way', async () => {
    const { link, keeper } = setUp();
    link.answer = answering({ b: '1' });
    await keeper.setCordoned(set('a'), set('b'));
    for (let n = 0; n < 20; n++) keeper.notice();
    await settle();
    expect(link.runs).toHaveLength(3);
  });

  test('says nothing to Redis while nothing is to be closed', async () => {
    const { link, time, keeper } = setUp();
    keeper.notice();
    time.pass(10_000);
    await settle();
    expect(link.runs).toEqual([]);
  });

  test('opens what it had closed, also when its first try fails', async () => {
    const { link, time, keeper } = setUp();
    link.answer = answering({ b: '1', c: '1' });
    await keeper.setCordoned(set('a', 'c'), set('b'));
    link.failure = new Error('gone');
    expect(await keeper.setCordoned(set(), set('b'))).toEqual({ kind: 'Failed', why: 'gone' });
    link.failure = undefined;
    time.pass(1000);
    await settle();
    expect(link.runs.at(-1)).toEqual(['0', '1', 'b', 'a', 'c']);
    const before = link.runs.length;
    time.pass(5000);
    await settle();
    expect(link.runs).toHaveLength(before);
  });

  test('a lost notice costs no more than a second', async () => {
    const { link, time, keeper } = setUp();
    link.answer = answering({ b: '1' });
    await keeper.setCordoned(set('a'), set('b'));
    time.pass(1000);
    await settle();
    expect(link.runs).toHaveLength(2);
  });

  test('a node that is both to be closed and relied on is only closed', async () => {
    const { link, keeper } = setUp();
    link.answer = answering({ b: '1' });
    expect(await keeper.setCordoned(set('a', 'b'), set('a', 'b'))).toMatchObject({ kind: 'Refused' });
    expect(link.runs).toEqual([['2', '0', 'a', 'b']]);
  });

  test('stops relying on an open node whose heartbeat stopped, and says so once', async () => {
    const { link, time, keeper, refusals } = setUp();
    link.answer = answering({ b: 'still the same' });
    await keeper.setCordoned(set('a'), set('b'));
    for (let second = 0; second < 9; second++) {
      time.pass(1000);
      await settle();
    }
    expect(link.runs.at(-1)).toEqual(['1', '0', 'a', 'b']);
    expect(refusals).toHaveLength(1);
    expect(keeper.counts().refused).toBeGreaterThan(1);

    link.answer = answering({ b: 'alive again' });
    time.pass(1000);
    await settle();
    time.pass(1000);
    await settle();
    expect(link.runs.at(-1)).toEqual(['1', '1', 'a', 'b']);
  });

  test('relies on a node again when the caller has judged it anew', async () => {
    const { link, time, keeper } = setUp();
    link.answer = answering({ b: 'same' });
    await keeper.setCordoned(set('a'), set('b'));
    await keeper.setCordoned(set(), set('b'));
    time.pass(60_000);
    expect(await keeper.setCordoned(set('a'), set('b'))).toMatchObject({ kind: 'Applied' });
  });

  test('measures from the notice to the answer, where a mark had to be made', async () => {
    const { link, time, keeper, delaysMs } = setUp();
    link.answer = answering({ b: '1' });
    await keeper.setCordoned(set('a'), set('b'));
    keeper.notice();
    await settle();
    expect(delaysMs).toEqual([]);
    link.answer = (args) => {
      time.pass(4);
      return answering({ b: '2' }, ['a'])(args);
    };
    keeper.notice();
    await settle();
    expect(delaysMs).toEqual([4]);
  });

  const many = Array.from({ length: 60 }, (_, at) => `closed-${at}`);
  const open = Array.from({ length: 20 }, (_, at) => `open-${at}`);
  const values = Object.fromEntries(open.map((id) => [id, '1']));
  /** Of each application how many closed and how many open ones it named, and whether the first of the former was there. */
  const asked = (runs: readonly (readonly string[])[]) =>
    runs.map((run) => [Number(run[0]), Number(run[1]), run.includes('closed-0')]);

  async function aLargeFleet() {
    const setting = setUp();
    const { link, time, keeper } = setting;
    link.answer = answering(values, many);
    await keeper.setCordoned(new Set(many), new Set(open));
    const notice = async (afterMs: number, ...marked: readonly string[]): Promise<void> => {
      link.answer = answering(values, marked);
      time.pass(afterMs);
      keeper.notice();
      await settle();
    };
    return { ...setting, notice };
  }

  test('looks after a heartbeat of a large fleet only at those that are due, and at a few of many open ones in turn', async () => {
    const { link, notice } = await aLargeFleet();
    await notice(100, 'closed-0');
    await notice(70);
    await notice(30);
    expect(asked(link.runs)).toEqual([
      [60, 20, true],
      [60, 8, true],
      // It beats every 100 ms as far as is known, so nothing is due of it before 95 ms.
      [59, 8, false],
      [60, 8, true],
    ]);
    expect(link.runs[1]?.slice(-8)).toEqual(open.slice(0, 8));
    expect(link.runs[3]?.slice(-8)).toEqual([...open.slice(16), ...open.slice(0, 4)]);
  });

  test('looks at all of a large fleet so often that one marked late is not marked late for ever', async () => {
    const { link, time, notice } = await aLargeFleet();
    await notice(100, 'closed-0');
    time.pass(200);
    await settle();
    expect(asked(link.runs).at(-1)).toEqual([60, 20, true]);
  });

  test('asks nothing of Redis while no closed node is due', async () => {
    const { link, notice } = await aLargeFleet();
    await notice(200, ...many);
    const before = link.runs.length;
    await notice(50);
    expect(link.runs).toHaveLength(before);
  });

  test('looks at all of a small fleet after each heartbeat, and without one every 900 ms', async () => {
    const { link, time, keeper } = setUp();
    link.answer = answering({ b: '1' }, ['a']);
    await keeper.setCordoned(set('a'), set('b'));
    keeper.notice();
    await settle();
    keeper.notice();
    await settle();
    expect(link.runs).toHaveLength(3);
    time.pass(899);
    await settle();
    expect(link.runs).toHaveLength(3);
    time.pass(1);
    await settle();
    expect(link.runs).toHaveLength(4);
  });

  test('looks at all open ones at once when those whose turn it was serve no longer', async () => {
    const { link, keeper, refusals } = setUp();
    const open = Array.from({ length: 20 }, (_, at) => `open-${at}`);
    link.answer = answering(Object.fromEntries(open.map((id) => [id, '1'])));
    await keeper.setCordoned(set('a'), new Set(open));
    link.answer = answering({ 'open-19': '1' });
    keeper.notice();
    await settle();
    expect(link.runs.map((run) => run[1])).toEqual(['20', '8', '20']);
    expect(refusals).toEqual([]);
  });

  test('writes nothing more once it was stopped', async () => {
    const { link, time, keeper } = setUp();
    link.answer = answering({ b: '1' });
    await keeper.setCordoned(set('a'), set('b'));
    await keeper.stop();
    keeper.notice();
    time.pass(5000);
    expect(await keeper.setCordoned(set('a'), set('b'))).toMatchObject({ kind: 'Failed' });
    expect(link.runs).toHaveLength(1);
    expect(time.pending()).toBe(0);
  });

  test('takes an answer of another shape for a failure', async () => {
    const { link, keeper } = setUp();
    link.answer = () => 'OK';
    expect(await keeper.setCordoned(set('a'), set('b'))).toMatchObject({ kind: 'Failed' });
  });
});
