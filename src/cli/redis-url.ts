/** An address of Redis as people type it. */
import type { RedisAuth, RedisConfig } from '../livekit/redis-config.ts';
import { UsageError } from './cli-error.ts';

const example = 'give one such as redis://localhost:6379/0';
const defaultPort = '6379';

/**
 * `redis://[user@]host[:port][/db]`, `rediss://` for TLS. The password comes from OVM_REDIS_PASSWORD: what is typed can
 * be read by everybody on the machine.
 * @throws UsageError, which never repeats a password
 */
export function redisConfigOf(url: string, env: Readonly<Record<string, string | undefined>>): RedisConfig {
  const { protocol, hostname, port, pathname, username } = parsedUrl(url);
  const db = pathname === '' || pathname === '/' ? '0' : pathname.slice(1);
  if (!/^\d{1,4}$/.test(db)) {
    throw new UsageError(`--redis-url has no number of a database at its end: ${example}.`);
  }
  const auth = authOf(decodeURIComponent(username), env['OVM_REDIS_PASSWORD'] ?? '');
  return {
    mode: 'standalone',
    address: `${hostname}:${port === '' ? defaultPort : port}`,
    db: Number(db),
    ...(auth === undefined ? {} : { auth }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function parsedUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '') {
    throw new UsageError(`--redis-url is no address of Redis: ${example}.`);
  }
  if (parsed.password === '') return parsed;
  throw new UsageError(
    '--redis-url has a password in it, which others on this machine can read: put it into OVM_REDIS_PASSWORD instead.',
  );
}

function authOf(username: string, password: string): RedisAuth | undefined {
  if (username === '' && password === '') return undefined;
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}
