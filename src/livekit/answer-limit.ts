/**
 * How much an answer from outside may hold: what is larger is cut off while it comes, because an operator that looks after
 * many fleets has one memory for all of them.
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';

/** Some ten times what a fleet of 1,000 nodes and 20,000 rooms sends in one answer. */
export const mostAnswerBytes = 64 * 1024 * 1024;

/** The answer was cut off. */
export class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError';
  constructor(mostBytes: number) {
    super(`the answer is larger than ${mostBytes} bytes`);
  }
}

/** The whole text, if it has no more bytes than that. @throws AnswerTooLargeError as soon as it has more */
export async function readAnswer(body: AsyncIterable<Buffer>, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw new AnswerTooLargeError(mostBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export interface StreamLimit {
  readonly mostBytes: number;
  /** In which every answer has to be complete. */
  readonly withinMs: number;
  readonly clock: Pick<Clock, 'elapsedMs'>;
}

interface Part {
  readonly fromMs: number;
  bytes: number;
}

const partsOfTime = 8;

/**
 * Destroys a stream of answers on which more than so many bytes come within so much time, wherever that time begins: counted
 * from fixed moments, an answer of nearly twice the size would pass when such a moment falls into its middle. What came up to
 * an eighth of the time earlier counts as well.
 */
export function limitStream(stream: Duplex, { mostBytes, withinMs, clock }: StreamLimit): void {
  const partMs = withinMs / partsOfTime;
  let parts: Part[] = [];
  stream.on('data', (chunk: Buffer) => {
    const nowMs = clock.elapsedMs();
    const last = parts.at(-1);
    if (last !== undefined && nowMs - last.fromMs < partMs) last.bytes += chunk.byteLength;
    else {
      parts = parts.filter(({ fromMs }) => nowMs - fromMs < withinMs + partMs);
      parts.push({ fromMs: nowMs, bytes: chunk.byteLength });
    }
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    if (bytes > mostBytes) stream.destroy(new AnswerTooLargeError(mostBytes));
  });
}
