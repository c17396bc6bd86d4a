/** A Redis on a port of its own that can be killed, frozen, started again empty and told to refuse. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { until } from '../exec.ts';
import { operatorLine } from '../local-redis.ts';
import {
  freePorts,
  type LocalProcess,
  redisProgram,
  type Scratch,
  scratch,
  startProcess,
} from '../local-process.ts';

const host = '127.0.0.1';
/** The user that operators log in as, with no more rights than the documentation gives it. */
export const operatorUser = 'openvidu-operator';

export class ChaosRedis {
  readonly address: string;
  /** The laboratory's own connection, which says nothing while Redis is away. */
  readonly admin: Redis;
  readonly #port: number;
  readonly #place: Scratch;
  #server: LocalProcess | undefined;
  #password = 'the-first-password';

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

  /** Of the operator's login. */
  get password(): string {
    return this.#password;
  }

  /** Empty, as without a disk, but for its users. Nothing happens when it runs. */
  async start(): Promise<void> {
    if (this.#server?.running() === true) return;
    const users = join(this.#place.dir, 'users.acl');
    await writeFile(users, `${this.#users().join('\n')}\n`, { mode: 0o600 });
    const args = ['--dir', this.#place.dir, '--port', String(this.#port), '--bind', host, '--aclfile', users];
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

  /** The operator's login has another password from now on, also for whoever is connected. */
  async changePassword(password: string): Promise<void> {
    this.#password = password;
    await this.admin.call('ACL', 'SETUSER', operatorUser, 'resetpass', `>${password}`);
    await this.admin.call('CLIENT', 'KILL', 'USER', operatorUser);
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

  /** The laboratory and the played media servers need none. */
  #users(): readonly string[] {
    return ['user default on nopass ~* &* +@all', operatorLine(operatorUser, this.#password)];
  }
}
