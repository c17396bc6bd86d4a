/** Opens rooms and ends them, so that about so many are there. */
import { type Random, stream, uniform, wholeBetween } from '../../src/workload/random.ts';
import type { HollowWorld } from './world.ts';

export interface TrafficWish {
  readonly cluster: string;
  readonly rooms: number;
  /** From and to, both included. */
  readonly participants: readonly [number, number];
  readonly lifeMs: readonly [number, number];
  readonly seed: number;
  /** In each tenth of a second; 20 unless told. So a fleet fills within a while, without a storm of joins. */
  readonly mostOpened?: number;
}

const lookEveryMs = 100;
const defaultMostOpened = 20;

export class HollowTraffic {
  readonly #world: HollowWorld;
  readonly #wish: TrafficWish;
  readonly #random: Random;
  readonly #timer: NodeJS.Timeout;
  /** When each room is to end. */
  readonly #ends = new Map<string, number>();
  #wanted: number;
  #opening = 0;

  static start(world: HollowWorld, wish: TrafficWish): HollowTraffic {
    return new HollowTraffic(world, wish);
  }

  private constructor(world: HollowWorld, wish: TrafficWish) {
    this.#world = world;
    this.#wish = wish;
    this.#wanted = wish.rooms;
    this.#random = stream(wish.seed, `traffic ${wish.cluster}`);
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  /** Rooms that are there, as far as nobody cut them. */
  get rooms(): number {
    return this.#ends.size;
  }

  setRooms(wanted: number): void {
    this.#wanted = wanted;
  }

  /** Nothing is opened or ended from now on; what is there stays. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = Date.now();
    for (const [room, endMs] of this.#ends) {
      const isCut = !this.#world.hasRoom(room);
      if (!isCut && endMs > nowMs) continue;
      this.#ends.delete(room);
      if (!isCut) void this.#world.endRoom(room);
    }
    const missing = this.#wanted - this.#ends.size - this.#opening;
    const most = this.#wish.mostOpened ?? defaultMostOpened;
    for (let count = 0; count < Math.min(missing, most); count += 1) void this.#open();
  }

  async #open(): Promise<void> {
    const { cluster, participants, lifeMs } = this.#wish;
    this.#opening += 1;
    const endMs = Date.now() + uniform(this.#random, ...lifeMs);
    const people = wholeBetween(this.#random, ...participants);
    const room = await this.#world.openRoom(cluster, { participants: people });
    this.#opening -= 1;
    if (room !== undefined) this.#ends.set(room.name, endMs);
  }
}
