/**
 * The decision journal over HTTP: `/journal?cluster=namespace/name&last=100`, as JSON Lines. It is written as fast as
 * it is read and never lies in memory as a whole, because the process that answers also keeps nodes closed in time.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';

export interface JournalQuestion {
  /** `namespace/name` of an OpenViduCluster. */
  readonly cluster: string;
  /** How many entries at most, the newest ones. */
  readonly last: number;
}

/** Lines with their line feeds; `undefined` where no journal of this cluster is kept. */
export type AnswerJournal = (question: JournalQuestion) => Iterable<string> | undefined;

const mostEntries = 2000;
const mostAtOnce = 2;
/** Enough for any journal; a mistake in the bounds elsewhere must not flood a terminal. */
const mostBytes = 256_000_000;
/** A reader that takes nothing for this long is gone. */
const readerGoneMs = 30_000;

const clusterShape = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

export class JournalPage {
  readonly #answer: AnswerJournal;
  #writing = 0;

  constructor(answer: AnswerJournal) {
    this.#answer = answer;
  }

  /** Resolves when the answer is written or the reader is gone. Never rejects for what a reader does. */
  async respond(query: URLSearchParams, response: ServerResponse, headOnly: boolean): Promise<void> {
    const question = questionIn(query);
    if (typeof question === 'string') return refuse(response, 400, question);
    if (this.#writing >= mostAtOnce) {
      return refuse(response, 503, 'others are reading the journal: try again in a moment');
    }
    const lines = this.#answer(question);
    if (lines === undefined) return refuse(response, 404, notHere(question));
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    if (headOnly) {
      response.end();
      return;
    }
    this.#writing += 1;
    try {
      await write(lines, response);
    } finally {
      this.#writing -= 1;
    }
  }
}

function questionIn(query: URLSearchParams): JournalQuestion | string {
  const cluster = query.get('cluster') ?? '';
  if (!clusterShape.test(cluster)) return 'cluster is missing: ask for /journal?cluster=namespace/name';
  const last = query.get('last') ?? String(mostEntries);
  const count = /^\d{1,4}$/.test(last) ? Number(last) : 0;
  if (count < 1 || count > mostEntries) return `last is no whole number from 1 to ${mostEntries}`;
  return { cluster, last: count };
}

function notHere({ cluster }: JournalQuestion): string {
  return `this process keeps no journal of ${cluster}: ask the one that leads, about a cluster that exists`;
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(`${why}\n`);
}

async function write(lines: Iterable<string>, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.setTimeout(readerGoneMs, () => response.destroy());
  let bytes = 0;
  try {
    for (const line of lines) {
      bytes += Buffer.byteLength(line);
      if (gone.signal.aborted || bytes > mostBytes) break;
      if (!response.write(line)) await once(response, 'drain', { signal: gone.signal });
      await turn();
    }
    response.end();
  } catch (error) {
    // Headers are out, so breaking off is the only way left to say that something is missing.
    response.destroy(error instanceof Error ? error : undefined);
  }
}
