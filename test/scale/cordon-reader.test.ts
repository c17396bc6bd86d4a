import { describe, expect, test } from '@jest/globals';
import { CordonReader } from '../../lab/scale/cordon.ts';

const node = (atS: number, id = 'ND_a'): string =>
  String.raw`+${atS.toFixed(6)} [0 127.0.0.1:5000] "hset" "nodes" "${id}" "\n\x04ND_a0\x01"`;
const closes = (atS: number, id = 'ND_a'): string =>
  String.raw`${atS.toFixed(6)} [0 lua] "HSET" "nodes" "${id}" "\n\x04ND_a0\x010\x02"`;
const opens = (atS: number, id = 'ND_a'): string =>
  String.raw`${atS.toFixed(6)} [0 lua] "HSET" "nodes" "${id}" "\n\x04ND_a0\x01"`;

function read(...lines: readonly string[]) {
  const reader = new CordonReader();
  for (const line of lines) reader.take(line);
  const { ms, unanswered } = reader.delays();
  return { ms: ms.map((one) => Math.round(one * 1000) / 1000), unanswered };
}

describe('what Redis tells of its commands', () => {
  test.each([
    ['the time from a heartbeat to the mark', [closes(1), node(2), closes(2.0015)], [1.5], 0],
    ['nothing of nodes that are not closed', [node(1), node(3)], [], 0],
    ['nothing of the first mark', [node(1), closes(1.5)], [], 0],
    ['nothing of a node that is let go', [closes(1), opens(1.5), node(2), node(4)], [], 0],
    ['a heartbeat that nobody answered', [closes(1), node(2), node(4), node(6)], [], 1],
    ['each node by itself', [closes(1), closes(1, 'ND_b'), node(2), closes(2.01, 'ND_b')], [], 0],
    [
      'nothing of other keys and commands',
      [closes(1), node(2).replace('"nodes"', '"rooms"'), '1 [0 x] "PING"', 'OK'],
      [],
      0,
    ],
  ] as const)('shows %s', (_what, lines, ms, unanswered) => {
    expect(read(...lines)).toEqual({ ms, unanswered });
  });
});
