/** The operator's own small HTTP server: health, metrics and the journal. It only tells, it takes no orders. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AnswerJournal, JournalPage } from './journal-page.ts';

export interface CheckResult {
  readonly ok: boolean;
  /** One sentence: what is wrong, or what was found well. */
  readonly why: string;
}

/** By the name that the answer shows. A check that throws counts as failed. */
export type Checks = Readonly<Record<string, () => CheckResult>>;

export interface TelemetryServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** All interfaces by default. */
  readonly host?: string;
  /** Answered at /livez: failing them means that only a restart helps. */
  readonly live: Checks;
  /** Answered at /readyz. */
  readonly ready: Checks;
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  /** JSON Lines, answered at /journal. */
  readonly journal?: AnswerJournal;
}

export interface TelemetryServer {
  readonly port: number;
  /** Takes no new requests, lets those under way finish for `graceMs`, then ends them. */
  stop(graceMs: number): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

type Page = () => Answer | Promise<Answer>;

const plain = 'text/plain; charset=utf-8';

/** @throws Error with a `code` such as EADDRINUSE when the port cannot be taken. */
export async function startTelemetryServer(options: TelemetryServerOptions): Promise<TelemetryServer> {
  const pages = pagesOf(options);
  const journal = options.journal === undefined ? undefined : new JournalPage(options.journal);
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    void respond(pages, journal, request, response);
  });
  await listening(server, options);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { port, stop: (graceMs) => stopped(server, graceMs) };
}

function pagesOf({ live, ready, metrics }: TelemetryServerOptions): ReadonlyMap<string, Page> {
  return new Map<string, Page>([
    ['/livez', () => health(live)],
    ['/readyz', () => health(ready)],
    ['/metrics', async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.text() })],
  ]);
}

function health(checks: Checks): Answer {
  const results = Object.entries(checks).map(([name, check]) => ({ name, ...resultOf(check) }));
  const lines = results.map(({ name, ok, why }) => `[${ok ? '+' : '-'}] ${name}: ${why}\n`);
  const ok = results.every((result) => result.ok);
  return { status: ok ? 200 : 503, contentType: plain, body: lines.length === 0 ? 'ok\n' : lines.join('') };
}

function resultOf(check: () => CheckResult): CheckResult {
  try {
    return check();
  } catch (error) {
    return {
      ok: false,
      why: `the check itself failed: ${error instanceof Error ? error.name : 'unknown error'}`,
    };
  }
}

async function respond(
  pages: ReadonlyMap<string, Page>,
  journal: JournalPage | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { path, query, isRead } = questionOf(request);
  if (path === '/journal' && isRead && journal !== undefined) {
    await journal.respond(query, response, request.method === 'HEAD');
    return;
  }
  const answer = await answerTo(pages, path, isRead, journal !== undefined);
  const body = Buffer.from(answer.body, 'utf8');
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': body.byteLength,
    'cache-control': 'no-store',
    ...(answer.status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

interface Question {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isRead: boolean;
}

function questionOf({ url = '', method }: IncomingMessage): Question {
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  return { path, query, isRead: method === 'GET' || method === 'HEAD' };
}

async function answerTo(
  pages: ReadonlyMap<string, Page>,
  path: string,
  isRead: boolean,
  hasJournal: boolean,
): Promise<Answer> {
  const page = pages.get(path);
  const isKnown = page !== undefined || (path === '/journal' && hasJournal);
  if (isKnown && !isRead) return { status: 405, contentType: plain, body: 'only GET and HEAD\n' };
  if (page === undefined) return { status: 404, contentType: plain, body: 'not found\n' };
  try {
    return await page();
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown error';
    return { status: 500, contentType: plain, body: `${path} failed: ${name}\n` };
  }
}

function listening(server: Server, { port, host }: TelemetryServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function stopped(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(end);
      resolve();
    });
    server.closeIdleConnections();
  });
}
