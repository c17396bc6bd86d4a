/**
 * A proxy on loopback between one operator and the API server. Told nothing it passes everything unchanged; told of a
 * fault it does that to what comes through it, until told otherwise. It also keeps the writes that reached the server.
 */
import {
  Agent as HttpAgent,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as requestHttp,
  type Server,
  type ServerResponse,
} from 'node:http';
import { Agent, request } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiFault, cutsStreams, holdsEvents, madeUp, pathUnder, type Reply } from './api-faults.ts';
import { type ApiCall, type ApiWrite, hashOf, isStep, isWrite, readCall, uidIn } from './api-path.ts';
import { WatchStream } from './api-stream.ts';
import { LabError } from '../exec.ts';

export interface ApiProxyOptions {
  /** `https://host:port` of the API server; a test's own may be http. */
  readonly upstream: string;
  /** PEM of its authority, read anew for each connection. */
  readonly ca: () => string;
}

/** Called once the API server has answered a write, and before the writer hears of it. */
export type OnWrite = (write: ApiWrite) => void | Promise<void>;

export class ApiProxy {
  readonly url: string;
  /** What reached the API server and was answered there, in that order. */
  readonly writes: ApiWrite[] = [];
  /** Calls by verb, whatever became of them. */
  readonly calls = new Map<string, number>();
  readonly #server: Server;
  readonly #upstream: URL;
  readonly #agent: Agent | HttpAgent;
  readonly #options: ApiProxyOptions;
  readonly #streams = new Set<WatchStream>();
  readonly #sockets = new Set<Socket>();
  #listeners: readonly OnWrite[] = [];
  #steps = 0;
  #fault: ApiFault | undefined;
  #changed = Promise.withResolvers<void>();

  private constructor(server: Server, port: number, options: ApiProxyOptions) {
    this.#server = server;
    this.#options = options;
    this.#upstream = new URL(options.upstream);
    const pool = { keepAlive: true, maxSockets: 64 };
    this.#agent = this.#isSecure() ? new Agent(pool) : new HttpAgent(pool);
    this.url = `http://127.0.0.1:${port}`;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (from, to) => void this.#serve(from, to));
  }

  static async start(options: ApiProxyOptions): Promise<ApiProxy> {
    const server = createServer({ keepAliveTimeout: 120_000, requestTimeout: 0 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new LabError('the proxy got no port');
    return new ApiProxy(server, address.port, options);
  }

  /** How many steps of the work have reached the API server: writes but for Leases and Events. */
  get steps(): number {
    return this.#steps;
  }

  get streams(): number {
    return this.#streams.size;
  }

  get fault(): ApiFault | undefined {
    return this.#fault;
  }

  /** From now on, until it is called again; `undefined`: nothing is done to anything. */
  set(fault: ApiFault | undefined): void {
    const before = this.#fault;
    this.#fault = fault;
    const changed = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    for (const stream of this.#streams) {
      if (holdsEvents(fault)) stream.hold();
      else if (holdsEvents(before)) stream.release(before?.kind === 'Unobserved');
    }
    if (fault !== undefined && cutsStreams(fault)) this.cutStreams(false);
    // What was seen of an older state is caught up with by watching on from there.
    if (before?.kind === 'Stale') this.cutStreams(false);
    changed.resolve();
  }

  /** Breaks every watch, in the middle of an event where asked. @returns how many there were */
  cutStreams(midEvent: boolean): number {
    const cut = [...this.#streams];
    for (const stream of cut) stream.cut(midEvent);
    return cut.length;
  }

  /** Breaks every connection. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  onWrite(listener: OnWrite): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== listener);
    };
  }

  /** Runs once when that many further steps have reached the API server; the writer waits for the answer meanwhile. */
  afterStep(count: number, run: () => void | Promise<void>): () => void {
    const at = this.#steps + count;
    const stop = this.onWrite(async ({ step }) => {
      if (step !== at) return;
      stop();
      await run();
    });
    return stop;
  }

  async stop(): Promise<void> {
    this.set(undefined);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cutAll();
    this.#agent.destroy();
    await closed;
  }

  async #serve(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const call = readCall(from.method ?? 'GET', from.url ?? '/');
    this.calls.set(call.verb, (this.calls.get(call.verb) ?? 0) + 1);
    try {
      const body = await wholeOf(from);
      await this.#delay(to);
      if (to.destroyed) return;
      const fault = this.#fault;
      if (isBroken(fault, call)) return void to.destroy();
      const reply = madeUp(fault, call);
      if (reply !== undefined) return answer(to, reply);
      if (call.verb === 'watch') await this.#watch(from, to);
      else await this.#pass({ from, to, call, body, fault });
    } catch {
      // Whatever broke, the operator sees a broken connection, as it would without a proxy.
      to.destroy();
    }
  }

  /** Waits while nothing is to be answered, and as long as a slow server would take. */
  async #delay(to: ServerResponse): Promise<void> {
    while (this.#fault?.kind === 'Freeze' && !to.destroyed) {
      await Promise.race([this.#changed.promise, closed(to)]);
    }
    if (this.#fault?.kind === 'Slow') await sleep(this.#fault.ms);
  }

  async #pass(passing: Passing): Promise<void> {
    const { from, to, call, body, fault } = passing;
    const reply = await this.#ask(from, pathUnder(fault, call, from.url ?? '/'), body);
    const chunks: Buffer[] = [];
    for await (const chunk of reply) chunks.push(chunk as Buffer);
    if (isWrite(call)) await this.#note(call, body, reply.statusCode ?? 0);
    if (fault?.kind === 'LoseAnswer' && isWrite(call)) return void to.destroy();
    // A server that froze while it was at work answers when it goes on.
    if (this.#fault?.kind === 'Freeze') await this.#delay(to);
    to.writeHead(reply.statusCode ?? 502, ownHeaders(reply));
    to.end(Buffer.concat(chunks));
  }

  async #note(call: ApiCall, body: Buffer, status: number): Promise<void> {
    const step = isStep(call) ? (this.#steps += 1) : 0;
    const uid = call.verb === 'delete' ? uidIn(body) : undefined;
    const write = { ...call, step, bodyHash: hashOf(body), status, atMs: performance.now(), uid };
    this.writes.push(write);
    for (const listener of this.#listeners) await listener(write);
  }

  async #watch(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const stale = this.#fault?.kind === 'Stale';
    const stream = new WatchStream(to);
    this.#streams.add(stream);
    to.once('close', () => this.#streams.delete(stream));
    if (holdsEvents(this.#fault)) stream.hold();
    if (stale) {
      to.writeHead(200, { 'content-type': 'application/json' });
      to.flushHeaders();
      return;
    }
    const reply = await this.#ask(from, from.url ?? '/', Buffer.alloc(0));
    to.once('close', () => reply.destroy());
    to.writeHead(reply.statusCode ?? 502, ownHeaders(reply));
    to.flushHeaders();
    for await (const chunk of reply) {
      if (this.#fault?.kind === 'Slow') await sleep(this.#fault.ms);
      stream.push(chunk as Buffer);
    }
    stream.end();
  }

  #isSecure(): boolean {
    return this.#upstream.protocol === 'https:';
  }

  #ask(from: IncomingMessage, path: string, body: Buffer): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const headers = { ...from.headers, host: this.#upstream.host };
    delete headers.connection;
    if (this.#fault?.kind === 'BadCredentials') headers.authorization = 'Bearer nobody-knows-this-one';
    const { hostname, port } = this.#upstream;
    const wish = { agent: this.#agent, hostname, port, path, method: from.method, headers };
    const asked = this.#isSecure()
      ? request({ ...wish, ca: this.#options.ca() }, resolve)
      : requestHttp(wish, resolve);
    asked.once('error', reject);
    asked.end(body);
    return promise;
  }
}

interface Passing {
  readonly from: IncomingMessage;
  readonly to: ServerResponse;
  readonly call: ApiCall;
  readonly body: Buffer;
  readonly fault: ApiFault | undefined;
}

function isBroken(fault: ApiFault | undefined, call: ApiCall): boolean {
  return fault?.kind === 'Refuse' || (fault?.kind === 'LoseRequest' && isWrite(call));
}

async function wholeOf(from: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of from) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function closed(to: ServerResponse): Promise<void> {
  return new Promise((resolve) => to.once('close', () => resolve()));
}

function answer(to: ServerResponse, { status, headers, body }: Reply): void {
  to.writeHead(status, headers);
  to.end(body);
}

/** Headers of the answer but for those that are about the connection it came over. */
function ownHeaders(reply: IncomingMessage): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(reply.headers)) {
    if (value === undefined || ['connection', 'transfer-encoding', 'keep-alive'].includes(name)) continue;
    headers[name] = value;
  }
  return headers;
}
