import { describe, expect, test } from '@jest/globals';
import { readFixtures } from '../../src/loadtest/fixture.ts';
import { ProbeHost } from '../../src/loadtest/probe.ts';
import type { ProbeReading } from '../../src/loadtest/probe-counts.ts';
import type { ProbeOrder, ProbeWord } from '../../src/loadtest/probe-message.ts';
import type { LinkEvents, ProbeLink } from '../../src/loadtest/probe-process.ts';
import type { ProbeSeat } from '../../src/loadtest/worker-person.ts';
import { ManualTime } from './manual-time.ts';

const fixtures = await readFixtures();

/** A process of probes that counts one picture at 15 frames a second, until it is told otherwise. */
class FakeProcess implements ProbeLink {
  readonly orders: ProbeOrder[] = [];
  isSilent = false;
  refuses: string | undefined;
  #isEnded = false;
  readonly #events: LinkEvents;
  readonly #time: ManualTime;

  constructor(events: LinkEvents, time: ManualTime) {
    this.#events = events;
    this.#time = time;
  }

  send(order: ProbeOrder): void {
    this.orders.push(order);
    const answer = this.isSilent ? undefined : this.#answer(order);
    if (answer !== undefined) queueMicrotask(() => this.#events.onWord(answer));
  }

  async end(): Promise<void> {
    this.crash();
  }

  crash(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#events.onEnded('SIGKILL');
  }

  say(word: ProbeWord): void {
    this.#events.onWord(word);
  }

  #answer(order: ProbeOrder): ProbeWord | undefined {
    switch (order.kind) {
      case 'join':
        return this.refuses === undefined
          ? { kind: 'joined', id: order.id, tookMs: 250 }
          : { kind: 'refused', id: order.id, why: this.refuses };
      case 'leave':
        return { kind: 'left', id: order.id };
      case 'read':
        return { kind: 'reading', id: order.id, reading: this.#reading() };
      case 'speak':
        return undefined;
    }
  }

  #reading(): Extract<ProbeWord, { kind: 'reading' }>['reading'] {
    const atMs = this.#time.elapsedMs();
    const framesDecoded = (atMs * 15) / 1000;
    const counts = { packets: framesDecoded * 2, height: 180, freezes: 0, squaredDelays: 0 };
    const sound = { concealedSamples: 0, totalSamples: 0 };
    const stream = { trackSid: 'TR_1', kind: 'video', framesDecoded, ...counts, ...sound } as const;
    const seat: ProbeReading = { atMs, wanted: ['TR_1'], streams: [stream] };
    return { atMs, cpuMs: atMs / 4, seats: { 1: seat, 2: seat, 3: seat } };
  }
}

interface Scene {
  readonly time: ManualTime;
  readonly host: ProbeHost;
  readonly processes: readonly FakeProcess[];
  readonly troubles: readonly string[];
  readonly lost: readonly string[];
  sit(name: string): ProbeSeat;
}

function scene(prepare: (made: FakeProcess) => void = () => undefined): Scene {
  const time = new ManualTime();
  const processes: FakeProcess[] = [];
  const [troubles, lost]: string[][] = [[], []];
  const start = (events: LinkEvents): ProbeLink => {
    const made = new FakeProcess(events, time);
    prepare(made);
    processes.push(made);
    return made;
  };
  const host = new ProbeHost({
    clock: time,
    timers: time,
    fixtures,
    start,
    onTrouble: (text) => troubles?.push(text),
  });
  const sit = (identity: string): ProbeSeat =>
    host.takeSeat(
      {
        url: 'ws://server',
        keys: { apiKey: 'key', apiSecret: 'a secret that is long enough for a token' },
        room: 'room',
        identity,
        nodeId: undefined,
        isSingle: false,
        sendsAudio: true,
        layers: ['180p'],
        receives: { tiles: 9, layer: '180p', audio: true },
        offeredLayers: ['180p'],
      },
      {
        onFirstPacket: () => undefined,
        onStamp: () => undefined,
        isDropped: () => false,
        onLost: (why) => lost?.push(why),
      },
    );
  return { time, host, processes, troubles: troubles ?? [], lost: lost ?? [], sit };
}

/** Joins while time passes: a token is made off the main thread. */
async function join({ time }: Scene, seat: ProbeSeat): Promise<number> {
  const joining = seat.join();
  let isDone = false;
  const settle = (): void => void (isDone = true);
  joining.then(settle, settle);
  while (!isDone) await time.advance(100);
  return await joining;
}

describe('a probe', () => {
  test('is connected after its join, and measures the window between two looks', async () => {
    const stage = scene();
    const seat = stage.sit('p');
    expect(await join(stage, seat)).toBe(250);
    expect(seat.isConnected).toBe(true);
    await seat.open();
    const cost = stage.host.watchCost();
    await stage.time.advance(10_000);
    expect(await seat.window()).toMatchObject({ identity: 'p', framesDecoded: 150, framesExpected: 150 });
    expect(await cost()).toEqual({ cpuCores: 0.25, packetsReceived: 900 });
  });

  test('gives its order to join no key, but a token', async () => {
    const stage = scene();
    await join(stage, stage.sit('p'));
    const [order] = stage.processes[0]?.orders ?? [];
    expect(JSON.stringify(order)).not.toContain('a secret');
    expect(order).toMatchObject({ kind: 'join', join: { url: 'ws://server', token: expect.any(String) } });
  });

  test('that the server refuses has failed to join', async () => {
    const stage = scene((made) => {
      made.refuses = 'no';
    });
    await expect(join(stage, stage.sit('p'))).rejects.toMatchObject({ stage: 'join' });
  });

  test('that the server throws out is a disconnect', async () => {
    const stage = scene();
    const seat = stage.sit('p');
    await join(stage, seat);
    stage.processes[0]?.say({ kind: 'lost', seat: 1, why: 'SERVER_SHUTDOWN' });
    expect(stage.lost).toEqual(['SERVER_SHUTDOWN']);
    expect(seat.isConnected).toBe(false);
  });

  test('whose process is lost is no disconnect, comes back, and measures nothing of the window that it missed', async () => {
    const stage = scene();
    const seat = stage.sit('p');
    await join(stage, seat);
    await seat.open();
    const cost = stage.host.watchCost();
    stage.processes[0]?.crash();
    expect(seat.isConnected).toBe(false);
    while (!seat.isConnected) await stage.time.advance(100);
    expect(await seat.window()).toBeUndefined();
    expect(await cost()).toBeUndefined();
    expect(stage.lost).toEqual([]);
    expect(stage.troubles).toEqual(['A process of probes ended (SIGKILL).']);
    await seat.open();
    await stage.time.advance(2000);
    expect(await seat.window()).toMatchObject({ framesDecoded: 30 });
  });

  test('whose process never starts leaves the worker in peace: it joins nobody, and fails nothing', async () => {
    const stage = scene((made) => queueMicrotask(() => made.crash()));
    const seat = stage.sit('p');
    await join(stage, seat);
    expect(seat.isConnected).toBe(false);
    expect(stage.processes).toHaveLength(6);
    await seat.open();
    expect(await seat.window()).toBeUndefined();
  });

  test('of a process that hangs holds no window up for more than three seconds', async () => {
    const stage = scene();
    const seat = stage.sit('p');
    await join(stage, seat);
    await seat.open();
    for (const made of stage.processes) made.isSilent = true;
    const window = seat.window();
    await stage.time.advance(3000);
    expect(await window).toBeUndefined();
  });

  test('tells its process that it leaves, and hears nothing more', async () => {
    const stage = scene();
    const seat = stage.sit('p');
    await join(stage, seat);
    await seat.leave();
    expect(stage.processes[0]?.orders.at(-1)).toMatchObject({ kind: 'leave', seat: 1 });
    stage.processes[0]?.say({ kind: 'lost', seat: 1, why: 'CLIENT_INITIATED' });
    expect(stage.lost).toEqual([]);
  });
});

describe('the processes of probes', () => {
  test('hold three probes each', async () => {
    const stage = scene();
    for (const name of ['a', 'b', 'c', 'd']) await join(stage, stage.sit(name));
    expect(stage.processes).toHaveLength(2);
  });

  test('end without a complaint when the worker does', async () => {
    const stage = scene();
    const seat = stage.sit('p');
    await join(stage, seat);
    await stage.host.stop();
    await stage.time.advance(5000);
    expect(stage.troubles).toEqual([]);
    expect(stage.processes).toHaveLength(1);
  });
});
