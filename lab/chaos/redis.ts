/** A Redis on a port of its own that can be killed, frozen, started again empty and told to refuse. */
import { Redis } from 'ioredis';
import { until } from '../exec.ts';
import {
  freePorts,
  type LocalProcess,
  redisProgram,
  type Scratch,
  scratch,
  startProcess,
} from '../local-process.ts';

const host = '127.0.0.1';

export class ChaosRedis {
  readonly address: string;
  /** The laboratory's own connection, which says nothing while Redis is away. */
  readonly admin: Redis;
  readonly #port: number;
  readonly #place: Scratch;
  #server: LocalProcess | undefined;

  private constructor(port: number, place: Scratch) {
    this.#port = port;
    this.#place = place;
    this.address = `${host}:${port}`;
    this.admin = new Redis({
      host,
      port,
      lazyConnect: true,
      commandTimeout: 1000,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 100,
      disableClientInfo: true,
    });
    // Each question that fails says so itself.
    this.admin.on('error', () => undefined);
  }

  static async start(): Promise<ChaosRedis> {
    const [port = 0] = await freePorts(1);
    const redis = new ChaosRedis(port, await scratch('chaos-redis'));
    await redis.start();
    await redis.admin.connect();
    return redis;
  }

  /** Empty, as without a disk. Nothing happens when it runs. */
  async start(): Promise<void> {
    if (this.#server?.running() === true) return;
    const args = ['--dir', this.#place.dir, '--port', String(this.#port), '--bind', host];
    const quiet = ['--save', '', '--appendonly', 'no', '--loglevel', 'notice'];
    const server = await startProcess(await redisProgram('redis-server'), [...args, ...quiet]);
    this.#server = server;
    await until({ what: 'redis-server to accept connections', timeoutMs: 15_000, stepMs: 20 }, () =>
      server.output().includes('Ready to accept connections'),
    );
  }

  /** SIGKILL, with all that it knew. */
  async kill(): Promise<void> {
    await this.#server?.kill();
  }

  freeze(): void {
    this.#server?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#server?.signal('SIGCONT');
  }

  /** Breaks the connections of everybody else. */
  async killClients(): Promise<void> {
    await this.admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await this.admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  }

  /** Refuses every write with -READONLY: it takes itself for the replica of somebody who is not there. */
  async setReadOnly(is: boolean): Promise<void> {
    if (is) await this.admin.call('REPLICAOF', host, '1');
    else await this.admin.call('REPLICAOF', 'NO', 'ONE');
  }

  /** Refuses every write that needs memory with -OOM. */
  async setFull(is: boolean): Promise<void> {
    await this.admin.call('CONFIG', 'SET', 'maxmemory', is ? '1' : '0');
  }

  async stop(): Promise<void> {
    this.admin.disconnect();
    this.thaw();
    await this.#server?.kill();
    await this.#place.remove();
  }
}
