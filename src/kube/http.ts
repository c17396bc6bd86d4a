import { type Dispatcher, errors as undiciErrors } from 'undici';
import { beforeSending } from './fence.ts';
import { linesOf } from './lines.ts';
import {
  ApiError,
  CancelledError,
  errorOfReply,
  NotLeadingError,
  type RewoundError,
  ServerError,
  ThrottledError,
  TimeoutError,
  UnauthorizedError,
  UnreachableError,
} from './errors.ts';
import { type Connector, KubeConfigConnector, loadKubeConfig } from './pool.ts';
import type { ServerTime } from './server-time.ts';
import { type Backoff, followAbort, fullJitterMs, type Runtime, sleep, systemRuntime } from './runtime.ts';

export type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Query parameters; `undefined` ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface KubeRequest {
  readonly method: Verb;
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the body; `application/json` unless told. */
  readonly contentType?: string;
  /** Limit of the whole call, retries included; 10 s unless told. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface StreamRequest {
  readonly path: string;
  readonly query?: Query;
  /** Ends the stream; the only way to end one that does not end by itself. */
  readonly signal: AbortSignal;
  /** Limit until the answer's headers; 10 s unless told. */
  readonly timeoutMs?: number;
  /** Called for every chunk that arrives: proof of life. */
  readonly onChunk?: () => void;
}

/** One try of a call, for metrics. `code` is the HTTP status, or the error's code when there was no answer. */
export interface Attempt {
  readonly verb: Verb | 'WATCH';
  readonly code: string;
  readonly seconds: number;
}

export interface KubeHttpOptions {
  readonly runtime?: Runtime;
  readonly onAttempt?: (attempt: Attempt) => void;
  readonly userAgent?: string;
  /** Asked when a write is about to be put on the wire; false refuses it with NotLeadingError. Reads are not asked for. */
  readonly mayWrite?: () => boolean;
  /** Told when the API server has come back with an older state, each time that a watch notices it. */
  readonly onRewound?: (error: RewoundError) => void;
  /** Hears what time it is by each answer. */
  readonly serverTime?: ServerTime;
}

interface Call {
  readonly request: KubeRequest;
  readonly verb: Attempt['verb'];
  readonly signal: AbortSignal;
  readonly startedMs: number;
  readonly timeoutMs: number;
}

interface Tries {
  failed: number;
  refused: boolean;
}

const defaultTimeoutMs = 10_000;
const mostAttempts = 5;
const retryBackoff: Backoff = { baseMs: 200, capMs: 2_000 };

/**
 * Plain JSON calls to the API server over one shared pool. 429 is retried for every verb, since the server did not
 * look at the request; 5xx and broken connections only for GET. Every failure is an ApiError.
 */
export class KubeHttp {
  readonly server: string;
  /** Of the kubeconfig's context or the service account, else `default`. */
  readonly namespace: string;
  readonly runtime: Runtime;
  readonly #connector: Connector;
  readonly #options: KubeHttpOptions;

  constructor(connector: Connector, options: KubeHttpOptions = {}) {
    this.server = connector.server;
    this.namespace = connector.namespace;
    this.runtime = options.runtime ?? systemRuntime;
    this.#connector = connector;
    this.#options = options;
  }

  /**
   * Without a path: `$KUBECONFIG`, the file in the home directory, or the service account of the Pod.
   * @throws KubeConfigError when there is nothing usable.
   */
  static fromKubeConfig(path?: string, options: KubeHttpOptions = {}): KubeHttp {
    const runtime = options.runtime ?? systemRuntime;
    return new KubeHttp(new KubeConfigConnector(loadKubeConfig(path), runtime), options);
  }

  /** For watches, which notice it. */
  rewound(error: RewoundError): void {
    this.#options.onRewound?.(error);
  }

  /** The parsed answer; `undefined` for an empty one. @throws ApiError */
  async request<T>(request: KubeRequest): Promise<T> {
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
    const limit = this.#limit(timeoutMs, request.signal);
    const startedMs = this.runtime.clock.elapsedMs();
    try {
      const call: Call = { request, verb: request.method, signal: limit.signal, startedMs, timeoutMs };
      return await this.#retry(call, async () => parse<T>(await this.#attemptText(call), nameOf(request)));
    } finally {
      limit.cancel();
    }
  }

  /**
   * Opens a GET that goes on, such as a watch, and gives its complete lines. Nothing is retried here. The loop over
   * the lines ends normally when the server ends the stream. @throws ApiError, also out of the loop
   */
  async stream(request: StreamRequest): Promise<AsyncIterable<string>> {
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
    const ending = new AbortController();
    const cancel = this.runtime.after(timeoutMs, () => ending.abort(new Overdue()));
    const untie = followAbort(ending, request.signal);
    const call: Call = {
      request: { method: 'GET', path: request.path, ...(request.query ? { query: request.query } : {}) },
      verb: 'WATCH',
      signal: ending.signal,
      startedMs: this.runtime.clock.elapsedMs(),
      timeoutMs,
    };
    try {
      const reply = await this.#attempt(call, async (got) => got);
      return translated(linesOf(reply.body, request.onChunk ?? (() => undefined)), call, untie);
    } catch (error) {
      untie();
      throw error;
    } finally {
      cancel();
    }
  }

  /** Whether a write would be sent now. */
  mayWrite(): boolean {
    return this.#options.mayWrite?.() ?? true;
  }

  /** Breaks what is under way and leaves the pool. */
  async close(): Promise<void> {
    await this.#connector.close();
  }

  async #retry<T>(call: Call, run: () => Promise<T>): Promise<T> {
    const tries: Tries = { failed: 0, refused: false };
    for (;;) {
      try {
        return await run();
      } catch (error) {
        const waitMs = this.#waitBeforeRetry(error, call, tries);
        if (waitMs === undefined) throw error;
        await sleep(this.runtime, waitMs, call.signal);
        if (call.signal.aborted) throw error;
      }
    }
  }

  /** `undefined`: give up. */
  #waitBeforeRetry(error: unknown, call: Call, tries: Tries): number | undefined {
    tries.failed += 1;
    if (call.signal.aborted || tries.failed >= mostAttempts) return undefined;
    if (error instanceof UnauthorizedError && !tries.refused) {
      tries.refused = true;
      return 0;
    }
    if (error instanceof ThrottledError) {
      const leftMs = call.startedMs + call.timeoutMs - this.runtime.clock.elapsedMs();
      // A little jitter, or everybody who was told the same second comes back in it.
      const waitMs = error.retryAfterMs * (1 + 0.2 * this.runtime.random());
      return waitMs < leftMs ? waitMs : undefined;
    }
    const broken = error instanceof ServerError || error instanceof UnreachableError;
    if (!broken || call.request.method !== 'GET') return undefined;
    return fullJitterMs(this.runtime, tries.failed, retryBackoff);
  }

  async #attemptText(call: Call): Promise<string> {
    return await this.#attempt(call, (reply) => reply.body.text());
  }

  /** One try: sends, turns a bad answer into its error, counts and times it to the end of `read`. */
  async #attempt<R>(call: Call, read: (reply: Dispatcher.ResponseData) => Promise<R>): Promise<R> {
    const startedMs = this.runtime.clock.elapsedMs();
    let code = 'Unreachable';
    try {
      const reply = await this.#send(call);
      code = String(reply.statusCode);
      this.#options.serverTime?.note(reply.headers['date'], this.runtime.clock.elapsedMs());
      if (reply.statusCode >= 200 && reply.statusCode < 300) return await read(reply);
      throw await failureOf(reply, call);
    } catch (error) {
      const known = errorOfCall(error, call);
      if (known.status === undefined) code = known.code;
      // A rotated token, or another authority, may lie on the disk already.
      if (known instanceof UnauthorizedError || isUntrusted(known)) this.#connector.refresh();
      throw known;
    } finally {
      const seconds = (this.runtime.clock.elapsedMs() - startedMs) / 1000;
      this.#options.onAttempt?.({ verb: call.verb, code, seconds });
    }
  }

  async #send(call: Call): Promise<Dispatcher.ResponseData> {
    call.signal.throwIfAborted();
    const { request } = call;
    const connection = await this.#connector.connection();
    const base = new URL(this.server);
    return await this.#fenced(connection.dispatcher, request).request({
      origin: base.origin,
      path: `${base.pathname.replace(/\/+$/, '')}${request.path}${queryText(request.query)}`,
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': this.#options.userAgent ?? 'kube-json',
        ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
        ...connection.headers,
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: call.signal,
    });
  }

  #fenced(dispatcher: Dispatcher, request: KubeRequest): Dispatcher {
    if (this.#options.mayWrite === undefined || request.method === 'GET') return dispatcher;
    const check = (): void => {
      if (!this.mayWrite())
        throw new NotLeadingError(`${nameOf(request)}: not sent, this process may not lead any more`);
    };
    check();
    return dispatcher.compose(beforeSending(check));
  }

  #limit(timeoutMs: number, signal: AbortSignal | undefined): { signal: AbortSignal; cancel: () => void } {
    const ending = new AbortController();
    const disarm = this.runtime.after(timeoutMs, () => ending.abort(new Overdue()));
    const untie = followAbort(ending, signal);
    const cancel = (): void => {
      disarm();
      untie();
    };
    return { signal: ending.signal, cancel };
  }
}

/** Reason of our own limit, to tell it from the caller's signal. */
class Overdue extends Error {
  override readonly name = 'Overdue';
}

function nameOf(request: KubeRequest): string {
  return `${request.method} ${request.path}`;
}

function queryText(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

async function failureOf(reply: Dispatcher.ResponseData, call: Call): Promise<ApiError> {
  const retryAfter = reply.headers['retry-after'];
  return errorOfReply({
    what: nameOf(call.request),
    status: reply.statusCode,
    body: await beginningOf(reply.body),
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
  });
}

/** A Status is short; whoever stands in between may answer with anything, for ever. */
const longestFailureBytes = 1_000_000;

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > longestFailureBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, longestFailureBytes).toString('utf8');
}

function parse<T>(text: string, what: string): T {
  if (text === '') return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new ServerError(`${what}: the answer is not JSON`, { cause });
  }
}

function errorOfCall(error: unknown, call: Call): ApiError {
  if (error instanceof ApiError) return error;
  const what = nameOf(call.request);
  if (call.signal.aborted) {
    return call.signal.reason instanceof Overdue
      ? new TimeoutError(`${what}: no answer within ${call.timeoutMs} ms`)
      : new CancelledError(`${what}: cancelled by the caller`);
  }
  if (error instanceof undiciErrors.HeadersTimeoutError) return new TimeoutError(`${what}: no answer`);
  return new UnreachableError(`${what}: ${wordFor(error)}`, { cause: error });
}

/** The server showed a certificate that nobody whom we trust has signed. */
function isUntrusted({ cause }: ApiError): boolean {
  const hasCode = typeof cause === 'object' && cause !== null && 'code' in cause;
  return hasCode && typeof cause.code === 'string' && /CERT|SIGNATURE/.test(cause.code);
}

/** A short word for a broken connection: the system's code where there is one. */
function wordFor(error: unknown): string {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  if (hasCode && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'connection failed';
}

async function* translated(
  lines: AsyncIterable<string>,
  call: Call,
  end: () => void,
): AsyncGenerator<string, void, undefined> {
  try {
    yield* lines;
  } catch (error) {
    throw errorOfCall(error, call);
  } finally {
    end();
  }
}
