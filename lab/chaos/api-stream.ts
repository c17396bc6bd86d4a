/** One watch that passes through the proxy: whole lines, which can be held back, thinned out or broken off. */
import type { ServerResponse } from 'node:http';

interface HeldEvent {
  readonly type: string;
  readonly uid: string;
  readonly line: string;
}

/** Lines leave in the order in which they came, whatever is done to them. */
export class WatchStream {
  readonly #to: ServerResponse;
  #rest = '';
  #held: string[] = [];
  #holding = false;
  #ended = false;
  #passed = 0;

  constructor(to: ServerResponse) {
    this.#to = to;
  }

  /** Lines that have left. */
  get passed(): number {
    return this.#passed;
  }

  /** Bytes from the API server. */
  push(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString('utf8')).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(`${line}\n`);
  }

  hold(): void {
    this.#holding = true;
  }

  /** Lets out what was held: all of it, or of each object only the last word. */
  release(thin: boolean): void {
    this.#holding = false;
    const held = this.#held;
    this.#held = [];
    for (const line of thin ? lastWords(held) : held) this.#line(line);
    if (this.#ended) this.#to.end();
  }

  /** The API server has ended the stream; it ends for the reader once nothing is held. */
  end(): void {
    this.#ended = true;
    if (!this.#holding) this.#to.end();
  }

  /** Breaks the connection, in the middle of a line where asked. */
  cut(midEvent: boolean): void {
    const line = midEvent ? (this.#held[0] ?? '{"type":"MODIFIED","object":{"kind":"Pod","metad') : '';
    if (!midEvent || this.#to.destroyed) return void this.#to.destroy();
    this.#to.write(line.slice(0, Math.max(1, Math.floor(line.length / 2))), () => this.#to.destroy());
  }

  #line(line: string): void {
    if (this.#holding) {
      this.#held.push(line);
      return;
    }
    if (this.#to.destroyed) return;
    this.#passed += 1;
    this.#to.write(line);
  }
}

/** As a watcher would see it that was away: nothing of what came and went, and of the others the last state. */
export function lastWords(lines: readonly string[]): readonly string[] {
  const events = lines.flatMap((line) => readEvent(line));
  const first = new Map<string, HeldEvent>();
  const last = new Map<string, HeldEvent>();
  for (const event of events) {
    if (!first.has(event.uid)) first.set(event.uid, event);
    last.delete(event.uid);
    last.set(event.uid, event);
  }
  return [...last.values()].flatMap((event) => {
    const isNew = first.get(event.uid)?.type === 'ADDED';
    if (!isNew) return [event.line];
    if (event.type === 'DELETED') return [];
    return [event.line.replace(/^\{"type":"MODIFIED"/, '{"type":"ADDED"')];
  });
}

/** Bookmarks are left out: a version that was not shown must not be skipped. */
function readEvent(line: string): readonly HeldEvent[] {
  const { type, object } = JSON.parse(line) as {
    readonly type: string;
    readonly object: { readonly metadata?: { readonly uid?: string } };
  };
  if (type === 'BOOKMARK') return [];
  return [{ type, uid: object.metadata?.uid ?? line, line }];
}
