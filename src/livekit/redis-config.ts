/** Where Redis is and how to log in, with secrets already read. Addresses are `host:port`, or `[v6]:port`. */
export type RedisConfig = RedisMode & { readonly auth?: RedisAuth; readonly tls?: RedisTls };

export type RedisMode =
  | { readonly mode: 'standalone'; readonly address: string; readonly db: number }
  | {
      readonly mode: 'sentinel';
      readonly masterName: string;
      readonly addresses: readonly string[];
      readonly db: number;
      readonly sentinelUsername?: string;
      readonly sentinelPassword?: string;
    }
  | { readonly mode: 'cluster'; readonly addresses: readonly string[] };

export interface RedisAuth {
  readonly username?: string;
  readonly password?: string;
}

/** PEM texts, not paths. Without `ca` the system's authorities are trusted. */
export interface RedisTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly insecureSkipVerify?: boolean;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** An address that is not `host:port`: a mistake in the spec, so retrying does not help. */
export class RedisAddressError extends Error {
  override readonly name = 'RedisAddressError';
}

const addressShape = /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:[\]/@]+)):(\d{1,5})$/;

/** Splits an address. @throws RedisAddressError when it is not `host:port`. */
export function hostPort(address: string): HostPort {
  const [, v6, name, digits] = addressShape.exec(address) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  if (host === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RedisAddressError('a Redis address must look like host:port');
  }
  return { host, port };
}

/** Splits a list of addresses. @throws RedisAddressError when one is wrong or the list is empty. */
export function hostPorts(addresses: readonly string[]): HostPort[] {
  if (addresses.length === 0) throw new RedisAddressError('at least one Redis address is needed');
  return addresses.map(hostPort);
}
