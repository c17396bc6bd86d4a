import { describe, expect, test } from '@jest/globals';
import { Pacer } from '../../src/loadtest/pacer.ts';
import { ManualTime } from './manual-time.ts';

function stage() {
  const time = new ManualTime(1000);
  const pacer = new Pacer(time, time);
  const ticks: number[] = [];
  const late: number[] = [];
  pacer.add((nowMs) => ticks.push(nowMs));
  pacer.onLate((lateMs) => late.push(lateMs));
  return { time, pacer, ticks, late };
}

describe('the pacer', () => {
  test('ticks every 10 ms', async () => {
    const { time, pacer, ticks, late } = stage();
    pacer.start();
    pacer.start();
    await time.advance(50);
    expect(ticks).toEqual([1010, 1020, 1030, 1040, 1050]);
    expect(late).toEqual([0, 0, 0, 0, 0]);
  });

  test('says how late a tick was, does not make up for those missed, and keeps to its beat', async () => {
    const { time, pacer, ticks, late } = stage();
    pacer.start();
    await time.advance(10);
    time.stall(33);
    await time.advance(20);
    expect(ticks).toEqual([1010, 1043, 1050, 1060]);
    expect(late).toEqual([0, 23, 0, 0]);
  });

  test('has nothing left to do when it was stopped, also from within a tick', async () => {
    const { time, pacer, ticks } = stage();
    pacer.add(() => pacer.stop());
    pacer.start();
    await time.advance(50);
    expect(ticks).toEqual([1010]);
    expect(time.pending).toBe(0);
  });

  test('forgets a task that was taken out', async () => {
    const { time, pacer } = stage();
    const ticks: number[] = [];
    const remove = pacer.add((nowMs) => ticks.push(nowMs));
    pacer.start();
    await time.advance(10);
    remove();
    await time.advance(10);
    expect(ticks).toEqual([1010]);
  });
});
