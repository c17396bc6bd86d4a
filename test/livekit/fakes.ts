import type { Clock } from '../../src/base/clock.ts';
import type { RedisLink, RedisScript } from '../../src/livekit/redis.ts';
import type { Cancel, Timers } from '../../src/livekit/timers.ts';

/** Time that passes when a test says so. */
export class ManualTime implements Clock, Timers {
  #nowMs = 0;
  readonly #due = new Set<{ atMs: number; readonly everyMs: number | undefined; readonly run: () => void }>();

  wallMs(): number {
    return this.#nowMs;
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): Cancel {
    return this.#add(ms, undefined, run);
  }

  every(ms: number, run: () => void): Cancel {
    return this.#add(ms, ms, run);
  }

  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#due].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#nowMs = next.atMs;
      if (next.everyMs === undefined) this.#due.delete(next);
      else next.atMs += next.everyMs;
      next.run();
    }
    this.#nowMs = endMs;
  }

  pending(): number {
    return this.#due.size;
  }

  #add(ms: number, everyMs: number | undefined, run: () => void): Cancel {
    const timer = { atMs: this.#nowMs + ms, everyMs, run };
    this.#due.add(timer);
    return () => void this.#due.delete(timer);
  }
}

/** Hashes in memory. Scripts answer what the test says: what they do is proved on a real Redis. */
export class FakeLink implements RedisLink {
  readonly config = { mode: 'standalone', address: 'nowhere:1', db: 0 } as const;
  readonly hashes = new Map<string, Map<string, Buffer>>();
  readonly runs: (readonly string[])[] = [];
  readonly asked: string[] = [];
  failure: Error | undefined;
  /** Keys of which the size is refused. */
  readonly refusals = new Map<string, Error>();
  answer: (args: readonly string[]) => unknown = () => [1, 0, 0, [], []];

  set(key: string, fields: Readonly<Record<string, Buffer | string>>): void {
    this.hashes.set(
      key,
      new Map(Object.entries(fields).map(([field, value]) => [field, Buffer.from(value)])),
    );
  }

  async hashAll(key: string): Promise<ReadonlyMap<string, Buffer>> {
    await this.#turn(`all ${key}`);
    return new Map(this.hashes.get(key));
  }

  async hashMany(key: string, fields: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    await this.#turn(`many ${key} ${fields.length}`);
    return fields.map((field) => this.hashes.get(key)?.get(field));
  }

  async hashSize(key: string): Promise<number> {
    await this.#turn(`size ${key}`);
    const refusal = this.refusals.get(key);
    if (refusal !== undefined) throw refusal;
    return this.hashes.get(key)?.size ?? 0;
  }

  async text(key: string): Promise<string | undefined> {
    await this.#turn(`text ${key}`);
    return undefined;
  }

  async run(_script: RedisScript, _key: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    this.runs.push(args.map(String));
    await this.#turn('run');
    return this.answer(args.map(String));
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  async #turn(what: string): Promise<void> {
    this.asked.push(what);
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
  }
}
