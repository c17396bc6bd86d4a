/** A TCP proxy on loopback between one operator and its Redis: told nothing it passes every byte. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../exec.ts';

export type RedisFault =
  /** Nothing passes in either direction; goes on where it stood once the fault is over. */
  | { readonly kind: 'Freeze' }
  /** Everything comes this much later, in order. */
  | { readonly kind: 'Slow'; readonly ms: number }
  /** Connections are broken, and new ones as soon as they are made. */
  | { readonly kind: 'Refuse' }
  /** Half of the next answer passes, then the connection breaks; the next connection works. */
  | { readonly kind: 'Partial' }
  /** Every command is answered with this error, Redis does not see it. */
  | { readonly kind: 'Answer'; readonly error: string };

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes of commands that are not whole yet, while they are answered here. */
  rest: Buffer;
  /** What is on its way in each direction: nothing overtakes what came before it. */
  toServer: Promise<void>;
  toClient: Promise<void>;
}

const idle = { toServer: Promise.resolve(), toClient: Promise.resolve() };

export class RedisProxy {
  /** `host:port` to be given to the operator. */
  readonly address: string;
  readonly #server: Server;
  readonly #to: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<Pair>();
  #fault: RedisFault | undefined;
  #changed = Promise.withResolvers<void>();

  private constructor(server: Server, port: number, to: string) {
    this.#server = server;
    this.address = `127.0.0.1:${port}`;
    this.#to = { host: to.slice(0, to.lastIndexOf(':')), port: Number(to.slice(to.lastIndexOf(':') + 1)) };
    server.on('connection', (client) => this.#accept(client));
  }

  /** @param to `host:port` of the Redis */
  static async start(to: string): Promise<RedisProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new LabError('the proxy got no port');
    return new RedisProxy(server, address.port, to);
  }

  get connections(): number {
    return this.#pairs.size;
  }

  set(fault: RedisFault | undefined): void {
    this.#fault = fault;
    if (fault?.kind === 'Refuse') this.cut();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  /** Breaks every connection. @returns how many there were */
  cut(): number {
    const pairs = [...this.#pairs];
    for (const pair of pairs) drop(pair);
    return pairs.length;
  }

  async stop(): Promise<void> {
    this.set(undefined);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#fault?.kind === 'Refuse') return void client.resetAndDestroy();
    const pair: Pair = { client, server: connect(this.#to), rest: Buffer.alloc(0), ...idle };
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      drop(pair);
    };
    for (const socket of [pair.client, pair.server]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    client.on('data', (chunk: Buffer) => {
      pair.toServer = pair.toServer.then(() => this.#pause()).then(() => this.#fromClient(pair, chunk));
    });
    pair.server.on('data', (chunk: Buffer) => {
      pair.toClient = pair.toClient.then(() => this.#pause()).then(() => this.#fromServer(pair, chunk));
    });
  }

  async #pause(): Promise<void> {
    while (this.#fault?.kind === 'Freeze') await this.#changed.promise;
    if (this.#fault?.kind === 'Slow') await sleep(this.#fault.ms);
  }

  #fromClient(pair: Pair, chunk: Buffer): void {
    const fault = this.#fault;
    if (fault?.kind !== 'Answer') {
      if (!pair.server.destroyed) pair.server.write(chunk);
      return;
    }
    const { count, rest } = takeCommands(Buffer.concat([pair.rest, chunk]));
    pair.rest = rest;
    for (let at = 0; at < count; at += 1) pair.client.write(`-${fault.error}\r\n`);
  }

  #fromServer(pair: Pair, chunk: Buffer): void {
    if (pair.client.destroyed) return;
    if (this.#fault?.kind !== 'Partial') return void pair.client.write(chunk);
    this.#fault = undefined;
    pair.client.write(chunk.subarray(0, Math.floor(chunk.byteLength / 2)), () => drop(pair));
  }
}

function drop({ client, server }: Pair): void {
  client.destroy();
  server.destroy();
}

/** How many whole commands the bytes begin with, and what is left after them. */
export function takeCommands(bytes: Buffer): { readonly count: number; readonly rest: Buffer } {
  let count = 0;
  let at = 0;
  for (;;) {
    const next = endOfCommand(bytes, at);
    if (next === undefined) return { count, rest: bytes.subarray(at) };
    count += 1;
    at = next;
  }
}

/** Where the command that begins here ends: an array of bulk strings, as every client sends. */
function endOfCommand(bytes: Buffer, from: number): number | undefined {
  const head = lineAt(bytes, from);
  if (head === undefined) return undefined;
  if (!head.text.startsWith('*')) return head.next;
  let at = head.next;
  for (let left = Number(head.text.slice(1)); left > 0; left -= 1) {
    const length = lineAt(bytes, at);
    if (length === undefined) return undefined;
    at = length.next + Number(length.text.slice(1)) + 2;
    if (at > bytes.byteLength) return undefined;
  }
  return at;
}

function lineAt(bytes: Buffer, from: number): { readonly text: string; readonly next: number } | undefined {
  const end = bytes.indexOf('\r\n', from);
  return end < 0 ? undefined : { text: bytes.toString('latin1', from, end), next: end + 2 };
}
