/** Plays the rooms of a trace into a world: they begin, fill and end by the trace, whatever the policy does. */
import { type Random, stream } from '../workload/random.ts';
import { roomLife, type RoomStep } from '../workload/room-life.ts';
import type { Trace, TraceRoom } from '../workload/trace.ts';
import type { World } from './world.ts';
import type { SimRoom } from './world-node.ts';

/** People who are thrown out are back after this, in a room that is placed anew. */
const backAfterMs = 2000;

interface Life {
  readonly base: string;
  /** What people call it. */
  readonly title: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly steps: readonly RoomStep[];
  /** The room as the world calls it: another one after each cut. */
  name: string;
  participants: number;
  cuts: number;
}

export class TraceFeed {
  readonly #world: World;
  readonly #rooms: readonly TraceRoom[];
  readonly #random: Random;
  /** Rooms that the trace holds to be under way. */
  readonly #lives = new Map<string, Life>();
  readonly #titles = new Set<string>();
  #next = 0;
  #underWay = 0;

  /** How rooms fill depends on the seed and the trace alone, so that all policies meet the same people. */
  constructor(world: World, trace: Trace, seed: number) {
    this.#world = world;
    this.#rooms = trace.rooms;
    this.#random = stream(seed, 'rooms');
    world.onCut = (room) => this.#onCut(room);
    this.#enterNext();
  }

  /** Whether the last room is over. */
  get done(): boolean {
    return this.#next >= this.#rooms.length && this.#underWay === 0;
  }

  #enterNext(): void {
    const room = this.#rooms[this.#next];
    if (room === undefined) return;
    this.#world.calendar.enter(Math.round(room.startS * 1000), () => {
      const index = this.#next;
      this.#next += 1;
      // The next one first: rooms that begin together begin before anything else happens at that instant.
      this.#enterNext();
      this.#begin(room, `r${index + 1}`);
    });
  }

  #begin(room: TraceRoom, name: string): void {
    const startMs = this.#world.nowMs;
    const endMs = startMs + Math.round(room.durationS * 1000);
    const steps = roomLife(room, this.#random);
    const life: Life = {
      base: name,
      title: this.#titleOf(room, name),
      startMs,
      endMs,
      steps,
      name,
      participants: steps[0]?.n ?? 1,
      cuts: 0,
    };
    this.#underWay += 1;
    this.#lives.set(name, life);
    this.#titles.add(life.title);
    this.#world.startRoom(name, life.participants, life.title);
    this.#enterStep(life, 1);
    this.#world.calendar.enter(endMs, () => this.#end(life));
  }

  /** A meeting that is called like one that is still going on is called by its number. */
  #titleOf(room: TraceRoom, name: string): string {
    return room.name === undefined || this.#titles.has(room.name) ? name : room.name;
  }

  #enterStep(life: Life, at: number): void {
    const step = life.steps[at];
    if (step === undefined) return;
    const atMs = life.startMs + Math.round(step.atS * 1000);
    if (atMs >= life.endMs) return;
    this.#world.calendar.enter(atMs, () => {
      life.participants = step.n;
      this.#world.changeRoom(life.name, step.n);
      this.#enterStep(life, at + 1);
    });
  }

  #end(life: Life): void {
    this.#underWay -= 1;
    this.#lives.delete(life.name);
    this.#titles.delete(life.title);
    this.#world.endRoom(life.name);
  }

  #onCut(room: SimRoom): void {
    const life = this.#lives.get(room.name);
    const backMs = this.#world.nowMs + backAfterMs;
    if (life === undefined || backMs >= life.endMs) return;
    this.#lives.delete(life.name);
    life.cuts += 1;
    life.name = `${life.base}~${life.cuts}`;
    this.#lives.set(life.name, life);
    this.#world.calendar.enter(backMs, () => this.#world.startRoom(life.name, life.participants, life.title));
  }
}
