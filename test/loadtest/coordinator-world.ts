/** A run in memory: time that passes when nobody has anything left to do, workers that follow a script, a node whose truth is known. */
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { Coordinator, type RunParts } from '../../src/loadtest/coordinator.ts';
import { type Reception, WorkerPool } from '../../src/loadtest/coordinator-pool.ts';
import { type NodeReading, type NoReading, windowOf } from '../../src/loadtest/node-probe.ts';
import type { FromWorker, ToWorker } from '../../src/loadtest/protocol.ts';
import type { RunRecord, SummaryRecord } from '../../src/loadtest/record.ts';
import { RunClock } from '../../src/loadtest/run-clock.ts';
import type { RunProgress } from '../../src/loadtest/run-progress.ts';
import type { Scenario } from '../../src/loadtest/scenario.ts';
import type { WindowRecord, WorkerWindow } from '../../src/loadtest/window.ts';
import { ManualTime } from './manual-time.ts';

/** What the node does to people at so many of them. */
export interface NodeTruth {
  readonly latencyMs: (people: number) => number;
  readonly coresOf: (people: number) => number;
  readonly foreignRooms: number;
}

export const goodNode: NodeTruth = {
  latencyMs: () => 5,
  coresOf: (people) => 0.05 + people * 0.005,
  foreignRooms: 0,
};

/** Lets people down from so many on. */
export function nodeWithRoomFor(people: number): NodeTruth {
  return { ...goodNode, latencyMs: (there) => (there <= people ? 5 : 900) };
}

export class World {
  readonly time = new ManualTime(1000);
  readonly clock = new RunClock(this.time, this.time);
  readonly records: RunRecord[] = [];
  readonly progress: RunProgress[] = [];
  readonly workers: ScriptedWorker[] = [];
  /** Names of rooms that are there now, and of all that ever were. */
  readonly rooms = new Set<string>();
  readonly made: string[] = [];
  readonly stop = new AbortController();
  truth: NodeTruth = goodNode;
  #cpuSeconds = 0;
  #sampledMs = 0;

  pool: WorkerPool | undefined;
  coordinator: Coordinator | undefined;

  /** Starts a run, and as many workers as it wants. */
  start(
    scenario: Scenario,
    wish: Partial<RunParts> & { readonly workers?: number } = {},
  ): Promise<SummaryRecord> {
    const { workers = 1, ...parts } = wish;
    const settings = {
      runId: 'run',
      url: 'ws://node',
      media: scenario.media,
      singleConnection: false,
      nodeId: 'ND_1',
      seed: scenario.seed,
      faults: [],
    };
    const pool = new WorkerPool(this.clock, workers, () => settings, {
      onJoin: (record) => this.records.push(record),
      onNote: (text) => this.coordinator?.note(text),
      onChange: () => undefined,
    });
    this.pool = pool;
    this.coordinator = new Coordinator({
      scenario,
      clock: this.clock,
      pool,
      target: this.#target(),
      probe: this.#probe(),
      record: { append: (record) => this.records.push(record) },
      prefix: 'run-',
      allowSharedTarget: false,
      nicMbps: undefined,
      earlier: [],
      patience: { startMs: 30_000, replaceMs: 5000 },
      onBegin: () => undefined,
      fitCosts: () => undefined,
      onProgress: (progress) => this.progress.push(progress),
      ...parts,
    });
    for (let index = 0; index < workers; index += 1) this.dial(index);
    return this.coordinator.run(this.stop.signal);
  }

  dial(index?: number): ScriptedWorker {
    const worker = new ScriptedWorker(this, index);
    this.workers.push(worker);
    return worker;
  }

  get people(): number {
    return this.workers.reduce((sum, worker) => sum + worker.people.size, 0);
  }

  get windows(): readonly WindowRecord[] {
    return this.records.filter((record) => record.kind === 'window');
  }

  get notes(): readonly string[] {
    return this.records.flatMap((record) => (record.kind === 'note' ? [record.text] : []));
  }

  /** Processor time goes on between two looks as it would have with the people of the second. */
  #read(): NodeReading {
    const nowMs = this.clock.nowMs();
    this.#cpuSeconds += (this.truth.coresOf(this.people) * (nowMs - this.#sampledMs)) / 1000;
    this.#sampledMs = nowMs;
    return {
      atMs: nowMs,
      nodeId: 'ND_1',
      cpuSeconds: this.#cpuSeconds,
      memoryBytes: 1e8,
      periods: undefined,
      packetsIn: 0,
      packetsOut: 0,
      bytesIn: 0,
      bytesOut: 0,
      forwardLatency: { sumNs: 0, count: 0 },
      rooms: this.rooms.size + this.truth.foreignRooms,
      participants: this.people,
      publishedTracks: 0,
      subscribedTracks: 0,
    };
  }

  #probe(): RunParts['probe'] {
    return {
      read: () => Promise.resolve(this.#read()),
      window: (looks, foreignRooms): ReturnType<typeof windowOf> | NoReading =>
        windowOf(looks, { pid: 1, limitCores: 1, limitBytes: 1e9, foreignRooms }),
    };
  }

  #target(): RunParts['target'] {
    return {
      nodeId: 'ND_1',
      createRooms: (names) => {
        for (const name of names) this.rooms.add(name);
        this.made.push(...names);
        return Promise.resolve();
      },
      deleteRooms: (names) => {
        for (const name of names) this.rooms.delete(name);
        return Promise.resolve();
      },
      deleteLeftovers: () => {
        const { size } = this.rooms;
        this.rooms.clear();
        return Promise.resolve(size);
      },
      countRooms: () => Promise.resolve({ own: this.rooms.size, foreign: this.truth.foreignRooms }),
    };
  }
}

/** Does what it is told, at the moment it is told for. Tests change its functions to misbehave. */
export class ScriptedWorker {
  readonly people = new Set<string>();
  readonly heard: ToWorker[] = [];
  /** Its own clock is that much ahead. */
  offsetMs = 0;
  isAlive = true;
  /** Called when it is to measure; `true` lets it answer. */
  onMeasure: (message: Extract<ToWorker, { readonly kind: 'measure' }>) => boolean = () => true;
  readonly #world: World;
  readonly #reception: Reception;
  #number = 0;

  constructor(world: World, index: number | undefined) {
    this.#world = world;
    const { pool } = world;
    if (pool === undefined) throw new Error('no run has begun');
    this.#reception = pool.receive({
      send: (message) => this.#later(0.5, () => this.#hear(message)),
      close: () => this.#gone(),
    });
    this.say({
      kind: 'hello',
      index,
      host: 'here',
      cpu: 'a processor',
      cores: 2,
      kernel: '6.1',
      version: '0.1.0',
    });
    this.#live();
  }

  say(message: FromWorker): void {
    if (this.isAlive) this.#reception.message(message);
  }

  /** Its process is killed. */
  die(): void {
    this.#gone();
    this.#reception.closed('its connection was closed (1006)');
  }

  #gone(): void {
    this.isAlive = false;
    this.people.clear();
  }

  #live(): void {
    const cancel = this.#world.time.every(1000, () => {
      if (!this.isAlive) return cancel();
      const connected = this.people.size;
      this.say({ kind: 'live', connected, packetsPerSecondReceived: 100, tickLateP99Ms: 1, failed: 0 });
    });
  }

  #later(ms: number, run: () => void): void {
    this.#world.time.after(Math.max(0, ms), () => {
      if (this.isAlive) run();
    });
  }

  #at(atMs: number, run: () => void): void {
    this.#later(atMs - this.#world.clock.nowMs(), run);
  }

  #hear(message: ToWorker): void {
    this.heard.push(message);
    switch (message.kind) {
      case 'settings':
        this.#number = message.worker;
        return;
      case 'clock': {
        const workerMs = this.#world.clock.nowMs() + this.offsetMs;
        return this.#later(0.5, () => this.say({ kind: 'clock', sentAtMs: message.sentAtMs, workerMs }));
      }
      case 'change':
        return this.#change(message);
      case 'measure':
        if (!this.onMeasure(message)) return;
        return this.#at(message.toMs + 50, () =>
          this.say({ kind: 'window', window: message.window, measured: this.#measured() }),
        );
      case 'end':
        this.people.clear();
        return this.#later(10, () => this.say({ kind: 'ended' }));
    }
  }

  #change({ change, startAtMs, steps }: Extract<ToWorker, { readonly kind: 'change' }>): void {
    for (const step of steps) {
      this.#at(startAtMs + step.atMs, () => {
        if (step.kind === 'Join') this.people.add(step.person.identity);
        else this.people.delete(step.identity);
      });
    }
    const lastMs = steps.reduce((last, { atMs }) => Math.max(last, atMs), 0);
    const joined = steps.filter(({ kind }) => kind === 'Join').length;
    this.#at(startAtMs + lastMs + 20, () =>
      this.say({ kind: 'changed', change, joined, failed: 0, left: steps.length - joined }),
    );
  }

  #measured(): WorkerWindow {
    const { truth, people } = this.#world;
    const frames = build({ lowestDiscernibleValue: 1, autoResize: true, numberOfSignificantValueDigits: 3 });
    frames.recordValue(Math.round(truth.latencyMs(people) * 1000));
    const none = build({ lowestDiscernibleValue: 1, autoResize: true, numberOfSignificantValueDigits: 3 });
    const connected = this.people.size;
    return {
      worker: this.#number,
      people: { connected, expected: connected },
      joins: { tried: connected, failed: 0, failedAt: {}, disconnected: 0 },
      tracks: { published: connected, expected: connected, delivered: connected },
      packets: { sent: 1000, intended: 1000, received: 9000, expected: 9000, lost: 0, nacks: 0, plis: 0 },
      bytes: { sent: 1e6, received: 9e6 },
      frameLatencyUs: encodeIntoCompressedBase64(frames),
      joinMs: encodeIntoCompressedBase64(none),
      firstPacketMs: encodeIntoCompressedBase64(none),
      rooms: [],
      probes: [],
      health: {
        cpuCores: 0.1,
        eventLoopUse: 0.1,
        tickLateP99Ms: 2,
        stealShare: 0,
        throttledShare: 0,
        udpReceiveErrors: 0,
        rssBytes: 1e8,
      },
    };
  }
}
