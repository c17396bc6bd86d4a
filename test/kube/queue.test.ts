import { describe, expect, test } from '@jest/globals';
import { WorkQueue } from '../../src/kube/queue.ts';
import { FakeRuntime, settle } from './fake-runtime.ts';

/** A queue whose work ends when the test says so. */
function aQueue(concurrency = 1) {
  const runtime = new FakeRuntime();
  const started: string[] = [];
  const open = new Map<
    string,
    { resolve: () => void; reject: (error: Error) => void; signal: AbortSignal }
  >();
  const errors: string[] = [];
  const waits: number[] = [];
  const queue = new WorkQueue({
    runtime,
    concurrency,
    handle: (key, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      started.push(key);
      open.set(key, { resolve, reject, signal });
      return promise;
    },
    onError: (key, _, retryInMs) => errors.push(`${key} ${retryInMs}`),
    hooks: { onStart: (_, waitedMs) => waits.push(waitedMs) },
  });
  const finish = async (key: string, error?: Error): Promise<void> => {
    const work = open.get(key);
    open.delete(key);
    if (error === undefined) work?.resolve();
    else work?.reject(error);
    await settle();
  };
  return { runtime, queue, started, errors, waits, open, finish };
}

describe('the work queue', () => {
  test('handles a key once however often it was added', async () => {
    const { queue, started, finish } = aQueue();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);

    queue.start();
    await finish('a');
    await finish('b');

    expect(started).toEqual(['a', 'b']);
    expect(queue.depth).toBe(0);
  });

  test('never handles one key twice at a time, and again if it was added meanwhile', async () => {
    const { queue, started, finish } = aQueue(4);
    queue.start();
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(started).toEqual(['a']);

    await finish('a');
    expect(started).toEqual(['a', 'a']);
    await finish('a');
    expect(queue.active).toBe(0);
  });

  test('handles as many keys at a time as it may', async () => {
    const { queue, started, finish } = aQueue(2);
    queue.start();
    for (const key of ['a', 'b', 'c']) queue.add(key);
    expect(started).toEqual(['a', 'b']);

    await finish('b');

    expect(started).toEqual(['a', 'b', 'c']);
  });

  test('puts live changes before background work, which still gets its turn in a storm', async () => {
    const { queue, started, finish } = aQueue();
    queue.add('resync', 'background');
    for (let index = 0; index < 12; index += 1) queue.add(`live-${index}`);
    queue.start();
    for (let index = 0; index < 13; index += 1) await finish(started.at(-1) ?? '');

    expect(started[0]).toBe('live-0');
    expect(started.indexOf('resync')).toBe(9);
    expect(started).toHaveLength(13);
  });

  test('moves a background key to the live lane when it changes', async () => {
    const { queue, started, finish } = aQueue();
    queue.add('x', 'background');
    queue.add('y', 'background');
    queue.add('y', 'live');
    queue.start();
    await finish('y');

    expect(started).toEqual(['y', 'x']);
  });

  test('wakes a delayed key once, at the earliest of the wished times', async () => {
    const { queue, runtime, started, waits } = aQueue();
    queue.start();
    queue.addAfter('a', 5_000);
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 3_000);
    await runtime.advance(999);
    expect(started).toEqual([]);

    await runtime.advance(60_000);

    expect(started).toEqual(['a']);
    expect(waits).toEqual([0]);
    expect(runtime.pendingTimers).toBe(0);
  });

  test('backs off longer with every failure in a row, up to the cap, and starts anew after a success', async () => {
    const { queue, runtime, errors, finish } = aQueue();
    queue.start();
    queue.add('a');
    for (let failure = 0; failure < 9; failure += 1) {
      await finish('a', new Error('no'));
      await runtime.advance(30_000);
    }
    await finish('a');
    queue.add('a');
    await finish('a', new Error('no'));

    const waits = [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 250];
    expect(errors).toEqual(waits.map((ms) => `a ${ms}`));
  });

  test('forgets the wake-up and the failures of a key that is gone', async () => {
    const { queue, runtime, started, errors, finish } = aQueue();
    queue.start();
    queue.add('a');
    await finish('a', new Error('no'));
    queue.forget('a');
    await runtime.advance(60_000);
    expect(started).toEqual(['a']);

    queue.add('a');
    await finish('a', new Error('no'));
    expect(errors).toEqual(['a 250', 'a 250']);
  });

  test('stops by waiting for what runs, starting nothing more', async () => {
    const { queue, runtime, started, finish } = aQueue();
    queue.start();
    for (const key of ['a', 'b']) queue.add(key);
    queue.addAfter('c', 10);
    let stopped = false;
    const stopping = queue.stop(1_000).then(() => (stopped = true));
    await runtime.advance(500);
    expect(stopped).toBe(false);

    await finish('a');
    await stopping;
    queue.add('d');
    await runtime.advance(10_000);

    expect(started).toEqual(['a']);
    expect(runtime.pendingTimers).toBe(0);
  });

  test('tells work that outlasts the grace of a stop to end', async () => {
    const { queue, runtime, open, finish } = aQueue();
    queue.start();
    queue.add('a');
    const stopping = queue.stop(1_000);
    const signal = open.get('a')?.signal;
    await runtime.advance(999);
    expect(signal?.aborted).toBe(false);
    await runtime.advance(1);
    expect(signal?.aborted).toBe(true);

    await finish('a');
    await stopping;
  });
});
