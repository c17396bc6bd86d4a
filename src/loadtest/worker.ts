import { never } from '../base/assert.ts';
import type { Cancel } from '../livekit/timers.ts';
import type { Engine, ParticipantEvents, ParticipantWish } from './bulk-participant.ts';
import { timesHistogram } from './generator-health.ts';
import type { Pacer } from './pacer.ts';
import type { PlannedPerson } from './plan.ts';
import type { FromWorker, RunSettings, ToWorker } from './protocol.ts';
import { sinceStampMs } from './rtp-stamp.ts';
import type { Keys } from './signal.ts';
import { SharedClock } from './worker-clock.ts';
import { Crowd, type Person } from './worker-crowd.ts';
import { BulkSeat, type Probes, type Seat, type TakeSeat, wishOf } from './worker-person.ts';
import { JoinTally, OpenWindow } from './worker-window.ts';

export interface WorkerParts {
  readonly engine: Engine;
  readonly pacer: Pacer;
  readonly keys: Keys;
  readonly say: (message: FromWorker) => void;
  /** Bulk participants unless told. */
  readonly takeSeat?: (settings: RunSettings) => TakeSeat<Seat>;
  /** Seats for people who decode; those are bulk participants like all others where it is left out. */
  readonly probes?: Probes;
}

const livePauseMs = 1000;

interface Run {
  readonly settings: RunSettings;
  readonly worker: number;
  readonly crowd: Crowd;
}

type Change = Extract<ToWorker, { readonly kind: 'change' }>;
type Measure = Extract<ToWorker, { readonly kind: 'measure' }>;

/** Carries out what the coordinator says, by the coordinator's clock, and says what it counted. */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #shared: SharedClock;
  readonly #windows = new Set<OpenWindow>();
  readonly #cancels = new Set<Cancel>();
  /** Joins that are planned for later, by identity: a leave that comes first takes them back. */
  readonly #planned = new Map<string, () => void>();
  #joins = new JoinTally();
  #late = timesHistogram();
  #run: Run | undefined;
  #failed = 0;
  #received = 0;
  #isEnded = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#shared = new SharedClock(parts.engine.clock);
    const { pacer, engine } = parts;
    this.#cancels.add(pacer.add((nowMs) => this.#run?.crowd.tick(nowMs)));
    this.#cancels.add(pacer.onLate((lateMs) => this.#late.recordValue(Math.round(lateMs * 1000))));
    this.#cancels.add(engine.timers.every(livePauseMs, () => this.#live()));
    pacer.start();
  }

  /** Whether the coordinator said that this is all. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  hear(message: ToWorker): void {
    switch (message.kind) {
      case 'settings':
        this.#run ??= this.#begin(message.settings, message.worker);
        return;
      case 'clock':
        this.#shared.heard(message.sentAtMs, message.offsetMs);
        this.#parts.say({
          kind: 'clock',
          sentAtMs: message.sentAtMs,
          workerMs: this.#parts.engine.clock.elapsedMs(),
        });
        return;
      case 'change':
        void this.#change(message);
        return;
      case 'measure':
        this.#measure(message);
        return;
      case 'end':
        this.#isEnded = true;
        void this.stop().then(() => this.#parts.say({ kind: 'ended' }));
        return;
      default:
        return never(message);
    }
  }

  /** Everybody leaves, nothing is planned any more. Harmless when it has stopped. */
  async stop(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    this.#windows.clear();
    this.#parts.pacer.stop();
    await this.#run?.crowd.leaveAll();
  }

  #begin(settings: RunSettings, worker: number): Run {
    const { engine } = this.#parts;
    const takeSeat = this.#parts.takeSeat?.(settings) ?? this.#bulkSeats(settings);
    const takeProbe = this.#parts.probes?.takeSeat;
    const seat = (
      plan: PlannedPerson,
      identity: string,
      onLost: (detail: string) => void,
    ): Pick<Person, 'seat' | 'probe'> => {
      const wish = wishOf({ settings, keys: this.#parts.keys }, plan, identity);
      const events = this.#eventsOf(plan.room, onLost);
      if (!plan.probe || takeProbe === undefined) return { seat: takeSeat(wish, events), probe: undefined };
      const probe = takeProbe(wish, events);
      return { seat: probe, probe };
    };
    const crowd = new Crowd({
      clock: engine.clock,
      shared: this.#shared,
      timers: engine.timers,
      seed: settings.seed,
      activeSpeakers: settings.media.audio?.activeSpeakers ?? 'All',
      seat,
      events: {
        onTried: () => void (this.#joins.tried += 1),
        onJoined: (tookMs) => this.#joins.joinMs.recordValue(Math.round(tookMs)),
        onFailed: (stage) => {
          this.#failed += 1;
          this.#joins.fail(stage);
        },
        onDisconnected: () => void (this.#joins.disconnected += 1),
        onRecord: (record) => this.#parts.say({ kind: 'event', record }),
      },
    });
    return { settings, worker, crowd };
  }

  #bulkSeats(settings: RunSettings): TakeSeat<Seat> {
    const { engine } = this.#parts;
    return (wish: ParticipantWish, events: ParticipantEvents) =>
      new BulkSeat(wish, { engine, events, settings });
  }

  #eventsOf(room: string, onLost: (detail: string) => void): ParticipantEvents {
    return {
      onFirstPacket: (tookMs) => this.#joins.firstPacketMs.recordValue(Math.round(tookMs)),
      onStamp: (stamp) => {
        if (this.#windows.size === 0) return;
        const latencyMs = sinceStampMs(stamp, this.#shared.nowMs());
        for (const window of this.#windows) window.frame(room, latencyMs);
      },
      isDropped: () => false,
      onLost,
    };
  }

  async #change({ change, startAtMs, steps }: Change): Promise<void> {
    const crowd = this.#run?.crowd;
    if (crowd === undefined) return;
    const ends = await Promise.all(
      steps.map(async (step) => {
        const intendedAtMs = startAtMs + step.atMs;
        const isCancelled = await this.#until(
          intendedAtMs,
          step.kind === 'Join' ? step.person.identity : undefined,
        );
        if (isCancelled) return 'left';
        if (step.kind === 'Leave') this.#planned.get(step.identity)?.();
        return await crowd.step(step, intendedAtMs);
      }),
    );
    const count = (end: string): number => ends.filter((one) => one === end).length;
    this.#parts.say({
      kind: 'changed',
      change,
      joined: count('joined'),
      failed: count('failed'),
      left: steps.filter(({ kind }) => kind === 'Leave').length,
    });
  }

  /** Waits for a time of the shared clock. True if the join that is planned for it was taken back meanwhile. */
  async #until(sharedMs: number, joining: string | undefined): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const cancel = this.#at(sharedMs, () => resolve(false));
    if (joining !== undefined)
      this.#planned.set(joining, () => {
        cancel();
        resolve(true);
      });
    const isCancelled = await promise;
    if (joining !== undefined) this.#planned.delete(joining);
    return isCancelled;
  }

  #at(sharedMs: number, run: () => void): Cancel {
    const { clock, timers } = this.#parts.engine;
    const afterMs = Math.max(0, this.#shared.toLocalMs(sharedMs) - clock.elapsedMs());
    const cancel = timers.after(afterMs, () => {
      this.#cancels.delete(cancel);
      run();
    });
    this.#cancels.add(cancel);
    return cancel;
  }

  #measure({ window: number, fromMs, toMs }: Measure): void {
    this.#at(fromMs, () => {
      const run = this.#run;
      if (run === undefined) return;
      const { engine, pacer } = this.#parts;
      const { worker, crowd, settings } = run;
      const { probes } = this.#parts;
      const open = new OpenWindow({
        worker,
        media: settings.media,
        clock: engine.clock,
        pacer,
        crowd,
        probes,
      });
      this.#windows.add(open);
      this.#at(toMs, () => void this.#finish(open, number));
    });
  }

  async #finish(open: OpenWindow, number: number): Promise<void> {
    this.#windows.delete(open);
    const joins = this.#joins;
    this.#joins = new JoinTally();
    this.#parts.say({ kind: 'window', window: number, measured: await open.finish(joins) });
  }

  #live(): void {
    const crowd = this.#run?.crowd;
    if (crowd === undefined) return;
    let received = 0;
    for (const sums of crowd.sums().values()) received += sums.received;
    this.#parts.say({
      kind: 'live',
      connected: crowd.connected,
      packetsPerSecondReceived: Math.round(((received - this.#received) * 1000) / livePauseMs),
      tickLateP99Ms: this.#late.totalCount === 0 ? 0 : this.#late.getValueAtPercentile(99) / 1000,
      failed: this.#failed,
    });
    this.#received = received;
    this.#late = timesHistogram();
  }
}
