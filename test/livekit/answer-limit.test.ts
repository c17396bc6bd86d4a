import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { limitStream, readAnswer } from '../../src/livekit/answer-limit.ts';
import { ManualTime } from './fakes.ts';

async function* answer(...chunks: readonly string[]): AsyncIterable<Buffer> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield Buffer.from(chunk);
  }
}

describe('an answer', () => {
  test('is read whole while it has no more bytes than it may', async () => {
    expect(await readAnswer(answer('gr', 'üße'), 7)).toBe('grüße');
  });

  test('is cut off with the first byte too many', async () => {
    await expect(readAnswer(answer('grü', 'ße'), 6)).rejects.toMatchObject({ name: 'AnswerTooLargeError' });
  });
});

describe('a stream of answers', () => {
  function limited() {
    const time = new ManualTime();
    const stream = new PassThrough();
    const faults: string[] = [];
    stream.on('error', ({ name }) => faults.push(name));
    limitStream(stream, { mostBytes: 10, withinMs: 2000, clock: time });
    const send = async (bytes: number): Promise<void> => {
      stream.write(Buffer.alloc(bytes));
      await new Promise(setImmediate);
    };
    return { time, stream, faults, send };
  }

  test('goes on for ever while little comes at a time', async () => {
    const { time, stream, faults, send } = limited();
    for (let at = 0; at < 20; at += 1) {
      await send(10);
      time.pass(2251);
    }
    expect({ faults, destroyed: stream.destroyed }).toEqual({ faults: [], destroyed: false });
  });

  test.each([0, 100, 900, 1500, 1900])(
    'ends in an answer that is too large, %d ms after an earlier one',
    async (pauseMs) => {
      const { time, faults, send } = limited();
      await send(1);
      time.pass(pauseMs);
      for (let at = 0; at < 6; at += 1) {
        await send(2);
        time.pass(390);
      }
      expect(faults).toEqual(['AnswerTooLargeError']);
    },
  );

  test('ends when more comes within the time of one answer', async () => {
    const { time, stream, faults, send } = limited();
    await send(6);
    time.pass(2000);
    await send(5);
    expect({ faults, destroyed: stream.destroyed }).toEqual({
      faults: ['AnswerTooLargeError'],
      destroyed: true,
    });
  });
});
