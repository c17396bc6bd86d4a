/** A day of a fleet in three minutes, with real participants. Each act ends with claims that either held or did not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd, type CrowdRoom } from './crowd.ts';
import { LabError } from './exec.ts';
import type { Fleet, PodLife } from './fleet.ts';
import type { FleetSpec } from './fleet-spec.ts';
import type { Screen } from './screen.ts';

export interface Claim {
  readonly claim: string;
  readonly held: boolean;
}

const rooms = 12;
const roomEveryMs = 2200;
const endEveryMs = 1500;
const triedRooms = 300;
const triedForMs = 6000;
/**
 * A heartbeat opens a closed node for the instant until the operator closes it again. So the cordon steers rooms and
 * proves nothing; one room in a hundred may slip through without harm, because a node leaves only when it is empty.
 */
const mostStrays = 0.01;

export class Story {
  readonly claims: Claim[] = [];
  readonly crowd: Crowd;
  readonly #fleet: Fleet;
  readonly #screen: Screen;
  readonly #spec: FleetSpec;
  #triedOnClosed = 0;

  constructor(parts: { readonly fleet: Fleet; readonly screen: Screen; readonly spec: FleetSpec }) {
    this.#fleet = parts.fleet;
    this.#screen = parts.screen;
    this.#spec = parts.spec;
    this.crowd = new Crowd(parts.fleet);
  }

  /** Empty rooms that were made while a node was closed. */
  get triedOnClosed(): number {
    return this.#triedOnClosed;
  }

  /** @throws LabError when something that was waited for does not come. */
  async run(): Promise<void> {
    await this.#rise();
    const pair = await this.#fall();
    await this.#cordon(pair);
    const { held, base } = await this.#needless(pair);
    await this.#stayAway(held);
    await this.#end(held, base);
  }

  /** Rooms of two arrive, one every two seconds. */
  async #rise(): Promise<void> {
    this.#tell(`Load rises: a room of two every ${roomEveryMs / 1000} s, ${rooms} rooms.`);
    for (let at = 1; at <= rooms; at++) {
      const nextMs = performance.now() + roomEveryMs;
      const room = await this.crowd.open(`room-${at}`, 2);
      this.#screen.say('step', `${room.name} opens on ${room.host}, ${this.crowd.present()} participants`);
      await sleep(Math.max(0, nextMs - performance.now()));
    }
    const { max } = this.#spec;
    await this.#fleet.until(
      { what: `${max} ready Media Nodes`, timeoutMs: 30_000 },
      () => this.#fleet.status?.readyNodes === max,
    );
    this.#screen.snapshot('at the peak');
    const { host, participants } = this.crowd.fullest;
    this.#claim(
      `Media Nodes were added before they were needed: the fullest, ${host}, had ${participants} of ${this.#spec.capacity} participants`,
      participants <= this.#spec.capacity,
    );
  }

  /** All rooms but two end, one after the other. */
  async #fall(): Promise<readonly CrowdRoom[]> {
    const pair = this.#pair();
    const ending = this.crowd.openRooms().filter((room) => !pair.includes(room));
    this.#tell(
      `Load falls: ${ending.length} rooms end, one every ${endEveryMs / 1000} s; ${pair.map(({ name }) => name).join(' and ')} go on.`,
    );
    for (const { name } of ending) {
      await this.crowd.end(name);
      await sleep(endEveryMs);
    }
    return pair;
  }

  /** Only the two nodes with a room are wanted any more, and one is enough for new rooms: the other is on standby. */
  async #needless(
    pair: readonly CrowdRoom[],
  ): Promise<{ readonly held: CrowdRoom; readonly base: CrowdRoom }> {
    this.#tell(
      'The rush is forgotten after a minute; then only Media Nodes with rooms are kept, and one serves.',
    );
    const standby = () =>
      (this.#fleet.status?.desiredNodes ?? Infinity) <= pair.length
        ? pair.find(({ host }) => this.#state(host) === 'Standby')
        : undefined;
    await this.#fleet.until(
      { what: 'standby of a node with a room', timeoutMs: 120_000 },
      () => standby() !== undefined,
    );
    const held = standby();
    const base = pair.find((room) => room !== held);
    if (held === undefined || base === undefined) throw new LabError('The standby was over too soon.');
    this.#tell(`${held.host} is on standby with ${held.name} on it; ${base.host} serves.`);
    return { held, base };
  }

  /** Two rooms on different nodes; the one whose people signal through their own node is the simpler guest. */
  #pair(): readonly CrowdRoom[] {
    const open = this.crowd.openRooms();
    const [first] = open;
    if (first === undefined) throw new LabError('No room could be opened.');
    const foreign = (room: CrowdRoom) =>
      new Set(room.fronts.filter((front) => front !== this.#ip(room.host))).size;
    const other = open
      .filter((room) => room.host !== first.host && room.host !== undefined)
      .toSorted((a, b) => foreign(a) - foreign(b))[0];
    if (other === undefined) throw new LabError('All rooms are on one Media Node.');
    return [first, other];
  }

  /** New rooms stay away from the node on standby; people still find the room that is there. */
  async #stayAway(held: CrowdRoom): Promise<void> {
    const [first = ''] = held.members;
    await this.crowd.leave(held.name, first);
    this.#tell(`${triedRooms} new rooms are made while ${held.host} is on standby.`);
    const strays = await this.#tryRooms('try', held.host ?? '');
    this.#claim(
      `${strays} of ${triedRooms} new rooms landed on ${held.host}`,
      strays <= triedRooms * mostStrays,
    );
    const before = await this.#fleet.hostOf(held.name);
    const { identity, joinMs } = await this.crowd.enter(held.name);
    await this.#fleet.until({ what: 'sound in the held room', timeoutMs: 10_000 }, () =>
      this.crowd.hears(identity),
    );
    const after = await this.#fleet.hostOf(held.name);
    this.#claim(
      `a newcomer joined ${held.name} on the closed ${held.host} in ${Math.round(joinMs)} ms and hears the other`,
      before === held.host && after === held.host && this.#state(held.host) === 'Standby',
    );
    this.#screen.snapshot(`${held.host} on standby with a room`);
  }

  /** A person takes the serving node out for a while. */
  async #cordon(pair: readonly CrowdRoom[]): Promise<void> {
    const serving = () => this.#fleet.nodes().filter(({ state }) => state === 'Serving');
    await this.#fleet.until({ what: 'a serving node', timeoutMs: 15_000 }, () => serving().length > 0);
    const room = pair.find(({ host }) => this.#state(host) === 'Serving');
    const host = room?.host ?? serving()[0]?.name ?? '';
    this.#tell(`A person: kubectl annotate pod ${host} openvidu.io/cordon="maintenance by demo"`);
    const startMs = performance.now();
    await this.#fleet.kubectl(['annotate', 'pod', host, 'openvidu.io/cordon=maintenance by demo']);
    await this.#fleet.until(
      { what: `the cordon of ${host}`, timeoutMs: 15_000 },
      () => this.#state(host) === 'Cordoned' && (this.#fleet.status?.servingNodes ?? 0) > 0,
    );
    const tookMs = Math.round(performance.now() - startMs);
    const strays = await this.#tryRooms('cordon', host);
    this.#claim(
      `${host} was cordoned, and another node serving, ${tookMs} ms after the command began; ${strays} of ${triedRooms} new rooms landed on it`,
      strays <= triedRooms * mostStrays,
    );
    if (room !== undefined) await this.#enterCordoned(room);
    this.#tell(`A person: kubectl annotate pod ${host} openvidu.io/cordon-`);
    await this.#fleet.kubectl(['annotate', 'pod', host, 'openvidu.io/cordon-']);
    await this.#fleet.until(
      { what: `the return of ${host}`, timeoutMs: 15_000 },
      () => this.#state(host) !== 'Cordoned',
    );
  }

  async #enterCordoned(room: CrowdRoom): Promise<void> {
    const { identity } = await this.crowd.enter(room.name);
    await this.#fleet.until({ what: 'sound in the cordoned room', timeoutMs: 10_000 }, () =>
      this.crowd.hears(identity),
    );
    this.#claim(`a newcomer found ${room.name} on the cordoned ${room.host}`, true);
  }

  /** The held room ends, and only then its node goes; at last everybody goes home. */
  async #end(held: CrowdRoom, base: CrowdRoom): Promise<void> {
    this.#claim(
      `${held.host} was still there while ${held.name} went on`,
      this.#life(held)?.deleteAskedAtMs === undefined,
    );
    this.#tell(`${held.name} ends.`);
    await this.crowd.end(held.name);
    await this.#gone(held, base);
    const endedAtMs = this.crowd.room(held.name)?.endedAtMs ?? Infinity;
    const askedAtMs = this.#life(held)?.deleteAskedAtMs ?? 0;
    this.#claim(
      `the Pod of ${held.host} was removed ${((askedAtMs - endedAtMs) / 1000).toFixed(1)} s after its last room ended`,
      askedAtMs > endedAtMs,
    );
    if (base.endedAtMs === undefined) await this.crowd.end(base.name);
    this.#tell('Everybody has gone home.');
    const least = this.#spec.min ?? 1;
    await this.#fleet.until(
      { what: 'the smallest size', timeoutMs: 90_000 },
      () => this.#fleet.pods().length === least,
    );
    this.#screen.snapshot('at the end');
  }

  /** People of the other room may signal through the node that is to go: then it waits for them too. */
  async #gone(held: CrowdRoom, base: CrowdRoom): Promise<void> {
    const isGone = () => this.#life(held)?.goneAtMs !== undefined;
    const front = this.#ip(held.host);
    const relays = this.crowd.room(base.name)?.fronts.includes(front) === true;
    if (relays) {
      this.#tell(
        `A participant of ${base.name} signals through ${held.host}, which waits for that too; ${base.name} ends.`,
      );
      await sleep(5000);
      this.#claim(`${held.host} waited for a participant who signals through it`, !isGone());
      await this.crowd.end(base.name);
    }
    await this.#fleet.until({ what: `the end of ${held.host}`, timeoutMs: 60_000 }, isGone);
  }

  /** Makes empty rooms over some heartbeats, says where they went, and removes them. @returns how many the closed node got */
  async #tryRooms(prefix: string, closed: string): Promise<number> {
    const names = Array.from({ length: triedRooms }, (_, at) => `${prefix}-${at}`);
    const sums = new Map<string, number>();
    const failed: string[] = [];
    const portion = 20;
    for (let at = 0; at < names.length; at += portion) {
      const nextMs = performance.now() + (triedForMs * portion) / names.length;
      const placed = await this.#fleet.placeRooms(names.slice(at, at + portion));
      for (const [host, count] of placed.byNode) sums.set(host, (sums.get(host) ?? 0) + count);
      failed.push(...placed.failed);
      await sleep(Math.max(0, nextMs - performance.now()));
    }
    this.#triedOnClosed += names.length;
    const where = [...sums].map(([host, count]) => `${count} on ${host}`).join(', ');
    this.#screen.say('step', `new rooms: ${where}`);
    this.#claim(`every one of ${names.length} new rooms found a Media Node`, failed.length === 0);
    if (failed[0] !== undefined) this.#screen.say('step', failed[0]);
    await this.#fleet.deleteRooms(names);
    return sums.get(closed) ?? 0;
  }

  #life(room: CrowdRoom): PodLife | undefined {
    return this.#fleet.lives().findLast(({ name }) => name === room.host);
  }

  #state(host: string | undefined): string | undefined {
    return host === undefined ? undefined : this.#fleet.node(host)?.state;
  }

  #ip(host: string | undefined): string | undefined {
    return this.#fleet.pods().find(({ metadata }) => metadata.name === host)?.status?.podIP;
  }

  #tell(text: string): void {
    this.#screen.say('story', text);
  }

  #claim(claim: string, held: boolean): void {
    this.claims.push({ claim, held });
    this.#screen.say('check', `${held ? 'ok  ' : 'FAIL'} ${claim}`);
  }
}
