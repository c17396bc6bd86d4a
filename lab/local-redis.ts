import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RedisAuth, RedisConfig } from '../src/livekit/redis-config.ts';
import { run, until } from './exec.ts';
import {
  freePorts,
  type LocalProcess,
  redisProgram,
  type Scratch,
  scratch,
  startProcess,
} from './local-process.ts';
import { libraryPath } from './tools-deb.ts';

export interface RedisWish {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: boolean;
}

export interface LocalRedis {
  readonly address: string;
  readonly config: RedisConfig;
  /** Stops and resumes the process, as a hanging machine would. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const common = ['--bind', host, '--save', '', '--appendonly', 'no'];

/** One Redis on loopback, with a login and TLS if wished. */
export async function startRedis(wish: RedisWish = {}): Promise<LocalRedis> {
  const [port = 0] = await freePorts(1);
  const place = await scratch('redis');
  const { tlsArgs, ca } = wish.tls === true ? await makeTls(place, port) : { tlsArgs: [], ca: undefined };
  const args = ['--dir', place.dir, '--port', wish.tls === true ? '0' : String(port), ...common, ...tlsArgs];
  const server = await startProcess(await redisProgram('redis-server'), [
    ...args,
    ...(await loginArgs(wish, place)),
  ]);
  await untilServing(server).catch(async (error: unknown) => {
    await stopAll([server], place);
    throw error;
  });
  const auth: RedisAuth | undefined =
    wish.password === undefined
      ? undefined
      : { password: wish.password, ...(wish.username === undefined ? {} : { username: wish.username }) };
  const address = `${host}:${port}`;
  return {
    address,
    config: {
      mode: 'standalone',
      address,
      db: 0,
      ...(auth === undefined ? {} : { auth }),
      ...(ca === undefined ? {} : { tls: { ca, serverName: 'localhost' } }),
    },
    freeze: () => server.signal('SIGSTOP'),
    thaw: () => server.signal('SIGCONT'),
    stop: async () => await stopAll([server], place),
  };
}

/** What the operator may do, and no more, rule by rule: as docs/how-to/redis-acl.md tells people to write it. */
export const operatorRules: readonly string[] = [
  '~nodes',
  '%R~room_node_map',
  '%R~rooms',
  '%R~room_participants:*',
  '%R~livekit_version',
  '&__redis__:invalidate',
  '+hgetall',
  '+hmget',
  '+hlen',
  '+get',
  '+hget',
  '+hset',
  '+hdel',
  '+evalsha',
  '+eval',
  '+subscribe',
  '+client|id',
  '+client|tracking',
  '+client|setname',
  '+select',
  '+info',
  '+ping',
];

/** What it needs besides where Redis is a Cluster. */
export const clusterRules: readonly string[] = ['+cluster|slots', '+cluster|info'];

/** What it needs at the Sentinels, where those have logins of their own. */
export const sentinelRules: readonly string[] = [
  '&+switch-master',
  '+sentinel|get-master-addr-by-name',
  '+sentinel|sentinels',
  '+subscribe',
];

/** A user of Redis with those rights, as a line of its file of users. */
export function operatorLine(username: string, password: string): string {
  return `user ${username} on >${password} ${operatorRules.join(' ')}`;
}

/** The login goes through a file: an argument would be readable by everybody on the machine. */
async function loginArgs(wish: RedisWish, place: Scratch): Promise<readonly string[]> {
  if (wish.password === undefined) return [];
  const file = join(place.dir, 'users.acl');
  const { username, password } = wish;
  const lines =
    username === undefined
      ? [`user default on >${password} ~* &* +@all`]
      : ['user default off', operatorLine(username, password), `user admin on >${password} ~* &* +@all`];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return ['--aclfile', file];
}

async function makeTls(place: Scratch, port: number): Promise<{ tlsArgs: readonly string[]; ca: string }> {
  const key = join(place.dir, 'tls.key');
  const cert = join(place.dir, 'tls.crt');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await run('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, ...subject]);
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert];
  return {
    tlsArgs: ['--tls-port', String(port), ...files, '--tls-auth-clients', 'no'],
    ca: await readFile(cert, 'utf8'),
  };
}

export interface SentinelWish {
  /** Address that all of them listen on; loopback unless told. */
  readonly host?: string;
  readonly replicas?: number;
  readonly sentinels?: number;
}

export interface LocalSentinel {
  readonly config: Extract<RedisConfig, { readonly mode: 'sentinel' }>;
  /** Address of the master at the start. */
  readonly masterAddress: string;
  /** Address of the master by the word of the first Sentinel. */
  masterNow(): Promise<string>;
  /** Kills the master of the start; a replica takes over after a second or two. */
  killMaster(): Promise<void>;
  stop(): Promise<void>;
}

const masterName = 'ovmaster';

/** A master, replicas and Sentinels that judge quickly: one of each unless told. */
export async function startSentinel(wish: SentinelWish = {}): Promise<LocalSentinel> {
  const { host: at = host, replicas = 1, sentinels = 1 } = wish;
  const ports = await freePorts(1 + replicas + sentinels);
  const [masterPort = 0] = ports;
  const place = await scratch('sentinel');
  const started: LocalProcess[] = [];
  const start = async (args: readonly string[]): Promise<LocalProcess> => {
    const child = await startProcess(await redisProgram('redis-server'), args);
    started.push(child);
    return child;
  };
  // Only the lab's own machines reach the address, and they bring no password.
  const server = [
    '--dir',
    place.dir,
    '--bind',
    at,
    '--protected-mode',
    'no',
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  // A replica writes down what it is sent, and must not find what another one was sent.
  const serving = (port: number): readonly string[] => [
    '--port',
    String(port),
    '--dbfilename',
    `dump-${port}.rdb`,
    '--repl-diskless-sync-delay',
    '0',
    ...server,
  ];
  try {
    const master = await start(serving(masterPort));
    await untilServing(master);
    const replicaof = ['--replicaof', at, String(masterPort)];
    for (const port of ports.slice(1, 1 + replicas)) {
      await untilReplicated(await start([...serving(port), ...replicaof]));
    }
    const sentinelPorts = ports.slice(1 + replicas);
    const rules = { at, masterPort, quorum: Math.floor(sentinels / 2) + 1, dir: place.dir };
    const judges = await Promise.all(
      sentinelPorts.map(async (port) => await start([await sentinelFile(port, rules), '--sentinel'])),
    );
    await Promise.all(judges.map(async (judge) => await untilInformed(judge, replicas, sentinels - 1)));
    return {
      masterAddress: `${at}:${masterPort}`,
      config: {
        mode: 'sentinel',
        masterName,
        addresses: sentinelPorts.map((port) => `${at}:${port}`),
        db: 0,
      },
      masterNow: async () => await askMaster(at, sentinelPorts[0] ?? 0),
      killMaster: async () => await master.kill(),
      stop: async () => await stopAll(started.toReversed(), place),
    };
  } catch (error) {
    await stopAll(started.toReversed(), place);
    throw error;
  }
}

interface SentinelRules {
  readonly at: string;
  readonly masterPort: number;
  readonly quorum: number;
  readonly dir: string;
}

/** A Sentinel rewrites its file, so each has its own. */
async function sentinelFile(port: number, { at, masterPort, quorum, dir }: SentinelRules): Promise<string> {
  const file = join(dir, `sentinel-${port}.conf`);
  const lines = [
    `port ${port}`,
    `bind ${at}`,
    'protected-mode no',
    `dir ${dir}`,
    `sentinel monitor ${masterName} ${at} ${masterPort} ${quorum}`,
    `sentinel down-after-milliseconds ${masterName} 700`,
    `sentinel failover-timeout ${masterName} 5000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

async function askMaster(at: string, port: number): Promise<string> {
  const question = ['-h', at, '-p', String(port), 'sentinel', 'get-master-addr-by-name', masterName];
  const answer = await run(await redisProgram('redis-cli'), question, {
    env: { LD_LIBRARY_PATH: libraryPath },
    timeoutMs: 5000,
  });
  return answer.trim().split('\n').join(':');
}

async function untilReplicated(replica: LocalProcess): Promise<void> {
  await until({ what: 'the first replication', timeoutMs: 15_000 }, () =>
    /MASTER <-> REPLICA sync: Finished|Finished with success/.test(replica.output()),
  );
}

async function untilInformed(sentinel: LocalProcess, replicas: number, peers: number): Promise<void> {
  const told = (what: string): number => sentinel.output().split(what).length - 1;
  await until(
    { what: 'a Sentinel to know the others', timeoutMs: 20_000 },
    () => told('+slave ') >= replicas && told('+sentinel ') >= peers,
  );
}

export interface LocalCluster {
  readonly config: RedisConfig;
  stop(): Promise<void>;
}

/** Three masters that share the slots. */
export async function startRedisCluster(): Promise<LocalCluster> {
  // The bus would be at port + 10000, which may be beyond the last port: so it is given one of its own.
  const [a = 0, b = 0, c = 0, ...buses] = await freePorts(6);
  const place = await scratch('cluster');
  const program = await redisProgram('redis-server');
  const ports = [a, b, c];
  const servers = await Promise.all(
    ports.map(async (port, at) => {
      const cluster = ['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`];
      const bus = ['--cluster-port', String(buses[at]), '--cluster-node-timeout', '2000'];
      const args = ['--dir', place.dir, '--port', String(port), ...common, ...cluster, ...bus];
      return await startProcess(program, args);
    }),
  );
  await Promise.all(servers.map(untilServing));
  const addresses = ports.map((port) => `${host}:${port}`);
  const cli = await redisProgram('redis-cli');
  await run(cli, ['--cluster', 'create', ...addresses, '--cluster-yes'], {
    env: { LD_LIBRARY_PATH: libraryPath },
    timeoutMs: 30_000,
  });
  await Promise.all(
    ports.map(
      async (port) =>
        await until({ what: 'the cluster to agree', timeoutMs: 15_000 }, async () => {
          const env = { LD_LIBRARY_PATH: libraryPath };
          return (await run(cli, ['-p', String(port), 'cluster', 'info'], { env })).includes(
            'cluster_state:ok',
          );
        }),
    ),
  );
  return { config: { mode: 'cluster', addresses }, stop: async () => await stopAll(servers, place) };
}

async function untilServing(server: LocalProcess): Promise<void> {
  await until({ what: 'redis-server to accept connections', timeoutMs: 15_000, stepMs: 20 }, () => {
    if (!server.running()) throw new Error(`redis-server ended: ${server.output()}`);
    return server.output().includes('Ready to accept connections');
  });
}

async function stopAll(servers: readonly LocalProcess[], place: Scratch): Promise<void> {
  await Promise.all(servers.map(async (server) => await server.kill()));
  await place.remove();
}
