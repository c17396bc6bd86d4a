import { describe, expect, test } from '@jest/globals';
import { Recorder, type SeenRoom, pseudonyms } from '../../src/workload/record.ts';
import { formatTrace, parseTrace } from '../../src/workload/trace-csv.ts';

const seen = (id: string, participants: number | undefined, more: Partial<SeenRoom> = {}): SeenRoom => ({
  id,
  name: id,
  participants,
  publishers: 1,
  createdAtS: undefined,
  ...more,
});

function recorded(
  looks: readonly (readonly [atS: number, ...rooms: SeenRoom[]])[],
  options: ConstructorParameters<typeof Recorder>[0] = {},
) {
  const recorder = new Recorder(options);
  for (const [atS, ...rooms] of looks) recorder.observe({ atS, rooms });
  return recorder.trace('seen').rooms;
}

describe('a recording', () => {
  test('has of each room its begin, its end and the most people seen', () => {
    expect(
      recorded([
        [1000],
        [1010, seen('a', 1, { createdAtS: 1004 })],
        [1020, seen('a', 7, { createdAtS: 1004, publishers: 3 })],
        [1030, seen('a', 2, { createdAtS: 1004 }), seen('b', 2)],
        [1040, seen('b', 3)],
        [1060, seen('b', 3)],
      ]),
    ).toEqual([
      { startS: 4, durationS: 31, participants: 7, publishers: 3, name: 'a' },
      { startS: 30, durationS: 30, participants: 3, publishers: 1, name: 'b' },
    ]);
  });

  test('begins with what was there before, as if it had begun then', () => {
    expect(
      recorded([
        [1000, seen('a', 5, { createdAtS: 10 })],
        [1100, seen('a', 5)],
      ]),
    ).toEqual([{ startS: 0, durationS: 100, participants: 5, publishers: 1, name: 'a' }]);
  });

  test('takes a room that is missing for a moment for the same one', () => {
    expect(recorded([[0, seen('a', 5)], [5], [10, seen('a', 6)], [20, seen('a', 6)]])).toMatchObject([
      { durationS: 20, participants: 6 },
    ]);
  });

  test('takes a room that comes back under its name with a new id for another one', () => {
    const [first, second] = [seen('1', 2, { name: 'daily' }), seen('2', 3, { name: 'daily' })];
    expect(
      recorded([
        [0, first],
        [10, second],
        [40, second],
      ]),
    ).toMatchObject([
      { startS: 0, durationS: 5, name: 'daily' },
      { startS: 10, durationS: 30, name: 'daily' },
    ]);
  });

  test('lets a room end when it was last seen if nobody looked for long', () => {
    expect(recorded([[0, seen('a', 5)], [60, seen('a', 5)], [1000], [1100]])).toMatchObject([
      { durationS: 60 },
    ]);
  });

  test('keeps a room through a gap in which nobody looked', () => {
    expect(
      recorded([
        [0, seen('a', 5)],
        [1000, seen('a', 5)],
      ]),
    ).toMatchObject([{ durationS: 1000 }]);
  });

  test('leaves out rooms in which nobody was ever seen, and does not take unknown for nobody', () => {
    const empty = seen('empty', 0);
    expect(
      recorded([
        [0, empty, seen('a', 4)],
        [10, empty, seen('a', undefined)],
        [20, empty, seen('a', undefined)],
      ]),
    ).toMatchObject([{ name: 'a', participants: 4, durationS: 20 }]);
  });

  test('lets everybody publish where nobody counted it', () => {
    const room = (participants: number) => seen('a', participants, { publishers: undefined });
    expect(
      recorded([
        [0, room(4)],
        [10, room(6)],
      ]),
    ).toMatchObject([{ publishers: 6 }]);
  });

  test('passes over an observation that comes too late', () => {
    expect(recorded([[0, seen('a', 4)], [20, seen('a', 4)], [10], [20], [30, seen('a', 4)]])).toMatchObject([
      { durationS: 30 },
    ]);
  });

  test('can be read back as a trace at any time', () => {
    const recorder = new Recorder();
    for (let atS = 0; atS < 300; atS += 10) {
      const rooms = ['x', 'y', 'z']
        .map((name, index) => ({ name, index }))
        .filter(({ index }) => (atS / 50) % 3 >= index);
      recorder.observe({ atS, rooms: rooms.map(({ name, index }) => seen(name, index + 1)) });
      const trace = recorder.trace('so far');
      expect(parseTrace(formatTrace(trace), 'so far')).toEqual(trace);
      expect(trace.rooms).toHaveLength(recorder.roomsSoFar);
    }
    expect(recorder.liveRooms).toBe(3);
  });

  test('may hide what rooms are called, and still shows which of them recur', () => {
    const look = (id: string, name: string) => seen(id, 2, { name });
    const rooms = recorded([[0, look('1', 'board'), look('2', 'board'), look('3', 'daily')]], {
      rename: pseudonyms('a key'),
    });
    const names = rooms.map(({ name }) => name);
    expect(new Set(names).size).toBe(2);
    expect(names.every((name) => /^[0-9a-f]{12}$/.test(name ?? ''))).toBe(true);
    expect(pseudonyms('another key')('board')).not.toBe(pseudonyms('a key')('board'));
  });
});
