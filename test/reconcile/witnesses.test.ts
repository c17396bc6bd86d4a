import { describe, expect, test } from '@jest/globals';
import type { PodObservation } from '../../src/core/observed.ts';
import type { NodeMetricsReading } from '../../src/core/readings.ts';
import { Witnesses } from '../../src/reconcile/witnesses.ts';
import { aPod, ownWord } from '../support/builders.ts';

const nobody: ReadonlySet<string> = new Set();
const wanted: ReadonlySet<string> = new Set(['m-0']);

interface Bench {
  readonly witnesses: Witnesses;
  readonly asked: string[];
  readonly pass: (ms: number) => void;
  readonly says: (answer: (atMs: number) => Promise<NodeMetricsReading>) => void;
}

function bench(): Bench {
  let nowMs = 5000;
  let answer = (atMs: number): Promise<NodeMetricsReading> => Promise.resolve(ownWord('m-0', { atMs }));
  const asked: string[] = [];
  const readMetrics = (ip: string) => {
    asked.push(ip);
    return answer(nowMs);
  };
  const clock = { elapsedMs: () => nowMs, wallMs: () => nowMs };
  return {
    witnesses: new Witnesses({ readMetrics }, clock),
    asked,
    pass: (ms) => {
      nowMs += ms;
    },
    says: (next) => {
      answer = next;
    },
  };
}

const failing = (atMs: number) => Promise.resolve({ kind: 'Failed', why: 'timeout', atMs } as const);
const pod = aPod('m-0');

describe('a node is asked', () => {
  test('who it is, once', async () => {
    const { witnesses, asked, pass } = bench();
    expect(await witnesses.hear([pod], nobody)).toBe(true);
    pass(60_000);
    expect(await witnesses.hear([pod], nobody)).toBe(false);
    expect(asked).toEqual(['10.0.0.0']);
  });

  test.each([
    ['not within a second of its last answer', 999, 1],
    ['again after a second', 1000, 2],
  ])('whether it is empty: %s', async (_, passedMs, times) => {
    const { witnesses, asked, pass } = bench();
    await witnesses.hear([pod], wanted);
    pass(passedMs);
    await witnesses.hear([pod], wanted);
    expect(asked).toHaveLength(times);
  });

  test('again after a second when it did not answer', async () => {
    const { witnesses, asked, pass, says } = bench();
    says(failing);
    expect(await witnesses.hear([pod], nobody)).toBe(false);
    pass(1000);
    await witnesses.hear([pod], nobody);
    expect(asked).toHaveLength(2);
  });

  test('by one request at a time', async () => {
    const { witnesses, asked, pass, says } = bench();
    says(() => new Promise(() => undefined));
    void witnesses.hear([pod], wanted);
    pass(60_000);
    expect(await witnesses.hear([pod], wanted)).toBe(false);
    expect(asked).toHaveLength(1);
  });

  test('again after a defect in the adapter', async () => {
    const { witnesses, asked, says } = bench();
    says(() => Promise.reject(new TypeError('a defect')));
    await expect(witnesses.hear([pod], nobody)).rejects.toThrow('a defect');
    says((atMs) => Promise.resolve(ownWord('m-0', { atMs })));
    expect(await witnesses.hear([pod], nobody)).toBe(true);
    expect(asked).toHaveLength(2);
  });

  test('but not one without an address', async () => {
    const { witnesses, asked } = bench();
    await witnesses.hear([aPod('m-0', { ip: undefined })], wanted);
    expect(asked).toEqual([]);
  });

  const ending: readonly (readonly [string, Partial<PodObservation>])[] = [
    ['whose server does not run', { startedAtMs: undefined }],
    ['that is being deleted', { deleting: true }],
  ];
  test.each(ending)('and one %s only where its companions are to be heard', async (_, changes) => {
    const { witnesses, asked } = bench();
    await witnesses.hear([aPod('m-0', changes)], nobody);
    expect(asked).toEqual([]);
    await witnesses.hear([aPod('m-0', changes)], wanted);
    expect(asked).toHaveLength(1);
  });

  test('although another one never answers', async () => {
    const { witnesses, says } = bench();
    says(() => new Promise(() => undefined));
    void witnesses.hear([aPod('m-1')], nobody);
    says((atMs) => Promise.resolve(ownWord('m-0', { atMs })));
    expect(await witnesses.hear([aPod('m-1'), pod], nobody)).toBe(true);
  });
});

describe('what a node said', () => {
  test('is kept under the name of its Pod, failures too', async () => {
    const { witnesses, says } = bench();
    says(failing);
    await witnesses.hear([pod], nobody);
    expect(witnesses.testimony([pod])).toEqual({ 'm-0': { kind: 'Failed', why: 'timeout', atMs: 5000 } });
  });

  const others: readonly (readonly [string, Partial<PodObservation>])[] = [
    ['another Pod of the same name', { uid: 'uid-new' }],
    ['a restarted container', { restarts: 1 }],
    ['a container that started later', { startedAtMs: 1 }],
  ];
  test.each(others)('says nothing of %s, which is asked anew', async (_, changes) => {
    const { witnesses, asked } = bench();
    await witnesses.hear([pod], nobody);
    const other = aPod('m-0', changes);
    expect(witnesses.testimony([other])).toEqual({});
    await witnesses.hear([other], nobody);
    expect(asked).toHaveLength(2);
  });

  test('is of the container that was asked, although another one runs by the time it answers', async () => {
    const { witnesses, says } = bench();
    let answer: (reading: NodeMetricsReading) => void = () => undefined;
    says(() => new Promise((resolve) => (answer = resolve)));
    const hearing = witnesses.hear([pod], nobody);
    const restarted = aPod('m-0', { restarts: 1 });
    answer(ownWord('m-0'));
    await hearing;
    expect(witnesses.testimony([restarted])).toEqual({});
    expect(Object.keys(witnesses.testimony([pod]))).toEqual(['m-0']);
  });

  test('is forgotten with its Pod', async () => {
    const { witnesses, asked } = bench();
    await witnesses.hear([pod], nobody);
    await witnesses.hear([], nobody);
    expect(witnesses.testimony([pod])).toEqual({});
    await witnesses.hear([pod], nobody);
    expect(asked).toHaveLength(2);
  });
});
