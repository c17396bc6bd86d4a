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

/** What the operator may do, and no more: the rule that the documentation tells people to write. */
export const operatorAcl =
  '~nodes ~room_node_map ~rooms ~room_participants:* ~livekit_version &__redis__:invalidate -@all +@connection ' +
  '+hgetall +hget +hmget +hlen +hset +hdel +get +evalsha +eval +subscribe +info';

/** The login goes through a file: an argument would be readable by everybody on the machine. */
async function loginArgs(wish: RedisWish, place: Scratch): Promise<readonly string[]> {
  if (wish.password === undefined) return [];
  const file = join(place.dir, 'users.acl');
  const limited = `user ${wish.username ?? 'default'} on >${wish.password} `;
  const lines =
    wish.username === undefined
      ? [`${limited}~* &* +@all`]
      : ['user default off', `${limited}${operatorAcl}`, `user admin on >${wish.password} ~* &* +@all`];
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

export interface LocalSentinel {
  readonly config: RedisConfig;
  /** Address of the master at the start. */
  readonly masterAddress: string;
  /** Kills the master; the replica takes over after about a second. */
  killMaster(): Promise<void>;
  stop(): Promise<void>;
}

/** A master, a replica and a Sentinel that judges quickly. */
export async function startSentinel(): Promise<LocalSentinel> {
  const [masterPort = 0, replicaPort = 0, sentinelPort = 0] = await freePorts(3);
  const place = await scratch('sentinel');
  const program = await redisProgram('redis-server');
  const start = async (port: number, more: readonly string[]): Promise<LocalProcess> =>
    await startProcess(program, ['--dir', place.dir, '--port', String(port), ...common, ...more]);
  const diskless = ['--repl-diskless-sync-delay', '0'];
  const master = await start(masterPort, diskless);
  await untilServing(master);
  const replica = await start(replicaPort, ['--replicaof', host, String(masterPort), ...diskless]);
  await until({ what: 'the first replication', timeoutMs: 15_000 }, () =>
    /MASTER <-> REPLICA sync: Finished|Finished with success/.test(replica.output()),
  );
  const file = join(place.dir, 'sentinel.conf');
  const rules = [
    `port ${sentinelPort}`,
    `bind ${host}`,
    `dir ${place.dir}`,
    `sentinel monitor ovmaster ${host} ${masterPort} 1`,
    'sentinel down-after-milliseconds ovmaster 700',
    'sentinel failover-timeout ovmaster 5000',
  ];
  await writeFile(file, `${rules.join('\n')}\n`);
  const sentinel = await startProcess(program, [file, '--sentinel']);
  await until({ what: 'the Sentinel to know the replica', timeoutMs: 15_000 }, () =>
    sentinel.output().includes('+slave'),
  );
  return {
    masterAddress: `${host}:${masterPort}`,
    config: { mode: 'sentinel', masterName: 'ovmaster', addresses: [`${host}:${sentinelPort}`], db: 0 },
    killMaster: async () => await master.kill(),
    stop: async () => await stopAll([sentinel, replica, master], place),
  };
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
