import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { RoomServiceClient } from 'livekit-server-sdk';
import { setTimeout as sleep } from 'node:timers/promises';
import { dispose } from '@livekit/rtc-node';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../../lab/exec.ts';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import { type LocalServer, type LocalServers, startServers } from '../../lab/local-servers.ts';
import { Participants } from '../../lab/participants.ts';
import { systemClock } from '../../src/base/clock.ts';
import { systemTimers } from '../../src/livekit/timers.ts';
import { readFixtures } from '../../src/loadtest/fixture.ts';
import { Pacer } from '../../src/loadtest/pacer.ts';
import type { PlannedPerson, PlannedStep } from '../../src/loadtest/plan.ts';
import { dueTracks } from '../../src/loadtest/present.ts';
import type { FromWorker, RunSettings } from '../../src/loadtest/protocol.ts';
import type { WorkerWindow } from '../../src/loadtest/window.ts';
import { Worker } from '../../src/loadtest/worker.ts';
import { BulkSeat } from '../../src/loadtest/worker-person.ts';

const patientMs = 60_000;
let redis: LocalRedis;
let world: LocalServers;
let server: LocalServer;
let api: RoomServiceClient;
let rooms = 0;

beforeAll(async () => {
  redis = await startRedis();
  world = await startServers({ count: 1, redisAddress: redis.address });
  const [only] = world.servers;
  if (only === undefined) throw new Error('no server');
  server = only;
  api = new RoomServiceClient(server.url, world.key.apiKey, world.key.apiSecret);
}, patientMs);

afterAll(async () => {
  await world?.stop();
  await redis?.stop();
  await dispose();
}, patientMs);

const nextRoom = (): string => `engine-${++rooms}`;

/** A worker in this process, and the coordinator of whom it thinks that it hears. */
class Generator {
  readonly seats: BulkSeat[] = [];
  readonly #said: FromWorker[] = [];
  readonly #pacer = new Pacer(systemClock, systemTimers);
  readonly #worker: Worker;
  #number = 0;

  private constructor(
    worker: (say: (message: FromWorker) => void, seats: BulkSeat[], pacer: Pacer) => Worker,
  ) {
    this.#worker = worker((message) => this.#said.push(message), this.seats, this.#pacer);
  }

  static async start(wish: Partial<RunSettings> = {}): Promise<Generator> {
    const engine = { clock: systemClock, timers: systemTimers, fixtures: await readFixtures() };
    const generator = new Generator(
      (say, seats, pacer) =>
        new Worker({
          engine,
          pacer,
          keys: world.key,
          say,
          takeSeat: (settings) => (wished, events) => {
            const seat = new BulkSeat(wished, { engine, events, settings });
            seats.push(seat);
            return seat;
          },
        }),
    );
    const settings: RunSettings = {
      runId: 'engine',
      url: server.wsUrl,
      media: {
        video: { codec: 'vp8', layers: ['180p'] },
        audio: { codec: 'opus', activeSpeakers: 'All' },
      },
      singleConnection: false,
      nodeId: server.nodeId,
      seed: 1,
      faults: [],
      ...wish,
    };
    generator.#worker.hear({ kind: 'settings', settings, worker: 0 });
    generator.#worker.hear({ kind: 'clock', sentAtMs: systemClock.elapsedMs(), offsetMs: 0 });
    return generator;
  }

  async change(steps: readonly PlannedStep[]): Promise<Extract<FromWorker, { kind: 'changed' }>> {
    const change = ++this.#number;
    this.#worker.hear({ kind: 'change', change, startAtMs: systemClock.elapsedMs(), rooms: [], steps });
    const ends = () =>
      this.#said.flatMap((one) => (one.kind === 'changed' && one.change === change ? [one] : []));
    await until({ what: 'the change', timeoutMs: 30_000 }, () => ends().length > 0);
    const [end] = ends();
    if (end === undefined) throw new Error('no end of the change');
    return end;
  }

  async measure(forMs: number): Promise<WorkerWindow> {
    const window = ++this.#number;
    const fromMs = systemClock.elapsedMs();
    this.#worker.hear({ kind: 'measure', window, fromMs, toMs: fromMs + forMs });
    const found = () =>
      this.#said.flatMap((one) => (one.kind === 'window' && one.window === window ? [one] : []));
    await until({ what: 'the window', timeoutMs: forMs + 10_000 }, () => found().length > 0);
    const [message] = found();
    if (message === undefined) throw new Error('no window');
    return message.measured;
  }

  /** Nobody sends any more, though all are still there. */
  hush(): void {
    this.#pacer.stop();
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
  }
}

function join(room: string, identity: string, wish: Partial<PlannedPerson> = {}): PlannedStep {
  const person: PlannedPerson = {
    identity,
    room,
    role: 'all',
    sendsVideo: true,
    sendsAudio: true,
    receives: { tiles: 9, layer: '720p', audio: true },
    probe: false,
    ...wish,
  };
  return { kind: 'Join', atMs: 0, person };
}

const everybody = (room: string, count: number, wish: Partial<PlannedPerson> = {}): readonly PlannedStep[] =>
  Array.from({ length: count }, (_, index) => ({ ...join(room, `p${index}`, wish), atMs: index * 150 }));

async function packetsOfServer(): Promise<{ readonly incoming: number; readonly outgoing: number }> {
  const page = await (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text();
  const sum = (direction: string): number =>
    page
      .split('\n')
      .filter((line) => line.startsWith('livekit_packet_total{') && line.includes(`direction="${direction}"`))
      .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  return { incoming: sum('incoming'), outgoing: sum('outgoing') };
}

const near = (a: number, b: number, share: number): boolean => Math.abs(a - b) <= share * Math.max(a, b);

// The first one here: the server adds counters up late, and those of another test would come in between.
test(
  'the server counts the packets that the clients count, within one percent over their whole lives',
  async () => {
    const before = await packetsOfServer();
    const generator = await Generator.start();
    try {
      const room = nextRoom();
      const deaf = { receives: { tiles: 0, layer: '180p', audio: false } } as const;
      const viewer = { sendsVideo: false, sendsAudio: false };
      // Viewers first: what the server sends into a connection that still shakes hands is counted there and heard nowhere.
      await generator.change(everybody(room, 3, viewer));
      await generator.change(['speaker-1', 'speaker-2'].map((identity) => join(room, identity, deaf)));
      // Of each new track the first packets may be sent before anybody listens: it takes a while until they are few.
      await sleep(16_000);
      // A busy server takes a while to notice that somebody has left, and counts what it sends to them.
      generator.hush();
      await sleep(500);
      // Where a publisher goes first, the server ends its tracks with blank frames that nobody fetches.
      const leave = ['p0', 'p1', 'p2'].map((identity) => ({ kind: 'Leave', atMs: 0, identity }) as const);
      await generator.change(leave);
      await sleep(200);
    } finally {
      await generator.stop();
    }
    const sum = (read: (seat: BulkSeat) => number): number =>
      generator.seats.reduce((total, seat) => total + read(seat), 0);
    const sent = sum((seat) => seat.sent().packets + seat.signalMessages().sent);
    const received = sum((seat) => seat.received().received + seat.signalMessages().received);
    // What the server has sent and a busy machine has lost on the way shows as gaps.
    const lost = sum((seat) => seat.received().lost);
    expect(received).toBeGreaterThan(1000);
    // The server adds its counters up now and then, and for the last time when people have gone.
    let counted = '';
    const wait = { what: 'the server to count the same', timeoutMs: 15_000, stepMs: 500 };
    const agreed = until(wait, async () => {
      const now = await packetsOfServer();
      const [incoming, outgoing] = [now.incoming - before.incoming, now.outgoing - before.outgoing];
      counted = `${incoming} and ${sent} in, ${outgoing} and ${received} (${lost} lost) out`;
      return near(incoming, sent, 0.01) && near(outgoing, received + lost, 0.01);
    });
    await expect(agreed.catch(() => counted)).resolves.toBeUndefined();
  },
  patientMs,
);

test.each([
  ['two connections (/rtc)', false],
  ['one connection (/rtc/v1)', true],
])(
  'four people over %s send and receive all 24 tracks without loss',
  async (_, singleConnection) => {
    const generator = await Generator.start({ singleConnection });
    try {
      expect(await generator.change(everybody(nextRoom(), 4))).toMatchObject({ joined: 4, failed: 0 });
      await sleep(2500);
      const window = await generator.measure(4000);
      expect(window).toMatchObject({
        people: { connected: 4, expected: 4 },
        tracks: { published: 8, expected: 24, delivered: 24 },
        packets: { lost: 0 },
      });
      expect(dueTracks(window.present ?? [])).toBe(24);
      // 15 pictures a second of 3 others, at each of four.
      const frames = decodeFromCompressedBase64(window.frameLatencyUs);
      expect(near(frames.totalCount, 4 * 3 * 15 * 4, 0.05)).toBe(true);
      expect(near(window.packets.received, 3 * window.packets.sent, 0.03)).toBe(true);
      expect(decodeFromCompressedBase64(window.firstPacketMs).totalCount).toBe(24);
    } finally {
      await generator.stop();
    }
  },
  patientMs,
);

test(
  'layers: each receives the one asked for, and nobody sends one that nobody watches',
  async () => {
    const generator = await Generator.start({
      media: { video: { codec: 'vp8', layers: ['180p', '360p', '720p'] }, audio: undefined },
    });
    try {
      const room = nextRoom();
      const watching = (layer: '180p' | '720p', tiles: number): Partial<PlannedPerson> => ({
        receives: { tiles, layer, audio: true },
        sendsAudio: false,
      });
      await generator.change([
        join(room, 'sender', watching('180p', 0)),
        join(room, 'small', { ...watching('180p', 1), sendsVideo: false }),
        join(room, 'large', { ...watching('720p', 1), sendsVideo: false }),
      ]);
      await sleep(3000);
      const kbps = async (forMs: number): Promise<readonly number[]> => {
        const bytes = () => generator.seats.map((seat) => seat.received().bytes + seat.sent().bytes);
        const from = bytes();
        await sleep(forMs);
        return bytes().map((now, index) => ((now - (from[index] ?? 0)) * 8) / forMs);
      };
      const [sent = 0, small = 0, large = 0] = await kbps(3000);
      expect([Math.round(small / 150), Math.round(large / 1700)]).toEqual([1, 1]);
      expect(sent).toBeGreaterThan(1700);
      await generator.change([{ kind: 'Leave', atMs: 0, identity: 'large' }]);
      // The server pauses one layer after the other, each after some five seconds.
      await until(
        { what: 'the large layers to end', timeoutMs: 20_000 },
        async () => ((await kbps(500))[0] ?? 0) < 300,
      );
      const [onlySmall = 0, still = 0] = await kbps(2000);
      expect(onlySmall).toBeLessThan(300);
      expect(still).toBeGreaterThan(100);
    } finally {
      await generator.stop();
    }
  },
  patientMs,
);

test(
  'packets that a fault takes are asked for and repaired',
  async () => {
    const generator = await Generator.start({
      media: { video: { codec: 'vp8', layers: ['360p'] }, audio: undefined },
      faults: [
        { kind: 'PacketLoss', share: 0.05, ofParticipants: 1, fromMs: 0, toMs: Number.POSITIVE_INFINITY },
      ],
    });
    try {
      await generator.change(everybody(nextRoom(), 3, { sendsAudio: false }));
      await sleep(1500);
      const { packets, tracks } = await generator.measure(4000);
      expect(packets.nacks).toBeGreaterThan(0.03 * packets.expected);
      expect(packets.lost).toBeLessThan(0.005 * packets.expected);
      expect(tracks).toMatchObject({ expected: 6 });
    } finally {
      await generator.stop();
    }
  },
  patientMs,
);

test(
  'beside real clients in one room, the server lists all alike, and all count the same',
  async () => {
    const room = nextRoom();
    const real = new Participants(world.key);
    const generator = await Generator.start();
    try {
      for (const identity of ['real-1', 'real-2'])
        await real.join({ url: server.wsUrl, room, identity, publish: 'audio' });
      await generator.change(everybody(room, 3));
      await sleep(1500);
      const listed = await api.listParticipants(room);
      const told = listed
        .map(({ identity, state, kind, permission, isPublisher, tracks }) => ({
          identity,
          state,
          kind,
          isPublisher,
          permission: JSON.stringify(permission),
          tracks: tracks
            .map(({ source, muted }) => `${source}/${muted}`)
            .toSorted()
            .join(),
        }))
        .toSorted((a, b) => (a.identity < b.identity ? -1 : 1));
      expect(told.map(({ identity }) => identity)).toEqual(['p0', 'p1', 'p2', 'real-1', 'real-2']);
      const alike = new Set(
        told.map(
          ({ state, kind, isPublisher, permission }) => `${state}/${kind}/${isPublisher}/${permission}`,
        ),
      );
      expect(alike.size).toBe(1);
      const voices = listed.flatMap(({ tracks }) => tracks).filter(({ mimeType }) => /opus/i.test(mimeType));
      expect(new Set(voices.map(({ source, type }) => `${source}/${type}`)).size).toBe(1);
      const listedTracks = listed.flatMap(({ tracks }) => tracks).length;
      expect(listedTracks).toBe(3 * 2 + 2);
      // Each of the three hears and sees everybody else; so do the real ones.
      expect(generator.seats.map((seat) => seat.expectedTracks().length)).toEqual([6, 6, 6]);
      expect(real.report().map(({ tracksHeard }) => tracksHeard)).toEqual([7, 7]);
      const window = await generator.measure(3000);
      expect(window.tracks).toMatchObject({ published: 6, expected: 18 });
      expect(window.packets.lost).toBe(0);
      expect((await api.listRooms([room]))[0]).toMatchObject({ numParticipants: 5, numPublishers: 5 });
    } finally {
      await generator.stop();
      await real.close();
    }
  },
  patientMs,
);
