import type { Redis } from 'ioredis';
import type { Log } from '../base/log.ts';
import { nodesKey } from './node-table.ts';
import { roomNodesKey } from './room-table.ts';
import type { RedisLink } from './redis.ts';
import { closeClient, openSingle } from './redis-client.ts';
import { Coalescer } from './coalesce.ts';
import type { Cancel, Timers } from './timers.ts';
import { whyOf } from './why.ts';

export type ChangeOf = 'nodes' | 'rooms';

export interface Watch {
  /** `Polling` until tracking works, and for as long as Redis refuses it. */
  how(): 'Tracking' | 'Polling';
  stop(): Promise<void>;
}

export interface WatchParts {
  readonly link: RedisLink;
  readonly log: Log;
  readonly timers: Timers;
  /** Something under that key may have changed. False alarms happen, silence does not. */
  readonly onChange: (of: ChangeOf) => void;
  readonly debounceMs?: number;
  readonly pollMs?: number;
}

const notices = '__redis__:invalidate';
/** A peer that vanished without a word is noticed by a question, asked only when nothing was heard for a while. */
const quietMs = 5000;

/**
 * Tells of changes in the registry: by Redis's own notices, which arrive in well under a millisecond, else by looking
 * every `pollMs`. Cluster mode and proxies that refuse tracking are looked at.
 */
export function startWatch(parts: WatchParts): Watch {
  return new RegistryWatch(parts);
}

class RegistryWatch implements Watch {
  readonly #parts: WatchParts;
  readonly #connection: Redis | undefined;
  readonly #nodes: Coalescer;
  readonly #rooms: Coalescer;
  readonly #poll: Poll;
  readonly #stopQuiet: Cancel;
  #how: 'Tracking' | 'Polling' = 'Polling';
  #heard = true;
  #toldRefusal = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    const debounceMs = parts.debounceMs ?? 3;
    this.#nodes = new Coalescer(parts.timers, debounceMs, () => parts.onChange('nodes'));
    this.#rooms = new Coalescer(parts.timers, debounceMs, () => parts.onChange('rooms'));
    this.#poll = new Poll(parts, (of) => this.#changed(of));
    this.#poll.start();
    this.#stopQuiet = parts.timers.every(quietMs, () => this.#askIfQuiet());
    this.#connection = openSingle(parts.link.config, parts.log);
    this.#connection?.on('ready', () => void this.#arm());
    this.#connection?.on('close', () => this.#fallBack());
    this.#connection?.on('message', (_channel: string, keys: string) => this.#onNotice(keys));
  }

  how(): 'Tracking' | 'Polling' {
    return this.#how;
  }

  async stop(): Promise<void> {
    this.#stopQuiet();
    this.#poll.stop();
    this.#nodes.stop();
    this.#rooms.stop();
    this.#connection?.removeAllListeners('ready').removeAllListeners('close');
    if (this.#connection !== undefined) closeClient(this.#connection);
    await Promise.resolve();
  }

  /**
   * The connection redirects the notices to itself and then subscribes to them. So both ends live and die together,
   * and there is no broken redirection to find out about.
   */
  async #arm(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    try {
      const id = await connection.client('ID');
      const prefixes = [nodesKey, roomNodesKey].flatMap((key) => ['PREFIX', key]);
      await connection.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST', ...prefixes);
      await connection.subscribe(notices);
    } catch (error) {
      this.#onRefusal(error);
      return;
    }
    this.#how = 'Tracking';
    this.#heard = true;
    this.#poll.stop();
    // What changed before the subscription was told to nobody.
    this.#changed('nodes');
    this.#changed('rooms');
  }

  #onRefusal(error: unknown): void {
    const why = whyOf(error);
    if (!this.#toldRefusal) this.#parts.log.warn('redis change notices not available, polling', { why });
    this.#toldRefusal = true;
  }

  #fallBack(): void {
    this.#how = 'Polling';
    this.#poll.start();
    // That nothing can be read is news as well.
    this.#changed('nodes');
  }

  /** A flush is told without keys. */
  #onNotice(keys: string): void {
    this.#heard = true;
    const named = keys === '' ? [nodesKey, roomNodesKey] : keys.split(',');
    if (named.includes(nodesKey)) this.#changed('nodes');
    if (named.includes(roomNodesKey)) this.#changed('rooms');
  }

  #changed(of: ChangeOf): void {
    if (of === 'nodes') this.#nodes.call();
    else this.#rooms.call();
  }

  #askIfQuiet(): void {
    if (this.#how === 'Tracking' && !this.#heard) {
      // The client closes the connection when the answer does not come; the reconnection arms it again.
      this.#connection?.ping().catch((error: unknown) => this.#onSilence(error));
    }
    this.#heard = false;
  }

  #onSilence(error: unknown): void {
    const why = whyOf(error);
    this.#parts.log.warn('redis change notices fell silent, reconnecting', { why });
    if (this.#how === 'Tracking') this.#connection?.disconnect(true);
  }
}

/** Looks at the registry at intervals, and tells only when it differs from the last look. */
class Poll {
  readonly #parts: WatchParts;
  readonly #tell: (of: ChangeOf) => void;
  #cancel: Cancel | undefined;
  #looking = false;
  #nodes = '';
  #roomCount = -1;

  constructor(parts: WatchParts, tell: (of: ChangeOf) => void) {
    this.#parts = parts;
    this.#tell = tell;
  }

  start(): void {
    this.#cancel ??= this.#parts.timers.every(this.#parts.pollMs ?? 250, () => void this.#look());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const { link } = this.#parts;
      const [values, roomCount] = await Promise.all([link.hashAll(nodesKey), link.hashSize(roomNodesKey)]);
      const nodes = [...values].map(([id, value]) => `${id}=${value.toString('base64')}`).join();
      if (nodes !== this.#nodes) this.#tell('nodes');
      if (roomCount !== this.#roomCount) this.#tell('rooms');
      this.#nodes = nodes;
      this.#roomCount = roomCount;
    } catch (error) {
      // The link says when Redis is gone; a look that failed is simply tried again.
      this.#parts.log.debug('redis look failed', { why: whyOf(error) });
    } finally {
      this.#looking = false;
    }
  }
}
