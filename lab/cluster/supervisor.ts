import type { Server, Socket } from 'node:net';
import { ClusterRun } from './run.ts';
import { type Act, onMessages, type Order, type Reply, type Request, send, type State } from './wire.ts';
import { LabError } from '../exec.ts';
import { tryLock } from '../lock.ts';

const firstOrderMs = 15_000;

/**
 * One process per cluster. It holds the slot, starts the cluster, carries out orders, and takes everything down when
 * asked, when signalled, or when the owner's connection ends, which the kernel does even when the owner is killed.
 */
class Supervisor {
  readonly #run: ClusterRun;
  readonly #server: Server;
  readonly #token: string;
  readonly #clients = new Set<Socket>();
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #isReady = false;

  constructor(server: Server, slot: number, token: string) {
    this.#server = server;
    this.#token = token;
    this.#run = new ClusterRun(slot, (line) => this.#tell(line));
    server.on('connection', (socket) => this.#welcome(socket));
    setTimeout(() => {
      if (this.#starting === undefined) process.exit(0);
    }, firstOrderMs).unref();
  }

  /** Takes everything down once, however often it is asked. */
  stop(): Promise<void> {
    this.#stopping ??= this.#takeDown();
    return this.#stopping;
  }

  async #takeDown(): Promise<void> {
    if (!this.#isReady && this.#starting !== undefined) {
      await this.#run.abort().catch((error: unknown) => this.#tell(messageOf(error)));
      await this.#starting.catch(() => undefined);
    }
    await this.#run.stop();
  }

  #tell(line: string): void {
    console.log(`${new Date().toISOString()} ${line}`);
    for (const socket of this.#clients) send(socket, { kind: 'log', line });
  }

  #welcome(socket: Socket): void {
    this.#clients.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#clients.delete(socket));
    onMessages<Request>(socket, ({ id, order }) => {
      void this.#answer(socket, id, order);
    });
  }

  async #answer(socket: Socket, id: number, order: Order): Promise<void> {
    const reply = await this.#carryOut(socket, order).then(
      (): Reply => ({ kind: 'done', id, state: this.#state }),
      (error: unknown): Reply => ({ kind: 'failed', id, message: messageOf(error) }),
    );
    send(socket, reply);
    if (this.#stopping !== undefined && (order.op === 'stop' || order.op === 'start'))
      await this.#leave(socket);
  }

  get #state(): State {
    return { ready: this.#isReady, info: this.#run.info };
  }

  async #carryOut(socket: Socket, order: Order): Promise<void> {
    switch (order.op) {
      case 'start':
        return this.#start(socket, order);
      case 'greet':
        return this.#assertToken(order.token);
      case 'awaitReady':
        return this.#starting;
      case 'info':
        return;
      case 'stop':
        return this.stop();
      case 'act':
        return this.#act(order.act);
    }
  }

  async #act(act: Act): Promise<void> {
    switch (act.kind) {
      case 'addKubeNode':
        return this.#run.addKubeNode();
      case 'killKubeNode':
        return this.#run.killKubeNode(act.node);
      case 'stopRedis':
        return this.#run.stopRedis(act.keepData);
      case 'startRedis':
        return this.#run.startRedis();
      case 'pauseApiServer':
        return this.#run.pauseApiServer();
      case 'resumeApiServer':
        return this.#run.resumeApiServer();
    }
  }

  async #start(socket: Socket, order: Order & { readonly op: 'start' }): Promise<void> {
    this.#assertToken(order.token);
    if (order.owned) socket.on('close', () => void this.#ownerGone());
    this.#starting = this.#run.start(order);
    try {
      await this.#starting;
      this.#isReady = true;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  #assertToken(token: string): void {
    if (token !== this.#token || this.#starting !== undefined) {
      throw new LabError('This slot is in use: take another one.');
    }
  }

  async #ownerGone(): Promise<void> {
    this.#tell('the owner is gone: taking the cluster down');
    await this.stop().catch((error: unknown) => this.#tell(messageOf(error)));
    process.exit(0);
  }

  /** Ends the process after the last answer has reached the client. */
  async #leave(socket: Socket): Promise<void> {
    await this.#stopping?.catch(() => undefined);
    this.#server.close();
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.end(() => resolve());
    setTimeout(resolve, 1000);
    await promise;
    process.exit(0);
  }
}

function messageOf(error: unknown): string {
  return error instanceof LabError || error instanceof Error ? error.message : String(error);
}

async function main(): Promise<void> {
  const [slot = '', token = ''] = process.argv.slice(2);
  const server = await tryLock(`slot-${slot}`);
  if (server === undefined) return;
  const supervisor = new Supervisor(server, Number(slot), token);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      void supervisor.stop().finally(() => process.exit(0));
    });
  }
}

await main();
