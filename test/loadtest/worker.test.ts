import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, test } from '@jest/globals';
import type { ParticipantEvents, ParticipantWish } from '../../src/loadtest/bulk-participant.ts';
import { StageError } from '../../src/loadtest/bulk-stage.ts';
import { Pacer } from '../../src/loadtest/pacer.ts';
import type { PlannedPerson, PlannedStep } from '../../src/loadtest/plan.ts';
import type { FromWorker, RunSettings, ToWorker } from '../../src/loadtest/protocol.ts';
import type { WorkerWindow } from '../../src/loadtest/window.ts';
import { Worker } from '../../src/loadtest/worker.ts';
import type { ExpectedTrack, Seat } from '../../src/loadtest/worker-person.ts';
import { writeStamp } from '../../src/loadtest/rtp-stamp.ts';
import { ManualTime } from './manual-time.ts';

/** A person of whom the test decides how it fares. */
class FakeSeat implements Seat {
  readonly wish: ParticipantWish;
  readonly events: ParticipantEvents;
  readonly #joined = Promise.withResolvers<number>();
  isConnected = false;
  hasLeft = false;
  isSpeaking = true;
  ticks = 0;
  packets = 0;
  lost = 0;
  tracks: readonly ExpectedTrack[] = [];

  constructor(wish: ParticipantWish, events: ParticipantEvents) {
    this.wish = wish;
    this.events = events;
    // Whoever waits for the join hears of a failure; where nobody does, it is no matter.
    this.#joined.promise.catch(() => undefined);
  }

  arrive(tookMs: number): void {
    this.isConnected = true;
    this.#joined.resolve(tookMs);
  }

  fail(stage: 'ws' | 'join'): void {
    this.#joined.reject(new StageError(stage, 'as the test wants it'));
  }

  throwOut(): void {
    this.isConnected = false;
    this.events.onLost('as the test wants it');
  }

  async join(): Promise<number> {
    return await this.#joined.promise;
  }

  leave(): void {
    this.isConnected = false;
    this.hasLeft = true;
    this.fail('ws');
  }

  speak(isSpeaking: boolean): void {
    this.isSpeaking = isSpeaking;
  }

  tick(): void {
    this.ticks += 1;
  }

  received() {
    return { received: this.packets, lost: this.lost, bytes: this.packets * 100, nacks: 0, plis: 0 };
  }

  sent() {
    return { packets: this.packets, bytes: this.packets * 10, intended: this.packets + 1 };
  }

  publishedTracks(): number {
    return 2;
  }

  expectedTracks(): readonly ExpectedTrack[] {
    return this.tracks;
  }
}

const settings: RunSettings = {
  runId: 'run',
  url: 'ws://127.0.0.1:1',
  media: { video: { codec: 'vp8', layers: ['180p', '360p'] }, audio: { codec: 'opus', activeSpeakers: 1 } },
  singleConnection: false,
  nodeId: 'ND_1',
  seed: 3,
  faults: [],
};

const person = (identity: string, room = 'room'): PlannedPerson => ({
  identity,
  room,
  role: 'all',
  sendsVideo: true,
  sendsAudio: true,
  receives: { tiles: 9, layer: '180p', audio: true },
  probe: false,
});
const join = (identity: string, atMs: number, room?: string): PlannedStep => ({
  kind: 'Join',
  atMs,
  person: person(identity, room),
});
const leave = (identity: string, atMs: number): PlannedStep => ({ kind: 'Leave', atMs, identity });

/** The worker's own clock is 5 s ahead of the coordinator's. */
const aheadMs = 5000;

function stage() {
  const time = new ManualTime(aheadMs);
  const seats: FakeSeat[] = [];
  const said: FromWorker[] = [];
  const picture = { width: 1, height: 1, framesPerSecond: 1, bitsPerSecond: 1, frames: [] };
  const fixtures = { video: { '180p': picture, '360p': picture, '720p': picture }, audio: picture };
  const worker = new Worker({
    engine: { clock: time, timers: time, fixtures },
    pacer: new Pacer(time, time),
    keys: { apiKey: 'k', apiSecret: 's' },
    say: (message) => said.push(message),
    takeSeat: () => (wish, events) => {
      const seat = new FakeSeat(wish, events);
      seats.push(seat);
      return seat;
    },
  });
  const tell = (message: ToWorker): void => worker.hear(message);
  tell({ kind: 'settings', settings, worker: 4 });
  tell({ kind: 'clock', sentAtMs: 0, offsetMs: aheadMs });
  const of = <K extends FromWorker['kind']>(kind: K): readonly Extract<FromWorker, { kind: K }>[] =>
    said.flatMap((message) => (message.kind === kind ? [message as Extract<FromWorker, { kind: K }>] : []));
  const change = (steps: readonly PlannedStep[], startAtMs = 100, number = 1): void =>
    tell({ kind: 'change', change: number, startAtMs, rooms: [], steps });
  const seat = (identity: string): FakeSeat => {
    const found = seats.find(({ wish }) => wish.identity === identity);
    if (found === undefined) throw new Error(`nobody sits as ${identity}`);
    return found;
  };
  return { time, worker, seats, seat, said, tell, of, change };
}

type Stage = ReturnType<typeof stage>;

async function measured(
  { time, tell, of }: Stage,
  fromMs: number,
  during: () => Promise<void>,
): Promise<WorkerWindow> {
  const number = of('window').length + 1;
  tell({ kind: 'measure', window: number, fromMs, toMs: fromMs + 10_000 });
  await time.advance(fromMs + aheadMs - time.elapsedMs());
  await during();
  await time.advance(fromMs + 10_000 + aheadMs - time.elapsedMs());
  const window = of('window').at(-1);
  if (window?.window !== number) throw new Error('no window came');
  return window.measured;
}

const calm = async (): Promise<void> => undefined;

describe('a change', () => {
  test('is carried out by the clock of the coordinator, and nobody waits for anybody', async () => {
    const { time, seats, change } = stage();
    change([join('a', 0), join('b', 50), join('c', 100)]);
    await time.advance(99);
    expect(seats).toEqual([]);
    await time.advance(1);
    expect(seats.map(({ wish }) => wish.identity)).toEqual(['a']);
    await time.advance(100);
    expect(seats.map(({ wish }) => wish.identity)).toEqual(['a', 'b', 'c']);
  });

  test('asks the engine for what role and media say', async () => {
    const { time, seat, change } = stage();
    const viewer = { ...person('v'), sendsVideo: false, sendsAudio: false };
    change([join('a', 0), { kind: 'Join', atMs: 0, person: viewer }]);
    await time.advance(200);
    expect(seat('a').wish).toMatchObject({
      room: 'room',
      nodeId: 'ND_1',
      layers: ['180p', '360p'],
      sendsAudio: true,
      isSingle: false,
    });
    expect(seat('v').wish).toMatchObject({ layers: [], sendsAudio: false, offeredLayers: ['180p', '360p'] });
  });

  test('is over when all steps are through, and says how they went', async () => {
    const { time, seat, change, of } = stage();
    change([join('a', 0), join('b', 10)]);
    await time.advance(200);
    seat('a').arrive(80);
    await time.advance(100);
    expect(of('changed')).toEqual([]);
    seat('b').arrive(90);
    await time.advance(100);
    expect(of('changed')).toEqual([{ kind: 'changed', change: 1, joined: 2, failed: 0, left: 0 }]);
    expect(of('event').map(({ record }) => record)).toMatchObject([
      { kind: 'join', identity: 'a', room: 'room', intendedAtMs: 100, tookMs: 80 },
      { kind: 'join', identity: 'b', room: 'room', intendedAtMs: 110, tookMs: 90 },
    ]);
  });

  test('lets somebody try three times, each time under a new name', async () => {
    const { time, seats, change, of } = stage();
    change([join('a', 0)]);
    await time.advance(200);
    for (const seat of [0, 1, 2]) {
      seats[seat]?.fail('join');
      await time.advance(5000);
    }
    expect(seats.map(({ wish }) => wish.identity)).toEqual(['a', 'a~2', 'a~3']);
    expect(of('changed')).toMatchObject([{ joined: 0, failed: 1 }]);
    expect(of('event').map(({ record }) => [record.kind, record.stage])).toEqual(
      Array.from({ length: 3 }, () => ['failed', 'join']),
    );
    expect(of('live').at(-1)).toMatchObject({ connected: 0, failed: 3 });
  });

  test('takes a leave of somebody who is still joining, or is to come, as the end of that', async () => {
    const { time, seats, seat, change, of } = stage();
    change([join('a', 0), join('later', 5000)]);
    await time.advance(200);
    change([leave('a', 0), leave('later', 0), leave('never', 0)], 300, 2);
    await time.advance(6000);
    expect(seats).toHaveLength(1);
    expect(seat('a').hasLeft).toBe(true);
    expect(of('changed').map(({ change: number, failed, left }) => [number, failed, left])).toEqual([
      [1, 0, 0],
      [2, 0, 3],
    ]);
  });

  test('records who leaves', async () => {
    const { time, seat, change, of } = stage();
    change([join('a', 0), leave('a', 1000)]);
    await time.advance(200);
    seat('a').arrive(50);
    await time.advance(2000);
    expect(seat('a').hasLeft).toBe(true);
    expect(of('event').map(({ record }) => [record.kind, record.intendedAtMs])).toEqual([
      ['join', 100],
      ['leave', 1100],
    ]);
  });
});

describe('somebody who is thrown out', () => {
  test('is counted, and comes back under a new name', async () => {
    const world = stage();
    const { time, seat, change, of } = world;
    change([join('a', 0)]);
    await time.advance(200);
    seat('a').arrive(50);
    await time.advance(100);
    seat('a').throwOut();
    await time.advance(1500);
    seat('a~2').arrive(60);
    await time.advance(100);
    expect(of('event').map(({ record }) => record.kind)).toEqual(['join', 'disconnected', 'join']);
    const window = await measured(world, 3000, calm);
    expect(window.joins).toMatchObject({ tried: 2, failed: 0, disconnected: 1 });
    expect(window.people).toEqual({ connected: 1, expected: 1 });
  });

  test('does not come back when it was to leave meanwhile', async () => {
    const { time, seats, seat, change } = stage();
    change([join('a', 0), leave('a', 500)]);
    await time.advance(200);
    seat('a').arrive(50);
    await time.advance(100);
    seat('a').throwOut();
    await time.advance(5000);
    expect(seats).toHaveLength(1);
  });
});

describe('a window', () => {
  const begin = async (): Promise<Stage> => {
    const world = stage();
    world.change([join('a', 0, 'one'), join('b', 0, 'one'), join('c', 0, 'two')]);
    await world.time.advance(200);
    for (const seat of world.seats) seat.arrive(100);
    await world.time.advance(800);
    return world;
  };

  test('has the sums of its own time, by room and in all', async () => {
    const world = await begin();
    for (const seat of world.seats) seat.packets = 1000;
    const window = await measured(world, 2000, async () => {
      world.seat('a').packets += 10;
      world.seat('a').lost += 1;
      world.seat('c').packets += 5;
    });
    expect(window.packets).toMatchObject({ sent: 15, intended: 15, received: 15, expected: 16, lost: 1 });
    expect(window.bytes).toEqual({ sent: 150, received: 1500 });
    expect(window.rooms).toMatchObject([
      { room: 'one', expected: 11, lost: 1 },
      { room: 'two', expected: 5, lost: 0 },
    ]);
    expect(window).toMatchObject({ worker: 4, tracks: { published: 6 }, probes: [] });
  });

  test('keeps what people received who left while it was open', async () => {
    const world = await begin();
    const window = await measured(world, 2000, async () => {
      world.seat('a').packets += 10;
      world.change([leave('a', 0)], 3000, 2);
      await world.time.advance(2000);
    });
    expect(window.packets.received).toBe(10);
    expect(window.people).toEqual({ connected: 2, expected: 2 });
  });

  test('has the joins since the window before, and the next one does not have them again', async () => {
    const world = await begin();
    world.seat('a').events.onFirstPacket(300);
    const first = await measured(world, 2000, calm);
    expect(first.joins).toMatchObject({ tried: 3, failed: 0 });
    expect(decodeFromCompressedBase64(first.joinMs).totalCount).toBe(3);
    expect(decodeFromCompressedBase64(first.firstPacketMs).totalCount).toBe(1);
    const second = await measured(world, 13_000, calm);
    expect(second.joins).toMatchObject({ tried: 0, failed: 0, failedAt: {} });
    expect(decodeFromCompressedBase64(second.joinMs).totalCount).toBe(0);
  });

  test('times frames from stamp to arrival on the shared clock', async () => {
    const world = await begin();
    const stampOf = (sharedMs: number): number => {
      const bytes = Buffer.alloc(8);
      writeStamp(bytes, 0, sharedMs);
      return bytes.readUInt32BE(4);
    };
    world.seat('a').events.onStamp(stampOf(0));
    const window = await measured(world, 2000, async () => {
      const nowMs = world.time.elapsedMs() - aheadMs;
      for (let late = 1; late <= 100; late += 1) world.seat('a').events.onStamp(stampOf(nowMs - late));
      world.seat('c').events.onStamp(stampOf(nowMs + 1000));
    });
    const latency = decodeFromCompressedBase64(window.frameLatencyUs);
    expect(latency.totalCount).toBe(100);
    expect(Math.abs(latency.getValueAtPercentile(95) / 95_000 - 1)).toBeLessThan(0.01);
    expect(window.rooms.filter(({ frames }) => frames > 0)).toEqual([]);
  });

  test.each([
    ['whole', { received: 1000, lost: 5, mediaMs: 10_000 }, 1],
    ['with holes', { received: 1000, lost: 6, mediaMs: 10_000 }, 0],
    ['that ended', { received: 1000, lost: 0, mediaMs: 7000 }, 0],
    ['that is half a second behind', { received: 1000, lost: 0, mediaMs: 9500 }, 1],
    ['without a packet', { received: 0, lost: 0, mediaMs: 0 }, 0],
  ])('calls a track %s delivered or not', async (_, gained, delivered) => {
    const world = await begin();
    const track = (counts: { received: number; lost: number; mediaMs: number }, announcedMs = 0) => [
      { sid: 'TR', announcedMs, counts: { bytes: 0, nacks: 0, plis: 0, ...counts } },
    ];
    world.seat('a').tracks = track({ received: 500, lost: 500, mediaMs: 5000 });
    world.seat('b').tracks = track({ received: 0, lost: 0, mediaMs: 0 }, Number.POSITIVE_INFINITY);
    const window = await measured(world, 2000, async () => {
      world.seat('a').tracks = track({
        received: 500 + gained.received,
        lost: 500 + gained.lost,
        mediaMs: 5000 + gained.mediaMs,
      });
    });
    expect(window.tracks).toMatchObject({ expected: 1, delivered });
  });

  test('tells who was there all the time, by what they send and receive', async () => {
    const world = await begin();
    const alike = { video: true, audio: true, tiles: 9, hears: true, probes: 0 };
    const window = await measured(world, 4000, async () => {
      world.change([join('late', 0, 'two')], 4100, 2);
      await world.time.advance(200);
      world.seats.at(-1)?.arrive(100);
    });
    expect(window.present).toEqual([
      { ...alike, room: 'one', people: 2 },
      { ...alike, room: 'two', people: 1 },
    ]);
  });

  test('counts a track that the server never began to send as not delivered', async () => {
    const world = await begin();
    world.seat('a').tracks = [{ sid: 'TR', announcedMs: 0, counts: undefined }];
    const window = await measured(world, 2000, calm);
    expect(window.tracks).toMatchObject({ expected: 1, delivered: 0 });
  });
});

describe('a worker', () => {
  test('answers clock messages with its own time', () => {
    const { tell, of } = stage();
    tell({ kind: 'clock', sentAtMs: 77 });
    expect(of('clock').at(-1)).toEqual({ kind: 'clock', sentAtMs: 77, workerMs: aheadMs });
  });

  test('tells every second how it goes', async () => {
    const { time, seat, change, of } = stage();
    change([join('a', 0)]);
    await time.advance(500);
    seat('a').arrive(50);
    seat('a').packets = 40;
    await time.advance(2000);
    expect(of('live')).toEqual([
      { kind: 'live', connected: 1, packetsPerSecondReceived: 40, tickLateP99Ms: 0, failed: 0 },
      { kind: 'live', connected: 1, packetsPerSecondReceived: 0, tickLateP99Ms: 0, failed: 0 },
    ]);
  });

  test('lets as many speak as the media say, and others after a while', async () => {
    const { time, seats, change } = stage();
    change(['a', 'b', 'c', 'd'].map((identity) => join(identity, 0)));
    await time.advance(200);
    for (const seat of seats) seat.arrive(50);
    const speakers = new Set<string>();
    for (let turn = 0; turn < 12; turn += 1) {
      await time.advance(4000);
      const speaking = seats.filter(({ isSpeaking }) => isSpeaking);
      expect(speaking).toHaveLength(1);
      speakers.add(speaking[0]?.wish.identity ?? '');
    }
    expect(speakers.size).toBeGreaterThan(2);
  });

  test('lets everybody leave at the end, says so, and has nothing left to do', async () => {
    const { time, worker, seats, change, tell, of } = stage();
    change([join('a', 0), join('b', 9000)]);
    await time.advance(200);
    tell({ kind: 'end' });
    await time.advance(20_000);
    expect(seats.map(({ hasLeft }) => hasLeft)).toEqual([true]);
    expect(of('ended')).toHaveLength(1);
    expect(worker.isEnded).toBe(true);
    expect(time.pending).toBe(0);
  });
});
