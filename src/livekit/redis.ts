import { createHash } from 'node:crypto';
import type { Log } from '../base/log.ts';
import {
  closeClient,
  commandTimeoutMs,
  openClient,
  type RedisClient,
  troubleOf,
  whyMisplaced,
} from './redis-client.ts';
import type { RedisConfig } from './redis-config.ts';
import { nameOf, whyOf } from './why.ts';

/** A Lua script with the digest by which Redis knows it. */
export interface RedisScript {
  readonly name: string;
  readonly lua: string;
  readonly sha1: string;
}

/** The few commands this product needs, binary safe. Every rejection is a RedisUnavailableError or RedisRefusedError. */
export interface RedisLink {
  readonly config: RedisConfig;
  hashAll(key: string): Promise<ReadonlyMap<string, Buffer>>;
  /** Answers in the order of `fields`. */
  hashMany(key: string, fields: readonly string[]): Promise<readonly (Buffer | undefined)[]>;
  hashSize(key: string): Promise<number>;
  text(key: string): Promise<string | undefined>;
  run(script: RedisScript, key: string, args: readonly (string | Buffer)[]): Promise<unknown>;
  close(): Promise<void>;
}

/** The part of a link that reads hashes. */
export type HashReader = Pick<RedisLink, 'hashAll' | 'hashMany' | 'hashSize'>;

/** Redis did not answer in time: a state of the world that passes. */
export class RedisUnavailableError extends Error {
  override readonly name: string = 'RedisUnavailableError';
}

/** Redis takes no connection with this login, which passes when somebody changes the one or the other. */
export class RedisLoginError extends RedisUnavailableError {
  override readonly name = 'RedisLoginError';
}

/** Redis answered with an error, such as a missing permission: asking again does not help. */
export class RedisRefusedError extends Error {
  override readonly name = 'RedisRefusedError';
}

/** Prepares a script. */
export function redisScript(name: string, lua: string): RedisScript {
  return { name, lua, sha1: createHash('sha1').update(lua).digest('hex') };
}

/** Connects in the background, reconnects for ever, and limits every call to 2 s. @throws RedisAddressError */
export function connectRedis(config: RedisConfig, log: Log): RedisLink {
  return new IoredisLink(config, openClient(config, log));
}

class IoredisLink implements RedisLink {
  readonly config: RedisConfig;
  readonly #client: RedisClient;
  #away = false;

  constructor(config: RedisConfig, client: RedisClient) {
    this.config = config;
    this.#client = client;
  }

  async hashAll(key: string): Promise<ReadonlyMap<string, Buffer>> {
    // The client's own reply is an object with a property for each of perhaps 20,000 fields, made before this map.
    const reply = await this.#ask('HGETALL', () => this.#client.callBuffer('HGETALL', key));
    const pairs: readonly unknown[] = Array.isArray(reply) ? reply : [];
    const fields = new Map<string, Buffer>();
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      const [field, value] = [pairs[at], pairs[at + 1]];
      if (Buffer.isBuffer(field) && Buffer.isBuffer(value)) fields.set(field.toString('utf8'), value);
    }
    return fields;
  }

  async hashMany(key: string, fields: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    if (fields.length === 0) return [];
    const values = await this.#ask('HMGET', () => this.#client.hmgetBuffer(key, ...fields));
    return values.map((value) => value ?? undefined);
  }

  async hashSize(key: string): Promise<number> {
    return await this.#ask('HLEN', () => this.#client.hlen(key));
  }

  async text(key: string): Promise<string | undefined> {
    return (await this.#ask('GET', () => this.#client.get(key))) ?? undefined;
  }

  async run(script: RedisScript, key: string, args: readonly (string | Buffer)[]): Promise<unknown> {
    return await this.#ask(script.name, async () => {
      try {
        return await this.#client.evalsha(script.sha1, 1, key, ...args);
      } catch (error) {
        if (!whyOf(error).startsWith('NOSCRIPT')) throw error;
        return await this.#client.eval(script.lua, 1, key, ...args);
      }
    });
  }

  async close(): Promise<void> {
    closeClient(this.#client);
    await Promise.resolve();
  }

  /** Waited for once: whoever asks while it is known to be away is told so at once, or a few such fleets hold up all others. */
  async #connected(limit: AbortSignal): Promise<void> {
    if (this.#away && this.#client.status !== 'ready') throw notConnected(this.#client);
    try {
      await untilReady(this.#client, limit);
      this.#away = false;
    } catch (error) {
      this.#away = true;
      throw error;
    }
  }

  /**
   * One time limit over waiting for the connection, redirections and the answer. It ends with the question: whatever waits
   * for it would keep the answer in memory as long, and there are thousands of them.
   */
  async #ask<T>(what: string, send: () => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), commandTimeoutMs);
    try {
      await this.#connected(limit.signal);
      const misplaced = whyMisplaced(this.#client);
      if (misplaced !== undefined) throw new RedisRefusedError(`Redis refused the database: ${misplaced}`);
      return await Promise.race([send(), expiry(limit.signal)]);
    } catch (error) {
      throw redisError(what, error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The client's own error is not passed on as the cause: it carries the arguments of the command. */
function redisError(what: string, error: unknown): RedisUnavailableError | RedisRefusedError {
  if (error instanceof RedisRefusedError || error instanceof RedisLoginError) return error;
  const text = whyOf(error);
  if (nameOf(error) === 'ReplyError' && !passing.test(text)) {
    return new RedisRefusedError(`Redis refused ${what}: ${text}`);
  }
  return new RedisUnavailableError(`Redis did not answer ${what}: ${text}`);
}

/** Answers that Redis gives while it starts, fails over or is busy. */
const passing = /^(?:LOADING|READONLY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|BUSY|MOVED|ASK|NOREPLICAS)\b/;

/** What Redis says of a login, old versions included; that it has too many clients is another matter. */
const ofLogin = /^(?:WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR AUTH)\b/;

/** Why there is no connection, as far as the last attempts told. */
function notConnected(client: RedisClient): Error {
  const trouble = troubleOf(client);
  if (trouble === undefined) return new Error('not connected');
  const text = whyOf(trouble);
  const isRefused = nameOf(trouble) === 'ReplyError' && ofLogin.test(text);
  return isRefused
    ? new RedisLoginError(`Redis refused the login: ${text}`)
    : new Error(`not connected: ${text}`);
}

const lateText = `no answer within ${commandTimeoutMs} ms`;

async function expiry(limit: AbortSignal): Promise<never> {
  return await new Promise((_, reject) => {
    const late = (): void => reject(new Error(lateText));
    if (limit.aborted) late();
    else limit.addEventListener('abort', late, { once: true });
  });
}

async function untilReady(client: RedisClient, limit: AbortSignal): Promise<void> {
  if (client.status === 'ready') return;
  if (client.status === 'end') throw new Error('the connection was closed');
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      client.off('ready', settle);
      client.off('end', settle);
      limit.removeEventListener('abort', settle);
      if (client.status === 'ready') resolve();
      else if (client.status === 'end') reject(new Error('the connection was closed'));
      else reject(notConnected(client));
    };
    client.on('ready', settle);
    client.on('end', settle);
    limit.addEventListener('abort', settle, { once: true });
  });
}
