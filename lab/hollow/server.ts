/** One media server, played: it keeps rooms, tells Redis of itself every two seconds and drains when told to stop. */
import { type Random, uniform } from '../../src/workload/random.ts';
import type { HollowRegistry, RoomRecord } from './registry.ts';
import type { CutWhy, HollowCounts, HollowNode, HollowRoom } from './types.ts';
import { encodeNode } from '../livekit-encode.ts';

const states = { Serving: 1, ShuttingDown: 2 } as const;
/** What one participant in a room of a few is to a server, roughly. */
const bytesEach = 60_000;
const packetsEach = 90;
/** A server whose last heartbeat is older than so many calls itself unhealthy. */
const healthyBeats = 2;
/** Records of rooms settle every so many heartbeats: real servers take at most 5 s. */
const settleEveryBeats = 2;

export interface ServerParts {
  readonly cluster: string;
  readonly pod: string;
  readonly podUid: string;
  readonly ip: string;
  readonly nodeId: string;
  readonly registry: HollowRegistry;
  readonly random: Random;
  readonly heartbeatMs: number;
  readonly drainCheckMs: number;
  readonly counts: HollowCounts;
  onCut(room: HollowRoom, why: CutWhy): void;
  /** The process is gone. Exit code 0 unless it was killed. */
  onExit(exitCode: number): void;
}

interface Room {
  record: RoomRecord;
  settled: number;
}

export class HollowServer implements HollowNode {
  readonly cluster: string;
  readonly pod: string;
  readonly podUid: string;
  readonly ip: string;
  readonly nodeId: string;
  readonly startedAtMs = Date.now();
  state: 'Serving' | 'ShuttingDown' = 'Serving';
  signalledAtMs: number | undefined;
  participants = 0;
  /** Joins since the start. */
  joins = 0;
  /** Its clock is wrong by so much. */
  skewMs = 0;
  /** Heartbeats do not get through. */
  stalled = false;
  /** Nothing runs in it. */
  frozen = false;
  /** Its heartbeats claim so many people more than there are. */
  pretended = 0;
  /** What was done while it was frozen, to be done when it is not. */
  #thawing: (() => void)[] = [];
  readonly #parts: ServerParts;
  readonly #rooms = new Map<string, Room>();
  #beforeBeat: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #drain: NodeJS.Timeout | undefined;
  #beats = 0;
  #beatenMs = performance.now();
  #writing = false;
  #ended = false;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.cluster = parts.cluster;
    this.pod = parts.pod;
    this.podUid = parts.podUid;
    this.ip = parts.ip;
    this.nodeId = parts.nodeId;
  }

  get rooms(): number {
    return this.#rooms.size;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether its last heartbeat came back lately: what a real server answers to its probe. */
  get isHealthy(): boolean {
    return performance.now() - this.#beatenMs <= healthyBeats * this.#parts.heartbeatMs;
  }

  *list(): Iterable<HollowRoom> {
    for (const { record } of this.#rooms.values()) yield { ...record, cluster: this.cluster };
  }

  /** Registers, then tells of itself at a phase of its own. */
  start(): void {
    const { registry, random, heartbeatMs } = this.#parts;
    const lost = (): void => void (this.#parts.counts.heartbeatsLost += 1);
    registry.register(this.nodeId, this.#entry(), this.#nowSeconds()).catch(lost);
    this.#timer = setTimeout(
      () => {
        this.#timer = setInterval(() => this.#beat(), heartbeatMs);
        this.#beat();
      },
      uniform(random, 0, heartbeatMs),
    );
  }

  /** @throws Error when Redis does not take it */
  async open(name: string, participants: number): Promise<HollowRoom> {
    const record = { name, nodeId: this.nodeId, participants, createdAtMs: Date.now() };
    await this.#parts.registry.openRoom(record);
    // The server may have ended while Redis was asked, and then nobody ever was in the room.
    if (this.#ended) throw new Error(`${this.pod} ended while a room was opened on it`);
    this.#rooms.set(name, { record, settled: 0 });
    this.#count(participants);
    return { ...record, cluster: this.cluster };
  }

  async setParticipants(name: string, participants: number): Promise<void> {
    const room = this.#rooms.get(name);
    if (room === undefined) return;
    const before = room.record.participants;
    room.record = { ...room.record, participants };
    this.#count(participants - before);
    await this.#parts.registry.setPeople(name, before, participants);
  }

  async close(name: string): Promise<boolean> {
    const room = this.#rooms.get(name);
    if (room === undefined) return false;
    this.#rooms.delete(name);
    this.#count(-room.record.participants);
    await this.#parts.registry.closeRoom(name);
    return true;
  }

  /** Claims so many more people from the next heartbeat on. @returns when that is sent, in wall milliseconds */
  async pretend(participants: number): Promise<number> {
    if (this.#ended) throw new Error(`${this.pod} has ended`);
    this.pretended = participants;
    return await new Promise((resolve) => this.#beforeBeat.push(() => resolve(Date.now())));
  }

  /** SIGTERM: told to the others at once; the process ends once nobody is on it. A second one changes nothing here. */
  terminate(): void {
    if (this.frozen) return void this.#thawing.push(() => this.terminate());
    if (this.#ended || this.signalledAtMs !== undefined) return;
    this.signalledAtMs = Date.now();
    this.state = 'ShuttingDown';
    this.#write();
    this.#leaveIfEmpty();
    if (!this.#ended) this.#drain = setInterval(() => this.#leaveIfEmpty(), this.#parts.drainCheckMs);
  }

  /** SIGKILL: the entry stays, and whoever is in a room is cut. */
  kill(why: CutWhy, exitCode = 137): void {
    if (this.#ended) return;
    const cut = [...this.list()].filter(({ participants }) => participants > 0);
    this.#end(exitCode);
    for (const room of cut) this.#parts.onCut(room, why);
  }

  /** The play is over: nothing is told to anybody. */
  vanish(): void {
    this.#ended = true;
    clearInterval(this.#timer);
    clearInterval(this.#drain);
  }

  thaw(): void {
    this.frozen = false;
    for (const work of this.#thawing.splice(0)) work();
  }

  #leaveIfEmpty(): void {
    if (this.frozen || this.participants > 0) return;
    const { registry } = this.#parts;
    const names = [...this.#rooms.keys()];
    // What Redis does not take stays there, as with a real server that loses it at the end.
    Promise.all([registry.unregister(this.nodeId), ...names.map((name) => registry.closeRoom(name))]).catch(
      () => undefined,
    );
    this.#end(0);
  }

  #end(exitCode: number): void {
    this.#ended = true;
    for (const run of this.#beforeBeat.splice(0)) run();
    clearInterval(this.#timer);
    clearInterval(this.#drain);
    this.#rooms.clear();
    this.participants = 0;
    this.#parts.onExit(exitCode);
  }

  #count(people: number): void {
    this.participants += people;
    if (people > 0) this.joins += people;
  }

  #beat(): void {
    if (this.stalled || this.frozen || this.#ended) return;
    this.#beats += 1;
    for (const run of this.#beforeBeat.splice(0)) run();
    this.#write();
    if (this.#beats % settleEveryBeats === 0) this.#settle();
  }

  /** One that is still under way when the next is due is all that Redis gets: its ping has not come back. */
  #write(): void {
    if (this.#writing) return;
    const { registry, counts } = this.#parts;
    this.#writing = true;
    registry
      .heartbeat(this.nodeId, this.#entry(), this.#nowSeconds())
      .then(
        () => {
          counts.heartbeats += 1;
          this.#beatenMs = performance.now();
        },
        () => void (counts.heartbeatsLost += 1),
      )
      .finally(() => {
        this.#writing = false;
      });
  }

  #settle(): void {
    for (const room of this.#rooms.values()) {
      const { record, settled } = room;
      if (record.participants === settled) continue;
      room.settled = record.participants;
      this.#parts.registry.settle(record).catch(() => {
        room.settled = -1;
      });
    }
  }

  #entry(): Buffer {
    const people = this.participants + this.pretended;
    const rate = { bytesIn: people * bytesEach, bytesOut: people * bytesEach * 3 };
    const packets = { packetsIn: people * packetsEach, packetsOut: people * packetsEach * 3 };
    return encodeNode({
      id: this.nodeId,
      ip: this.ip,
      state: states[this.state],
      stats: {
        startedAt: BigInt(Math.floor(this.startedAtMs / 1000)),
        updatedAt: BigInt(this.#nowSeconds()),
        numRooms: this.#rooms.size,
        numClients: people,
        numTracksIn: people * 2,
        numTracksOut: people * 6,
        cpuLoad: Math.min(0.95, 0.02 + people / 400),
        rates: [{ ...rate, ...packets }],
      },
    });
  }

  #nowSeconds(): number {
    return Math.floor((Date.now() + this.skewMs) / 1000);
  }
}
