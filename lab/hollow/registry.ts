/** What the media servers of one fleet write into their Redis, and how they choose a node for a new room. */
import { Redis } from 'ioredis';
import { hostPort } from '../../src/livekit/redis-config.ts';
import { pick, type Random } from '../../src/workload/random.ts';
import { encodeRoom, type EntryForPlacement, readForPlacement } from '../livekit-encode.ts';

const nodesKey = 'nodes';
const versionKey = 'livekit_version';
const roomNodesKey = 'room_node_map';
const roomsKey = 'rooms';
const participantsPrefix = 'room_participants:';
/** Servers choose no node with an older heartbeat, and a server that starts removes such entries. */
const availableSeconds = 5;
const serving = 1;
/** So many are looked at before all are: of 1,000 entries a real server reads all, which says the same. */
const sampled = 16;
const closeAgainMs = 500;
/** The version whose behaviour is played. */
const serverVersion = '1.13.5';

export interface RoomRecord {
  readonly name: string;
  readonly nodeId: string;
  readonly participants: number;
  readonly createdAtMs: number;
}

export class HollowRegistry {
  readonly #redis: Redis;
  readonly #random: Random;
  /** Sent so far, by name. */
  readonly commands = new Map<string, number>();
  /** Entries by what was last written of them. Redis may say otherwise. */
  readonly #written = new Map<string, number>();
  #closed = false;

  constructor(address: string, random: Random) {
    this.#random = random;
    this.#redis = new Redis({
      ...hostPort(address),
      protocol: 2,
      replyMapping: 'legacy',
      connectionName: 'hollow',
      disableClientInfo: true,
      commandTimeout: 2000,
      socketTimeout: 10_000,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 200,
    });
    // Each write that fails says so itself.
    this.#redis.on('error', () => undefined);
  }

  /** @throws Error when Redis is not there */
  async connected(): Promise<void> {
    if (this.#redis.status !== 'ready') {
      await new Promise<void>((resolve) => this.#redis.once('ready', () => resolve()));
    }
    await this.#redis.set(versionKey, serverVersion);
  }

  /** A server that starts says its version, takes entries away that look dead to its clock, and writes its own. */
  async register(nodeId: string, value: Buffer, nowSeconds: number): Promise<void> {
    await this.#send('set').set(versionKey, serverVersion);
    const dead = [...this.#written].filter(([, atSeconds]) => nowSeconds - atSeconds >= availableSeconds);
    const ids = dead.map(([id]) => id).filter((id) => id !== nodeId);
    if (ids.length > 0) await this.#send('hdel').hdel(nodesKey, ...ids);
    for (const id of ids) this.#written.delete(id);
    await this.heartbeat(nodeId, value, nowSeconds);
  }

  async heartbeat(nodeId: string, value: Buffer, atSeconds: number): Promise<void> {
    await this.#send('hset').hset(nodesKey, nodeId, value);
    this.#written.set(nodeId, atSeconds);
  }

  async unregister(nodeId: string): Promise<void> {
    this.#written.delete(nodeId);
    await this.#send('hdel').hdel(nodesKey, nodeId);
  }

  /** @throws Error when Redis does not take it */
  async openRoom(room: RoomRecord): Promise<void> {
    await Promise.all([
      this.#send('hset').hset(roomsKey, room.name, recordOf({ ...room, participants: 0 })),
      this.#send('hset').hset(roomNodesKey, room.name, room.nodeId),
      this.setPeople(room.name, 0, room.participants),
    ]);
  }

  /** People have a key of their own, written as they come. */
  async setPeople(room: string, before: number, after: number): Promise<void> {
    const names = Array.from(
      { length: Math.abs(after - before) },
      (_, at) => `p${Math.min(before, after) + at}`,
    );
    if (names.length === 0) return;
    const key = `${participantsPrefix}${room}`;
    if (after < before) await this.#send('hdel').hdel(key, ...names);
    else await this.#send('hset').hset(key, Object.fromEntries(names.map((name) => [name, 'here'])));
  }

  /** The number of people in the room's own record, which real servers settle every few seconds. */
  async settle(room: RoomRecord): Promise<void> {
    await this.#send('hset').hset(roomsKey, room.name, recordOf(room));
  }

  /** Tried again until Redis takes it: real servers do not, and leave a room that holds its node. @throws Error the first time */
  async closeRoom(room: string): Promise<void> {
    try {
      await Promise.all([
        this.#send('hdel').hdel(roomNodesKey, room),
        this.#send('hdel').hdel(roomsKey, room),
        this.#send('del').del(`${participantsPrefix}${room}`),
      ]);
    } catch (error) {
      const again = (): void => void (this.#closed || this.closeRoom(room).catch(() => undefined));
      setTimeout(again, closeAgainMs).unref();
      throw error;
    }
  }

  /** The node for a new room; `undefined` when none may take it. @throws Error when Redis is not there */
  async place(nowSeconds: number): Promise<string | undefined> {
    const ids = [...this.#written.keys()];
    if (ids.length > sampled) {
      const some = new Set(Array.from({ length: sampled }, () => pick(this.#random, ids)));
      const values = await this.#send('hmget').hmgetBuffer(nodesKey, ...some);
      const found = available([...some], values, nowSeconds);
      if (found.length >= 2) return this.#choose(found);
    }
    const all = await this.#send('hgetall').hgetallBuffer(nodesKey);
    return this.#choose(available(Object.keys(all), Object.values(all), nowSeconds));
  }

  /** Everything is gone, as after a restart without a disk. */
  async forget(): Promise<void> {
    await this.#redis.flushdb();
  }

  close(): void {
    this.#closed = true;
    this.#redis.disconnect();
  }

  #send(command: string): Redis {
    this.commands.set(command, (this.commands.get(command) ?? 0) + 1);
    return this.#redis;
  }

  /** The emptier of two that are drawn. */
  #choose(found: readonly Candidate[]): string | undefined {
    if (found.length < 2) return found[0]?.nodeId;
    const [one, other] = [pick(this.#random, found), pick(this.#random, found)];
    return other.entry.participants < one.entry.participants ? other.nodeId : one.nodeId;
  }
}

interface Candidate {
  readonly nodeId: string;
  readonly entry: EntryForPlacement;
}

function available(
  ids: readonly string[],
  values: readonly (Buffer | null)[],
  nowSeconds: number,
): readonly Candidate[] {
  const found = ids.flatMap((nodeId, at) => {
    const value = values[at];
    return value === undefined || value === null ? [] : [{ nodeId, entry: readForPlacement(value) }];
  });
  const isAvailable = ({ entry }: Candidate): boolean =>
    entry.state === serving && nowSeconds - entry.updatedAtSeconds < availableSeconds;
  return found.filter(isAvailable);
}

function recordOf({ name, participants, createdAtMs }: RoomRecord): Buffer {
  return encodeRoom({ name, participants, createdAtSeconds: Math.floor(createdAtMs / 1000) });
}
