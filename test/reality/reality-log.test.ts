import { describe, expect, test } from '@jest/globals';
import { eventLogOf, type Observation, type SeenNode } from '../../lab/reality/log.ts';
import { eventLine } from '../../src/simulate/event-log.ts';
import { measure } from '../../src/simulate/measures.ts';

/** The story is told on a clock whose 0 is nobody's. */
const startMs = 5_000_000;
const at = (seconds: number) => startMs + seconds * 1000;

const pod = (seconds: number, uid: string, more: { ip?: string; ready?: boolean } = {}): Observation => ({
  kind: 'Pod',
  atMs: at(seconds),
  uid,
  ip: more.ip,
  ready: more.ready ?? false,
});
const podGone = (seconds: number, uid: string): Observation => ({ kind: 'PodGone', atMs: at(seconds), uid });
const load = (seconds: number, room: string, n: number): Observation => ({
  kind: 'Load',
  atMs: at(seconds),
  room,
  n,
});
const node = (nodeId: string, ip: string, closed = false): SeenNode => ({ nodeId, ip, closed });
const registry = (
  seconds: number,
  nodes: readonly SeenNode[],
  rooms: Readonly<Record<string, string>> = {},
): Observation => ({ kind: 'Registry', atMs: at(seconds), nodes, rooms });

const ready = { ip: '10.0.0.1', ready: true };
const one = node('ND_1', '10.0.0.1');
const oneClosed = node('ND_1', '10.0.0.1', true);
const founder = [pod(-60, 'a', ready), registry(-50, [one])];

function logOf(observations: readonly Observation[], endS = 1000) {
  return eventLogOf(observations, { startMs, endMs: at(endS) });
}

/** Each event as `seconds what who`. */
function told(observations: readonly Observation[], endS?: number): readonly string[] {
  return logOf(observations, endS).events.map((event) => {
    switch (event.e) {
      case 'room':
        return `${event.t} room ${event.room} on ${event.node}`;
      case 'load':
        return `${event.t} load ${event.room} ${event.n}`;
      case 'end':
        return `${event.t} end ${event.room}`;
      case 'remove':
        return `${event.t} remove ${event.node} cut ${event.cut}`;
      case 'launch':
      case 'ready':
      case 'cordon':
      case 'uncordon':
        return `${event.t} ${event.e} ${event.node}`;
    }
  });
}

describe('what was seen of nodes', () => {
  test('a node that was there before the beginning is launched and ready at 0', () => {
    expect(told(founder)).toEqual(['0 launch n1', '0 ready n1']);
  });

  test('a node is ready once its Pod is ready and it is registered, whichever comes last', () => {
    const late = [...founder, pod(10, 'b'), pod(11, 'b', { ip: '10.0.0.2' })];
    const registered = registry(12.25, [one, node('ND_2', '10.0.0.2')]);
    const podReady = pod(13.5, 'b', { ip: '10.0.0.2', ready: true });
    expect(told([...late, registered, podReady]).slice(2)).toEqual(['10 launch n2', '13.5 ready n2']);
    const early = pod(12, 'b', { ip: '10.0.0.2', ready: true });
    expect(told([...late, early, registered]).slice(2)).toEqual(['10 launch n2', '12.25 ready n2']);
  });

  test('a node that left before the beginning is not told of', () => {
    const gone = [pod(-90, 'z', { ip: '10.0.0.9', ready: true }), podGone(-70, 'z')];
    expect(told([...gone, ...founder])).toEqual(['0 launch n1', '0 ready n1']);
  });

  test('a node that never registered is launched and removed, and was never ready', () => {
    const failed = [pod(5, 'b', { ip: '10.0.0.2', ready: true }), podGone(65, 'b')];
    expect(told([...founder, ...failed]).slice(2)).toEqual(['5 launch n2', '65 remove n2 cut 0']);
  });

  test('an address that serves another Pod later belongs to each in its time', () => {
    const again = [
      registry(10, [oneClosed]),
      podGone(20, 'a'),
      registry(21, []),
      pod(30, 'b', ready),
      registry(31, [node('ND_9', '10.0.0.1')]),
    ];
    expect(told([...founder, ...again]).slice(2)).toEqual([
      '10 cordon n1',
      '20 remove n1 cut 0',
      '30 launch n2',
      '31 ready n2',
    ]);
  });

  test('what happens after the end of the span is left out', () => {
    expect(told([...founder, registry(10, [oneClosed]), podGone(20, 'a')], 15)).toHaveLength(3);
  });
});

describe('closed nodes', () => {
  const turns = (...seen: readonly (readonly [seconds: number, closed: boolean])[]) =>
    told([
      ...founder,
      ...seen.map(([seconds, closed]) => registry(seconds, [node('ND_1', '10.0.0.1', closed)])),
    ]).slice(2);

  test.each([
    [
      'closed and opened again',
      [
        [10, true],
        [20, false],
      ],
      ['10 cordon n1', '20 uncordon n1'],
    ],
    [
      'a heartbeat that opens a closed node for an instant is no uncordon',
      [
        [10, true],
        [12, false],
        [12.2, true],
      ],
      ['10 cordon n1'],
    ],
    [
      'a mark that was taken off at once is no cordon',
      [
        [10, true],
        [10.4, false],
      ],
      [],
    ],
    ['closed before the beginning and still so', [[-5, true]], ['0 cordon n1']],
    [
      'closed and opened before the beginning',
      [
        [-9, true],
        [-5, false],
      ],
      [],
    ],
    [
      'closed before the beginning and opened after it',
      [
        [-5, true],
        [8, false],
      ],
      ['0 cordon n1', '8 uncordon n1'],
    ],
  ] as const)('%s', (_, seen, events) => {
    expect(turns(...seen)).toEqual(events);
  });

  test('a node whose entry is missed for a while has not changed', () => {
    const gap = [registry(10, [oneClosed]), registry(12, []), registry(14, [oneClosed])];
    expect(told([...founder, ...gap]).slice(2)).toEqual(['10 cordon n1']);
  });
});

describe('what was seen of rooms', () => {
  const withRoom = [...founder, registry(10, [one], { r1: 'ND_1' })];

  test('people who came in before the registry showed the room count from that moment', () => {
    const seen = [load(9.9, 'r1', 1), load(15, 'r1', 2), load(30, 'r1', 0), registry(31.5, [one])];
    expect(told([...withRoom, ...seen]).slice(2)).toEqual([
      '10 room r1 on n1',
      '10 load r1 1',
      '15 load r1 2',
      '30 load r1 0',
      '31.5 end r1',
    ]);
  });

  test('a room that begins again on another node is another room', () => {
    const other = node('ND_2', '10.0.0.2');
    const moved = [
      pod(0.5, 'b', { ip: '10.0.0.2', ready: true }),
      registry(0.6, [one, other]),
      ...withRoom,
      load(11, 'r1', 3),
      registry(20, [one, other], { r1: 'ND_2' }),
      load(21, 'r1', 2),
    ];
    expect(told(moved).slice(4)).toEqual([
      '10 room r1 on n1',
      '11 load r1 3',
      '20 room r1~1 on n2',
      '20 load r1~1 3',
      '20 end r1',
      '21 load r1~1 2',
    ]);
  });

  test('a node that goes with people on it has cut them', () => {
    const lost = [load(11, 'r1', 3), podGone(20, 'a'), registry(20.2, [])];
    const { events } = logOf([...withRoom, ...lost]);
    expect(told([...withRoom, ...lost])).toContain('20 remove n1 cut 3');
    expect(measure(events, 10)).toMatchObject({ roomsCut: 1, participantsCut: 3 });
  });

  test('a room on a node that nobody saw is reported and left out', () => {
    const log = logOf([...founder, registry(10, [one], { r1: 'ND_unknown' }), load(11, 'r1', 1)]);
    expect(log.unplaced).toEqual(['r1']);
    expect(log.events.map(({ e }) => e)).toEqual(['launch', 'ready']);
  });
});

test('the log can be measured, and written as the simulator writes its own', () => {
  const seen = [
    registry(60, [one], { r1: 'ND_1' }),
    load(60, 'r1', 2),
    load(120, 'r1', 0),
    registry(121, [oneClosed]),
  ];
  const { events } = logOf([...founder, ...seen, podGone(180, 'a')]);
  expect(measure(events, 10)).toMatchObject({ rooms: 1, launches: 1, roomsCut: 0, nodeHours: 0.05 });
  expect(events.map(eventLine).slice(2, 4)).toEqual([
    '{"t":60,"e":"room","room":"r1","node":"n1"}',
    '{"t":60,"e":"load","room":"r1","n":2}',
  ]);
});
