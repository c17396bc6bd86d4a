import type { Clock } from '../base/clock.ts';
import type { Timers } from '../livekit/timers.ts';
import type { ParticipantEvents, ParticipantWish } from './bulk-participant.ts';
import { StageError } from './bulk-stage.ts';
import type { Fixtures } from './fixture.ts';
import { type FramesPerSecond, type ProbeReading, probeWindow } from './probe-counts.ts';
import type { ProbeProcess } from './probe-process.ts';
import type { SenderCounts } from './rtp-sender.ts';
import { makeToken } from './signal.ts';
import type { ProbeWindow } from './window.ts';
import type { ProbeSeat, ReceivedSums } from './worker-person.ts';

const restartPauseMs = 1000;
const mostRestarts = 5;

export interface HostedProbeParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly fixtures: Fixtures;
  /** Undefined when there is none to be had any more. */
  readonly place: () => ProbeProcess | undefined;
}

interface Place {
  readonly process: ProbeProcess;
  readonly seat: number;
}

type Entry =
  | { readonly kind: 'Joined'; readonly tookMs: number }
  | { readonly kind: 'Refused'; readonly why: string }
  | { readonly kind: 'NoProcess' };

/** One probe: it sits in a process, and in another one when that is lost. */
export class HostedProbe implements ProbeSeat {
  readonly #parts: HostedProbeParts;
  readonly #wish: ParticipantWish;
  readonly #events: ParticipantEvents;
  readonly #opened: {
    readonly place: Place | undefined;
    readonly reading: Promise<ProbeReading | undefined>;
  }[] = [];
  /** Where it sits while it is connected. */
  #place: Place | undefined;
  #restarts = 0;
  #hasLeft = false;

  constructor(parts: HostedProbeParts, wish: ParticipantWish, events: ParticipantEvents) {
    this.#parts = parts;
    this.#wish = wish;
    this.#events = events;
  }

  get isConnected(): boolean {
    return this.#place !== undefined;
  }

  /** Without a process to be had it ends too, not connected. @throws StageError when the server refuses */
  async join(): Promise<number> {
    const startedMs = this.#parts.clock.elapsedMs();
    const entry = await this.#enter();
    switch (entry.kind) {
      case 'Joined':
        return entry.tookMs;
      case 'Refused':
        throw new StageError('join', entry.why);
      case 'NoProcess':
        return this.#parts.clock.elapsedMs() - startedMs;
    }
  }

  async leave(): Promise<void> {
    this.#hasLeft = true;
    const place = this.#place;
    this.#place = undefined;
    if (place === undefined) return;
    const { process, seat } = place;
    process.free(seat);
    await process.ask({ kind: 'leave', seat });
  }

  speak(isSpeaking: boolean): void {
    const place = this.#place;
    place?.process.tell({ kind: 'speak', seat: place.seat, isSpeaking });
  }

  /** It sends by itself. */
  tick(): void {}

  /** What it receives is counted for itself, so that figures of a bulk participant stay its own. */
  received(): ReceivedSums {
    return { received: 0, lost: 0, bytes: 0, nacks: 0, plis: 0 };
  }

  sent(): SenderCounts {
    return { packets: 0, bytes: 0, intended: 0 };
  }

  publishedTracks(): number {
    return Number(this.#wish.sendsAudio) + Number(this.#wish.layers.length > 0);
  }

  expectedTracks(): readonly [] {
    return [];
  }

  async open(): Promise<void> {
    const place = this.#place;
    const reading = readAt(place);
    this.#opened.push({ place, reading });
    await reading;
  }

  async window(): Promise<ProbeWindow | undefined> {
    const opened = this.#opened.shift();
    const place = this.#place;
    if (opened === undefined || place === undefined || opened.place !== place) return undefined;
    const [before, after] = await Promise.all([opened.reading, readAt(place)]);
    if (before === undefined || after === undefined || after.atMs <= before.atMs) return undefined;
    return probeWindow(this.#wish.identity, [before, after], this.#pace());
  }

  /** A picture comes in the layer that the server chose; one that never came was to be the highest. */
  #pace(): FramesPerSecond {
    const { video } = this.#parts.fixtures;
    const top = this.#wish.offeredLayers.at(-1);
    const usual = top === undefined ? 0 : video[top].framesPerSecond;
    return (height) =>
      Object.values(video).find((fixture) => fixture.height === height)?.framesPerSecond ?? usual;
  }

  async #enter(): Promise<Entry> {
    for (;;) {
      const entry = await this.#sitDown();
      if (entry.kind !== 'NoProcess' || this.#hasLeft || this.#restarts >= mostRestarts) return entry;
      this.#restarts += 1;
      await this.#pause();
    }
  }

  async #sitDown(): Promise<Entry> {
    const { url, keys, room, identity, isSingle, sendsAudio, layers, receives } = this.#wish;
    const process = this.#parts.place();
    if (process === undefined) return { kind: 'NoProcess' };
    const seat = process.seat({
      onLost: (why) => this.#lost(why),
      onProcessEnded: () => this.#processEnded(),
    });
    const token = await makeToken(keys, room, identity);
    const join = { url, token, isSingle, sendsVideo: layers.length > 0, sendsAudio, receives };
    const word = await process.ask({ kind: 'join', seat, join });
    if (word?.kind === 'joined' && !process.isEnded) return this.#sat({ process, seat }, word.tookMs);
    process.free(seat);
    return word?.kind === 'refused' ? { kind: 'Refused', why: word.why } : { kind: 'NoProcess' };
  }

  #sat(place: Place, tookMs: number): Entry {
    this.#place = place;
    // It was told to leave while it was on its way.
    if (this.#hasLeft) void this.leave();
    return { kind: 'Joined', tookMs };
  }

  #lost(why: string): void {
    const place = this.#place;
    this.#place = undefined;
    if (place === undefined || this.#hasLeft) return;
    place.process.free(place.seat);
    this.#events.onLost(why);
  }

  #processEnded(): void {
    const wasThere = this.#place !== undefined;
    this.#place = undefined;
    if (wasThere && !this.#hasLeft) void this.#comeBack();
  }

  async #comeBack(): Promise<void> {
    await this.#pause();
    if (this.#hasLeft) return;
    const entry = await this.#enter();
    if (entry.kind === 'Refused') this.#events.onLost(entry.why);
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => this.#parts.timers.after(restartPauseMs, () => resolve()));
  }
}

async function readAt(place: Place | undefined): Promise<ProbeReading | undefined> {
  if (place === undefined) return undefined;
  return (await place.process.read())?.seats[place.seat];
}
