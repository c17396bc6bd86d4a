/** Inputs for decoders: samples with seeded damage. The same seed and number always give the same bytes. */
import { chance, type Random, stream, wholeBetween } from '../../src/workload/random.ts';

const largestBytes = 200_000;
const oddBytes = [0x00, 0x01, 0x0a, 0x22, 0x2c, 0x30, 0x5b, 0x5d, 0x7b, 0x7f, 0x80, 0xff];
/** Words that decoders of text tend to stumble over. */
const oddWords = [
  '-1', '1e999', 'NaN', '+Inf', '99999999999999999999', '0x10', '__proto__', 'constructor', '\u0000', '\ud800',
  '{}', '[]', 'null', '"', '\\', '\n', '\r\n', '\n\n', ': ', '- ', '&a ', '*a', '!!js ', '<<: ', '${x}', '%s', 'a=',
].map((word) => Buffer.from(word)); // biome-ignore format: a list of words

type Change = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const changes: readonly Change[] = [
  (bytes, random) => replaced(bytes, random, 1, Buffer.of(wholeBetween(random, 0, 255))),
  (bytes, random) => replaced(bytes, random, 1, Buffer.of(pick(oddBytes, random) ?? 0)),
  (bytes, random) => replaced(bytes, random, 0, pick(oddWords, random)),
  (bytes, random) => replaced(bytes, random, wholeBetween(random, 1, 8), pick(oddWords, random)),
  (bytes, random) => replaced(bytes, random, wholeBetween(random, 1, 40), Buffer.alloc(0)),
  (bytes, random) => bytes.subarray(0, wholeBetween(random, 0, bytes.length)),
  (bytes, random) => replaced(bytes, random, 0, piece(bytes, random, 64)),
  (bytes, random, others) => replaced(bytes, random, 0, piece(pick(others, random) ?? bytes, random, 200)),
  repeated,
  flipped,
];

/** Input number `run` of that seed. */
export function inputOf(corpus: readonly Buffer[], seed: number, run: number): Buffer {
  const random = stream(seed, String(run));
  // Some of them have nothing to do with any sample.
  if (chance(random, 0.02)) return noise(random);
  let bytes = pick(corpus, random) ?? Buffer.alloc(0);
  for (let left = wholeBetween(random, 1, 6); left > 0; left -= 1) {
    bytes = pick(changes, random)?.(bytes, random, corpus) ?? bytes;
  }
  return bytes.subarray(0, largestBytes);
}

function pick<T>(list: readonly T[], random: Random): T | undefined {
  return list[wholeBetween(random, 0, list.length - 1)];
}

function noise(random: Random): Buffer {
  const bytes = Buffer.alloc(wholeBetween(random, 0, 400));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = wholeBetween(random, 0, 255);
  return bytes;
}

function replaced(bytes: Buffer, random: Random, length: number, by: Buffer | undefined): Buffer {
  const at = wholeBetween(random, 0, bytes.length);
  return Buffer.concat([bytes.subarray(0, at), by ?? Buffer.alloc(0), bytes.subarray(at + length)]);
}

function piece(bytes: Buffer, random: Random, most: number): Buffer {
  const at = wholeBetween(random, 0, bytes.length);
  return bytes.subarray(at, at + wholeBetween(random, 1, most));
}

/** Long rows of the same show what takes more time than its length. */
function repeated(bytes: Buffer, random: Random): Buffer {
  const part = piece(bytes, random, 12);
  const times = chance(random, 0.1) ? wholeBetween(random, 1000, 20_000) : wholeBetween(random, 2, 60);
  return replaced(bytes, random, 0, Buffer.concat(Array.from({ length: times }, () => part)));
}

function flipped(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const at = wholeBetween(random, 0, Math.max(0, copy.length - 1));
  if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << wholeBetween(random, 0, 7));
  return copy;
}
