import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { systemClock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { limitStream, mostAnswerBytes } from './answer-limit.ts';
import { hostPort, hostPorts, type RedisConfig, type RedisTls } from './redis-config.ts';

export type RedisClient = Redis | Cluster;

/** The client's types want to know that replies keep their old shapes. */
type Options = RedisOptions & { readonly replyMapping: 'legacy' };

/** A command that takes longer says more about Redis than its answer would. */
export const commandTimeoutMs = 2000;
const connectTimeoutMs = 2000;
/** A little longer than a command may take, so that a dead peer costs one command and then the connection. */
const silenceTimeoutMs = 3000;
const slowestRetryMs = 2000;

/** Grows from 50 ms to 2 s: quick after a fail-over, light during an outage. */
function retryDelayMs(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 10), slowestRetryMs);
}

function tlsOptions(tls: RedisTls): NonNullable<RedisOptions['tls']> {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: tls.insecureSkipVerify !== true,
  };
}

/** Protocol 2 throughout: proxies speak it, and invalidation notices reach a subscriber only there. */
function commonOptions(config: RedisConfig): Options {
  return {
    replyMapping: 'legacy',
    protocol: 2,
    connectionName: 'openvidu-media-operator',
    // Redis before 7.2 knows no client info, and a narrow login would have to allow it.
    disableClientInfo: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    keepAlive: 10_000,
    // A command is never kept for later: a write that arrives after its reason has gone is worse than none.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: retryDelayMs,
    // A demoted master answers READONLY; a new connection finds its successor.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    ...(config.auth?.username === undefined ? {} : { username: config.auth.username }),
    ...(config.auth?.password === undefined ? {} : { password: config.auth.password }),
    ...(config.tls === undefined ? {} : { tls: tlsOptions(config.tls) }),
  };
}

function sentinelOptions(config: RedisConfig & { readonly mode: 'sentinel' }): Options {
  return {
    ...commonOptions(config),
    sentinels: hostPorts(config.addresses),
    name: config.masterName,
    db: config.db,
    sentinelRetryStrategy: retryDelayMs,
    sentinelCommandTimeout: commandTimeoutMs,
    failoverDetector: true,
    ...(config.sentinelUsername === undefined ? {} : { sentinelUsername: config.sentinelUsername }),
    ...(config.sentinelPassword === undefined ? {} : { sentinelPassword: config.sentinelPassword }),
    ...(config.tls === undefined
      ? {}
      : { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(config.tls) }),
  };
}

function clusterOptions(config: RedisConfig): ClusterOptions & { readonly redisOptions: Options } {
  // These belong to the Cluster object; its members' connections must not have their own opinion.
  const { retryStrategy: _retry, enableOfflineQueue: _queue, ...redisOptions } = commonOptions(config);
  return {
    redisOptions,
    enableOfflineQueue: false,
    clusterRetryStrategy: retryDelayMs,
    maxRedirections: 5,
    slotsRefreshTimeout: commandTimeoutMs,
    // Certificates carry host names, so a TLS cluster is asked by the names it announces.
    ...(config.tls === undefined ? {} : { dnsLookup: (name, done) => done(null, name) }),
  };
}

/** Opens a connection to one server, for work that a Cluster cannot do. `undefined` in Cluster mode. */
export function openSingle(config: RedisConfig, log: Log): Redis | undefined {
  switch (config.mode) {
    case 'standalone':
      return listened(
        new Redis({ ...commonOptions(config), ...hostPort(config.address), db: config.db }),
        log,
      );
    case 'sentinel':
      return listened(new Redis(sentinelOptions(config)), log);
    case 'cluster':
      return undefined;
  }
}

/** Opens a client in any mode. It connects in the background and for ever. @throws RedisAddressError */
export function openClient(config: RedisConfig, log: Log): RedisClient {
  if (config.mode === 'cluster') {
    return listened(new Cluster(hostPorts(config.addresses), clusterOptions(config)), log);
  }
  const single = openSingle(config, log);
  if (single === undefined) throw new TypeError(`no client for mode ${config.mode}`);
  return single;
}

/** Says once that the connection is gone and once that it is back, however often the attempts fail between. */
function listened<C extends RedisClient>(client: C, log: Log): C {
  let down = false;
  if (client instanceof Cluster) client.on('+node', limited);
  else limited(client);
  client.on('close', () => misplaced.delete(client));
  client.on('error', (error: Error) => {
    if (isOfSelect(error)) misplace(client, error.message);
    troubles.set(client, error);
    if (!down) log.warn('redis connection failed', { why: error.message });
    down = true;
  });
  client.on('ready', () => {
    if (down) log.info('redis connection is back');
    down = false;
    troubles.delete(client);
    revivals.delete(client);
  });
  client.on('end', () => revive(client));
  return client;
}

/** What comes within the time of a command bounds what one answer can hold. */
function limited(single: Redis): void {
  single.on('connect', () => {
    limitStream(single.stream, {
      mostBytes: mostAnswerBytes,
      withinMs: commandTimeoutMs,
      clock: systemClock,
    });
  });
}

const troubles = new WeakMap<RedisClient, Error>();

/** The last error of a connection that has not been ready since; of a Cluster, that of a member where it is known. */
export function troubleOf(client: RedisClient): Error | undefined {
  const trouble = troubles.get(client);
  if (trouble !== undefined && 'lastNodeError' in trouble && trouble.lastNodeError instanceof Error)
    return trouble.lastNodeError;
  return trouble;
}

const misplaced = new WeakMap<RedisClient, string>();

/** Why this connection is not in the database that it was opened for; `undefined` when all is well. */
export function whyMisplaced(client: RedisClient): string | undefined {
  return misplaced.get(client);
}

/** ioredis 6.0.0 goes on in database 0 when it may not choose another one, which may be that of another fleet. */
function misplace(client: RedisClient, why: string): void {
  misplaced.set(client, why);
  const again = setTimeout(() => {
    if (misplaced.has(client) && !closed.has(client)) client.disconnect(true);
  }, slowestRetryMs);
  again.unref();
}

function isOfSelect(error: Error): boolean {
  const command: unknown = 'command' in error ? error.command : undefined;
  return typeof command === 'object' && command !== null && 'name' in command && command.name === 'select';
}

const closed = new WeakSet<RedisClient>();

/** Ends a client for good. Nothing else ends one. */
export function closeClient(client: RedisClient): void {
  closed.add(client);
  client.disconnect();
}

/** How often in a row a client was begun anew, and whether the next time is planned. */
const revivals = new WeakMap<RedisClient, { attempts: number; planned: boolean }>();

/**
 * ioredis 6.0.0 gives up for ever when its fail-over detector disconnects it while it is asking a Sentinel for the
 * master's address, and when a certificate cannot be used. A client that ended without our wish is begun anew: once for
 * each end, although a failure to connect is told both as an end and as an error.
 */
function revive(client: RedisClient): void {
  const revival = revivals.get(client) ?? { attempts: 0, planned: false };
  revivals.set(client, revival);
  if (revival.planned) return;
  revival.planned = true;
  revival.attempts += 1;
  const timer = setTimeout(() => {
    revival.planned = false;
    if (closed.has(client) || client.status !== 'end') return;
    // The reason has been told by the error event.
    client.connect().catch(() => revive(client));
  }, retryDelayMs(revival.attempts));
  timer.unref();
}
