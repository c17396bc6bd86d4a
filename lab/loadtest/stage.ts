/** A media server on one processor and a load test on another: where both are one, neither can be told from the other. */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { RoomServiceClient } from 'livekit-server-sdk';
import { type Cage, makeCage } from './cage.ts';
import { hasCommand } from '../exec.ts';
import { type LocalRedis, startRedis } from '../local-redis.ts';
import { type ApiKey, type LocalServer, type LocalServers, startServers } from '../local-servers.ts';

export interface LoadStageWish {
  /** Of a processor that the media server may use. Its whole processor unless told. */
  readonly serverCores?: number;
}

export interface CommandWish {
  /** Hears what is written to standard error, as it comes. */
  readonly onErr?: (text: string) => void;
}

export interface CommandEnd {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command line program while it runs. */
export interface Command {
  readonly ended: Promise<CommandEnd>;
  signal(name: NodeJS.Signals): void;
  /** From now on the command and its workers together may use so much of a processor. Answers how that is undone. */
  throttle(cores: number): Promise<() => Promise<void>>;
}

const root = join(import.meta.dirname, '../..');
/** Both on the first one where there is no other. */
const serverProcessor = 0;
const generatorProcessor = availableParallelism() > 1 ? 1 : 0;

export class LoadStage {
  readonly server: LocalServer;
  readonly key: ApiKey;
  readonly metricsUrl: string;
  readonly #redis: LocalRedis;
  readonly #servers: LocalServers;
  readonly #cages: Cage[];
  readonly #children = new Set<ChildProcess>();

  private constructor(redis: LocalRedis, servers: LocalServers, server: LocalServer, cages: Cage[]) {
    this.server = server;
    this.key = servers.key;
    this.metricsUrl = `http://127.0.0.1:${server.metricsPort}/metrics`;
    this.#redis = redis;
    this.#servers = servers;
    this.#cages = cages;
  }

  /** Starts Redis and one media server that measures how long it takes to forward. */
  static async open({ serverCores }: LoadStageWish = {}): Promise<LoadStage> {
    const redis = await startRedis();
    const cages: Cage[] = [];
    try {
      const servers = await startServers({
        count: 1,
        redisAddress: redis.address,
        rtc: { forward_stats: { summary_interval: '5s', report_interval: '1s', report_window: '5s' } },
        under: await pinnedTo(serverProcessor),
      });
      const [server] = servers.servers;
      if (server === undefined) throw new Error('one server was asked for');
      if (serverCores !== undefined) {
        const cage = await makeCage('server', serverCores);
        cages.push(cage);
        await cage.add(server.process.pid);
      }
      return new LoadStage(redis, servers, server, cages);
    } catch (error) {
      await redis.stop();
      throw error;
    }
  }

  get rooms(): RoomServiceClient {
    return new RoomServiceClient(this.server.url, this.key.apiKey, this.key.apiSecret);
  }

  /** Starts `kubectl-openvidu loadtest …` against the server. Address, metrics and keys need not be given. */
  async start(args: readonly string[], { onErr }: CommandWish = {}): Promise<Command> {
    const place = ['--url', this.server.wsUrl, '--metrics', this.metricsUrl];
    const program = [process.execPath, join(root, 'src/cli/main.ts'), 'loadtest', ...args, ...place];
    const [command = process.execPath, ...rest] = [...(await pinnedTo(generatorProcessor)), ...program];
    const child = spawn(command, rest, {
      cwd: root,
      env: {
        ...process.env,
        NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
        LIVEKIT_API_KEY: this.key.apiKey,
        LIVEKIT_API_SECRET: this.key.apiSecret,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    const ended = endOf(child, onErr).finally(() => this.#children.delete(child));
    return {
      ended,
      signal: (name) => void child.kill(name),
      throttle: async (cores) => {
        const cage = await makeCage('generator', cores);
        this.#cages.push(cage);
        await cage.add(child.pid ?? 0);
        return cage.open;
      },
    };
  }

  /** As `start`, to its end. */
  async run(args: readonly string[], wish: CommandWish = {}): Promise<CommandEnd> {
    return await (await this.start(args, wish)).ended;
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.#servers.stop();
    await this.#redis.stop();
    await Promise.all(this.#cages.map(async (cage) => await cage.remove()));
  }
}

async function endOf(child: ChildProcess, onErr?: (text: string) => void): Promise<CommandEnd> {
  let [out, err] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    onErr?.(text);
  });
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once('close', (code) => resolve(code));
  return { code: await promise, out, err };
}

/** Words before a program that hold it to one processor; none where that cannot be. */
export async function pinnedTo(processor: number): Promise<readonly string[]> {
  return (await hasCommand('taskset')) ? ['taskset', '--cpu-list', String(processor)] : [];
}
