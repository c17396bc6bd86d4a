/** From the references in a spec to what they refer to: how to reach Redis and the server API. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { SpecProblem } from '../core/spec.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Secret } from '../kube/kinds.ts';
import { SECRETS } from '../kube/resource.ts';
import { loginInConfig, type MetricsLogin, type MetricsLoginSource } from '../manifests/livekit-config.ts';
import type { RedisAuth, RedisConfig, RedisTls } from '../livekit/redis-config.ts';

type Spec = OpenViduCluster['spec'];

/** Holds secrets: never log it. */
export interface Connections {
  /** As the media servers reach it. */
  readonly redis: RedisConfig;
  /** As the operator itself does: the same, perhaps with a login of its own. */
  readonly operatorRedis: RedisConfig;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Of the nodes that are made now. */
  readonly metricsLogin: MetricsLogin;
}

export type Resolved =
  | { readonly kind: 'Resolved'; readonly connections: Connections }
  | { readonly kind: 'Faulty'; readonly problems: readonly SpecProblem[] };

/** A reference that leads nowhere, with the field and the remedy. */
class ReferenceError extends Error {
  readonly problem: SpecProblem;
  constructor(field: string, message: string) {
    super(message);
    this.problem = { field, message };
  }
}

/** What connections are made from. */
export interface ConnectionsSource extends Pick<Spec, 'redis' | 'server'> {
  readonly mediaNodes: MetricsLoginSource;
}

/** @throws ApiError when the API server cannot be asked; a missing Secret is a problem, not an error. */
export async function resolveConnections(
  client: KubeClient,
  namespace: string,
  spec: ConnectionsSource,
): Promise<Resolved> {
  const secrets = new SecretReader(client, namespace);
  try {
    const { credentialsSecretRef: ref } = spec.server;
    const field = 'spec.server.credentialsSecretRef';
    const redis = await redisConfig(secrets, spec.redis);
    const connections: Connections = {
      redis,
      operatorRedis: await ownLogin(secrets, spec.redis, redis),
      apiKey: await secrets.text(field, ref.name, ref.apiKeyKey),
      apiSecret: await secrets.text(field, ref.name, ref.apiSecretKey),
      metricsLogin: await metricsLogin(secrets, spec.mediaNodes),
    };
    return { kind: 'Resolved', connections };
  } catch (error) {
    if (error instanceof ReferenceError) return { kind: 'Faulty', problems: [error.problem] };
    throw error;
  }
}

/** The login that servers of that spec were given; `undefined` where its Secret is gone. @throws ApiError */
export async function resolveMetricsLogin(
  client: KubeClient,
  namespace: string,
  source: MetricsLoginSource,
): Promise<MetricsLogin | undefined> {
  try {
    return await metricsLogin(new SecretReader(client, namespace), source);
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

async function metricsLogin(
  secrets: SecretReader,
  { config, metricsAuth }: MetricsLoginSource,
): Promise<MetricsLogin> {
  if (metricsAuth === undefined) return loginInConfig(config);
  const { username, passwordSecretRef: ref } = metricsAuth;
  const field = 'spec.mediaNodes.metricsAuth.passwordSecretRef';
  return { username, password: await secrets.text(field, ref.name, ref.key) };
}

async function redisConfig(secrets: SecretReader, redis: Spec['redis']): Promise<RedisConfig> {
  const auth = redis.auth === undefined ? {} : { auth: await redisAuth(secrets, redis.auth, 'auth') };
  const tls = redis.tls === undefined ? {} : { tls: await redisTls(secrets, redis.tls) };
  if (redis.standalone !== undefined) {
    const { address, db } = redis.standalone;
    return { mode: 'standalone', address, db, ...auth, ...tls };
  }
  if (redis.sentinel !== undefined) {
    const { masterName, addresses } = redis.sentinel;
    const sentinel = await sentinelAuth(secrets, redis.sentinel.auth);
    return { mode: 'sentinel', masterName, addresses, db: 0, ...sentinel, ...auth, ...tls };
  }
  if (redis.cluster !== undefined)
    return { mode: 'cluster', addresses: redis.cluster.addresses, ...auth, ...tls };
  throw new ReferenceError('spec.redis', 'Set exactly one of standalone, sentinel and cluster.');
}

async function ownLogin(
  secrets: SecretReader,
  { operatorAuth }: Spec['redis'],
  redis: RedisConfig,
): Promise<RedisConfig> {
  if (operatorAuth === undefined) return redis;
  return { ...redis, auth: await redisAuth(secrets, operatorAuth, 'operatorAuth') };
}

async function redisAuth(
  secrets: SecretReader,
  auth: NonNullable<Spec['redis']['auth']>,
  of: 'auth' | 'operatorAuth',
): Promise<RedisAuth> {
  const { name, key } = auth.passwordSecretRef;
  const password = await secrets.text(`spec.redis.${of}.passwordSecretRef`, name, key);
  return auth.username === undefined ? { password } : { username: auth.username, password };
}

async function sentinelAuth(
  secrets: SecretReader,
  auth: NonNullable<Spec['redis']['sentinel']>['auth'],
): Promise<{ readonly sentinelUsername?: string; readonly sentinelPassword?: string }> {
  if (auth === undefined) return {};
  const { name, key } = auth.passwordSecretRef;
  const sentinelPassword = await secrets.text('spec.redis.sentinel.auth.passwordSecretRef', name, key);
  return auth.username === undefined
    ? { sentinelPassword }
    : { sentinelUsername: auth.username, sentinelPassword };
}

async function redisTls(secrets: SecretReader, tls: NonNullable<Spec['redis']['tls']>): Promise<RedisTls> {
  const ca = tls.caSecretRef;
  const pair = tls.clientCertificateSecretRef;
  const pairField = 'spec.redis.tls.clientCertificateSecretRef';
  return {
    insecureSkipVerify: tls.insecureSkipVerify,
    ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
    ...(ca === undefined ? {} : { ca: await secrets.text('spec.redis.tls.caSecretRef', ca.name, ca.key) }),
    ...(pair === undefined
      ? {}
      : {
          cert: await secrets.text(pairField, pair.name, 'tls.crt'),
          key: await secrets.text(pairField, pair.name, 'tls.key'),
        }),
  };
}

/** Reads each Secret once. */
class SecretReader {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #read = new Map<string, Promise<Secret | undefined>>();

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  async text(field: string, name: string, key: string): Promise<string> {
    const reading = this.#read.get(name) ?? this.#client.find(SECRETS, { name, namespace: this.#namespace });
    this.#read.set(name, reading);
    const secret = await reading;
    if (secret === undefined) {
      throw new ReferenceError(
        field,
        `Secret ${name} does not exist in namespace ${this.#namespace}: create it.`,
      );
    }
    const value = secret.data?.[key];
    if (value === undefined || value === '') {
      throw new ReferenceError(field, `Secret ${name} has no value under the key ${key}: add it.`);
    }
    return Buffer.from(value, 'base64').toString('utf8').trim();
  }
}
