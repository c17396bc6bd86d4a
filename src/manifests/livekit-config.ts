/** `livekit.yaml` of the Media Nodes: what the operator needs, with the user's values merged over the rest. */
import { stringify } from 'yaml';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { NodeSelector } from '../core/selector-advice.ts';
import type { SpecProblem } from '../core/spec.ts';
import { never } from '../base/assert.ts';
import { isJsonObject, type JsonObject } from '../base/json-object.ts';
import { deepMerge, valueAt } from './deep-merge.ts';
import { redisTlsFiles } from './redis-tls.ts';

/** Redis as the servers reach it, secrets resolved. Certificates only say that a file is mounted. */
export type LivekitRedis = (
  | { readonly mode: 'standalone'; readonly address: string; readonly db: number }
  | {
      readonly mode: 'sentinel';
      readonly masterName: string;
      readonly addresses: readonly string[];
      readonly db?: number;
      readonly sentinelUsername?: string;
      readonly sentinelPassword?: string;
    }
  | { readonly mode: 'cluster'; readonly addresses: readonly string[] }
) & {
  readonly auth?: { readonly username?: string; readonly password?: string };
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly serverName?: string;
    readonly insecureSkipVerify?: boolean;
  };
};

export interface LivekitConfigInput {
  readonly redis: LivekitRedis;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly signalPort: number;
  readonly metricsPort: number;
  /** The login that /metrics asks for. */
  readonly metricsLogin: MetricsLogin;
  /** `spec.mediaNodes.config`. */
  readonly userConfig: JsonObject | undefined;
}

export const defaultRtcTcpPort = 7881;
export const defaultRtcUdpPort = 7882;

/** Paths that stay the operator's, each with what to write instead. */
const reserved: readonly { readonly path: readonly string[]; readonly instead: string }[] = [
  { path: ['redis'], instead: 'the operator writes it from spec.redis' },
  { path: ['keys'], instead: 'the operator writes it from spec.server.credentialsSecretRef' },
  { path: ['port'], instead: 'set spec.mediaNodes.signalPort' },
  { path: ['prometheus', 'port'], instead: 'set spec.mediaNodes.metricsPort' },
  { path: ['prometheus_port'], instead: 'set spec.mediaNodes.metricsPort' },
];

/** And those where the spec names the login. */
const reservedByLogin: typeof reserved = ['username', 'password'].map((key) => ({
  path: ['prometheus', key],
  instead: 'the operator writes it from spec.mediaNodes.metricsAuth',
}));

/** The YAML text. It holds secrets: it belongs into a Secret and nowhere else. */
export function livekitConfig(input: LivekitConfigInput): string {
  const user = input.userConfig ?? {};
  const owned = ownedConfig(input);
  const merged = deepMerge(deepMerge(defaults(user), withoutReserved(user)), owned);
  // Quotes keep a password such as 0123 or yes a text for every reader of YAML; no folding keeps values on one line.
  return stringify(merged, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', lineWidth: 0 });
}

/** Keys of the user's config that stay the operator's; the operator's value holds for them. */
export function configProblems({ config, metricsAuth }: MetricsLoginSource): readonly SpecProblem[] {
  return [...reserved, ...(metricsAuth === undefined ? [] : reservedByLogin)]
    .filter(({ path }) => valueAt(config, ...path) !== undefined)
    .map(({ path, instead }) => ({
      field: `spec.mediaNodes.config.${path.join('.')}`,
      message: `${path.join('.')} cannot be set here: remove it; ${instead}.`,
    }));
}

/** Whether the user's config spreads media over a range of UDP ports instead of one. */
export function usesPortRange(userConfig: JsonObject | undefined): boolean {
  const bounds = [
    valueAt(userConfig, 'rtc', 'port_range_start'),
    valueAt(userConfig, 'rtc', 'port_range_end'),
  ];
  return bounds.some((bound) => bound !== undefined && bound !== null && bound !== 0);
}

/** How the servers pick the node for a new room, with the defaults for what the user's config leaves open. */
export function nodeSelector(userConfig: JsonObject | undefined): NodeSelector {
  const selector = valueAt(deepMerge(defaults({}), userConfig ?? {}), 'node_selector');
  // Without a map there the servers take defaults of their own.
  const { kind, sort_by, algorithm, sysload_limit } = isJsonObject(selector) ? selector : serverSelector;
  return { kind, sortBy: sort_by, algorithm, sysloadLimit: sysload_limit };
}

const serverSelector: JsonObject = { kind: 'any', sort_by: 'random', algorithm: 'lowest' };

/** What the metrics port asks for; nothing unless a login is set. Never log it. */
export interface MetricsLogin {
  readonly username?: string;
  readonly password?: string;
}

/** The parts of a spec that may put a login before the metrics port. */
export type MetricsLoginSource = Pick<OpenViduCluster['spec']['mediaNodes'], 'config' | 'metricsAuth'>;

/** The login that the user's config puts before the metrics port. */
export function loginInConfig(userConfig: JsonObject | undefined): MetricsLogin {
  const username = valueAt(userConfig, 'prometheus', 'username');
  const password = valueAt(userConfig, 'prometheus', 'password');
  if (typeof username !== 'string' || username === '') return {};
  return typeof password === 'string' ? { username, password } : { username };
}

function defaults(user: JsonObject): JsonObject {
  // The server takes either one UDP port or a range, and refuses to start with both.
  const udp = usesPortRange(user) ? {} : { udp_port: defaultRtcUdpPort };
  return {
    rtc: { tcp_port: defaultRtcTcpPort, ...udp, use_external_ip: false },
    // Rooms that arrive in one heartbeat all see the same figures; choosing between two spreads them.
    node_selector: { kind: 'any', sort_by: 'clients', algorithm: 'twochoice' },
  };
}

function ownedConfig(input: LivekitConfigInput): JsonObject {
  return {
    port: input.signalPort,
    prometheus: { port: input.metricsPort, ...input.metricsLogin },
    redis: redisConfig(input.redis),
    keys: { [input.apiKey]: input.apiSecret },
  };
}

/** Merging is not enough: a second key in `keys` or a stray field of `redis` would survive it. */
function withoutReserved(user: JsonObject): JsonObject {
  return reserved.reduce((config, { path }) => without(config, path), user);
}

function without(config: JsonObject, [key, ...rest]: readonly string[]): JsonObject {
  if (key === undefined || !Object.hasOwn(config, key)) return config;
  const inner = config[key];
  const replaced = rest.length > 0 && isJsonObject(inner) ? [[key, without(inner, rest)] as const] : [];
  return Object.fromEntries([...Object.entries(config).filter(([name]) => name !== key), ...replaced]);
}

function redisConfig(redis: LivekitRedis): JsonObject {
  return {
    ...redisAddress(redis),
    ...given({ username: redis.auth?.username, password: redis.auth?.password }),
    ...(redis.tls === undefined ? {} : { tls: redisTls(redis.tls) }),
  };
}

function redisAddress(redis: LivekitRedis): JsonObject {
  switch (redis.mode) {
    case 'standalone':
      return { address: redis.address, db: redis.db };
    case 'sentinel':
      return {
        sentinel_master_name: redis.masterName,
        sentinel_addresses: redis.addresses,
        ...given({
          db: redis.db,
          sentinel_username: redis.sentinelUsername,
          sentinel_password: redis.sentinelPassword,
        }),
      };
    case 'cluster':
      return { cluster_addresses: redis.addresses };
    default:
      return never(redis);
  }
}

function redisTls(tls: NonNullable<LivekitRedis['tls']>): JsonObject {
  return {
    enabled: true,
    ...given({
      insecure: tls.insecureSkipVerify === true ? true : undefined,
      server_name: tls.serverName,
      ca_cert_file: tls.ca === undefined ? undefined : redisTlsFiles.ca,
      client_cert_file: tls.cert === undefined ? undefined : redisTlsFiles.certificate,
      client_key_file: tls.cert === undefined ? undefined : redisTlsFiles.key,
    }),
  };
}

function given(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
