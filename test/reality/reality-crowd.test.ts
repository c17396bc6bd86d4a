import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type People, play, scriptsOf, type StoryClock } from '../../lab/reality/crowd.ts';
import type { Trace } from '../../src/workload/trace.ts';

const trace: Trace = {
  name: 'two-rooms',
  rooms: [
    { startS: 5, durationS: 60, participants: 3, publishers: 0, name: undefined },
    { startS: 10, durationS: 20, participants: 1, publishers: 0, name: undefined },
  ],
};

/** Time that passes only when everybody waits. */
class VirtualClock implements StoryClock {
  #nowS = 0;
  #waiting: { readonly atS: number; readonly resolve: () => void }[] = [];

  nowS(): number {
    return this.#nowS;
  }

  async until(atS: number): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push({ atS, resolve }));
  }

  async runWhile(promise: Promise<unknown>): Promise<void> {
    let over = false;
    void promise.finally(() => (over = true));
    for (await turn(); !over; await turn()) {
      this.#waiting.sort((one, other) => one.atS - other.atS);
      const next = this.#waiting.shift();
      if (next === undefined) throw new Error('everybody waits for nothing');
      this.#nowS = Math.max(this.#nowS, next.atS);
      next.resolve();
    }
  }
}

async function played(join: People['join']) {
  const clock = new VirtualClock();
  const told: { readonly atS: number; readonly room: string; readonly n: number }[] = [];
  const leave: People['leave'] = () => Promise.resolve();
  const onLoad = (room: string, n: number) => told.push({ atS: clock.nowS(), room, n });
  const playing = play({ trace, seed: 1, people: { join, leave }, clock, onLoad });
  await clock.runWhile(playing);
  return { told, ...(await playing) };
}

describe('the crowd', () => {
  test('comes when the script says so and leaves when the room is over', async () => {
    const { told, refused, neverIn } = await played(() => Promise.resolve());
    const [first] = scriptsOf(trace, 1);
    const arrivals = (first?.steps ?? []).map(({ atS, n }) => ({ atS: 5 + atS, room: 'r1', n }));
    expect(told.filter(({ room }) => room === 'r1')).toEqual([...arrivals, { atS: 65, room: 'r1', n: 0 }]);
    expect(told.filter(({ room }) => room === 'r2')).toEqual([
      { atS: 10, room: 'r2', n: 1 },
      { atS: 30, room: 'r2', n: 0 },
    ]);
    expect([refused, neverIn]).toEqual([[], 0]);
  });

  test('tries again after a refusal, and counts it', async () => {
    let attempts = 0;
    const { told, refused, neverIn } = await played((room) => {
      attempts += room === 'r2' ? 1 : 0;
      return room === 'r2' && attempts < 3 ? Promise.reject(new Error('busy')) : Promise.resolve();
    });
    expect(told.find(({ room }) => room === 'r2')).toEqual({ atS: 16, room: 'r2', n: 1 });
    expect(refused).toEqual(['r2-p1: Error: busy', 'r2-p1: Error: busy']);
    expect(neverIn).toBe(0);
  });

  test('gives up when the room is over', async () => {
    const { neverIn } = await played(() => Promise.reject(new Error('closed')));
    expect(neverIn).toBe(4);
  });
});
