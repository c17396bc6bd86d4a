/** One worker as the coordinator sees it: what it said last, how far its clock is off, and whether it is still there. */
import type { FromWorker, RunSettings, ToWorker } from './protocol.ts';
import type { RunClock } from './run-clock.ts';

/** A line to a worker. The coordinator's side; made by the server that workers dial. */
export interface WorkerLine {
  send(message: ToWorker): void;
  close(why: string): void;
}

export type Hello = Extract<FromWorker, { readonly kind: 'hello' }>;
export type Live = Extract<FromWorker, { readonly kind: 'live' }>;

interface PingSample {
  readonly roundTripMs: number;
  readonly offsetMs: number;
}

const firstPings = 8;
const keptPings = 16;

export class WorkerLink {
  readonly number: number;
  readonly hello: Hello;
  readonly #line: WorkerLine;
  readonly #clock: RunClock;
  readonly #pings: PingSample[] = [];
  #pinged = 0;
  #live: Live | undefined;
  #heardMs: number;
  #closed: string | undefined;

  constructor(number: number, hello: Hello, line: WorkerLine, clock: RunClock) {
    this.number = number;
    this.hello = hello;
    this.#line = line;
    this.#clock = clock;
    this.#heardMs = clock.nowMs();
  }

  /** The worker's clock minus that of the run. The answer with the shortest way there and back is the best witness. */
  get offsetMs(): number | undefined {
    return this.#best()?.offsetMs;
  }

  /** At most so far off is `offsetMs`. */
  get clockErrorMs(): number | undefined {
    const best = this.#best();
    return best === undefined ? undefined : best.roundTripMs / 2;
  }

  get live(): Live | undefined {
    return this.#live;
  }

  get isReady(): boolean {
    return this.#closed === undefined && this.#pings.length >= firstPings;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  get closedBecause(): string | undefined {
    return this.#closed;
  }

  /** How long it has said nothing. */
  silentMs(): number {
    return this.#clock.nowMs() - this.#heardMs;
  }

  send(message: ToWorker): void {
    if (this.#closed === undefined) this.#line.send(message);
  }

  /** Introduces the run; readiness follows when the clocks have been compared. */
  begin(settings: RunSettings): void {
    this.send({ kind: 'settings', settings, worker: this.number });
    this.ping();
  }

  ping(): void {
    const { offsetMs } = this;
    this.#pinged += 1;
    this.send({
      kind: 'clock',
      sentAtMs: this.#clock.nowMs(),
      ...(offsetMs === undefined ? {} : { offsetMs }),
    });
  }

  /** Everything that the worker says passes here first. */
  hear(message: FromWorker): void {
    this.#heardMs = this.#clock.nowMs();
    if (message.kind === 'live') this.#live = message;
    if (message.kind !== 'clock') return;
    const roundTripMs = this.#heardMs - message.sentAtMs;
    this.#pings.push({ roundTripMs, offsetMs: message.workerMs - (message.sentAtMs + roundTripMs / 2) });
    if (this.#pings.length > keptPings) this.#pings.shift();
    // One after the other, so that none waits behind another; one more tells the worker what was found.
    if (this.#pinged <= firstPings) this.ping();
  }

  /** Once; later reasons are no news. */
  close(why: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = why;
    this.#line.close(why);
  }

  #best(): PingSample | undefined {
    let best: PingSample | undefined;
    for (const ping of this.#pings)
      if (best === undefined || ping.roundTripMs < best.roundTripMs) best = ping;
    return best;
  }
}
