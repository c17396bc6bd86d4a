/** Real participants in a handful of processes, so that dozens of them join quickly. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { LabError } from './exec.ts';
import type { Answer, Order, Word } from './guest-host.ts';
import type { ApiKey } from './local-servers.ts';
import type { ParticipantReport } from './participants.ts';

export interface GuestsWish {
  readonly key: ApiKey;
  /** `ws://host:port` of the way in. */
  readonly url: string;
  /** Processes: the media library slows down with each participant that one of them holds. */
  readonly hosts?: number;
}

export interface GuestsTally {
  readonly joinMs: readonly number[];
  /** Disconnects that nobody here asked for. */
  readonly cut: readonly string[];
}

type Asked = Exclude<Order, { op: 'open' }>;
type Question = Asked extends infer O ? (O extends Asked ? Omit<O, 'id'> : never) : never;

interface Host {
  readonly child: ChildProcess;
  /** Those who sit there, with their rooms, and those who are on their way. */
  readonly seats: Map<string, string>;
  joins: number;
}

interface Loss {
  readonly identity: string;
  readonly room: string;
  readonly atMs: number;
}

const usualHosts = 12;
const patienceMs = 60_000;
/** The media library keeps a little of every room, so a process that has seen many makes room for a fresh one. */
const mostJoins = 150;

export class Guests {
  readonly #wish: GuestsWish;
  readonly #hosts = new Set<Host>();
  readonly #waiting = new Map<number, (why: string | undefined) => void>();
  readonly #reports = new Map<string, ParticipantReport>();
  readonly #lost: Loss[] = [];
  #asked = 0;
  #closing = false;

  constructor(wish: GuestsWish) {
    this.#wish = wish;
    for (let at = 0; at < (wish.hosts ?? usualHosts); at++) this.#startHost();
  }

  /** Resolves when all processes have started: they answer to the wish that nobody leaves. */
  async ready(): Promise<void> {
    await Promise.all(
      [...this.#hosts].map(async (host) => await this.#ask(host, { op: 'leave', identity: '' })),
    );
  }

  /** Resolves when the guest is connected. @throws LabError when refused. */
  async join(room: string, identity: string, publish: 'audio' | 'none' = 'none'): Promise<void> {
    const host = this.#emptiest();
    host.seats.set(identity, room);
    host.joins += 1;
    const why = await this.#ask(host, { op: 'join', room, identity, publish });
    if (why === undefined) return;
    host.seats.delete(identity);
    this.#spoil(host);
    throw new LabError(why);
  }

  /** Everybody leaves who is in that room. */
  async leave(room: string): Promise<void> {
    const leaving = [...this.#hosts].flatMap((host) =>
      [...host.seats].filter(([, where]) => where === room).map(([identity]) => ({ host, identity })),
    );
    await Promise.all(
      leaving.map(async ({ host, identity }) => {
        host.seats.delete(identity);
        const why = await this.#ask(host, { op: 'leave', identity });
        if (why === undefined) this.#retire(host);
        else this.#spoil(host);
      }),
    );
  }

  /** Whoever comes from now on sits in a fresh process; the others end as soon as nobody is there any more. */
  renew(): void {
    // One that ends has a successor, which stays.
    const before = [...this.#hosts];
    for (const host of before) this.#spoil(host);
  }

  /** All who ever were in a room. */
  report(): readonly ParticipantReport[] {
    return [...this.#reports.values()];
  }

  /** Those whose process here broke: no server and no operator had a part in it. */
  lost(): readonly Loss[] {
    return this.#lost;
  }

  tally(): GuestsTally {
    const reports = this.report();
    const cut = reports.flatMap(({ identity, room, unexpected }) =>
      unexpected.map(({ reason }) => `${identity} in ${room}: ${reason}`),
    );
    const lost = this.#lost.map(({ identity, room }) => `${identity} in ${room}: its process ended`);
    return { joinMs: reports.map(({ joinMs }) => joinMs), cut: [...lost, ...cut] };
  }

  /** Ends the processes; whoever is still in a room is thrown out. */
  close(): void {
    this.#closing = true;
    for (const { child } of this.#hosts) child.kill('SIGKILL');
  }

  #emptiest(): Host {
    const able = [...this.#hosts].filter(({ child, joins }) => child.connected && joins < mostJoins);
    const [host] = able.toSorted((one, other) => one.seats.size - other.seats.size);
    return host ?? this.#startHost();
  }

  /** Who failed to join or to leave may be in a room all the same, until the process ends: nobody joins there any more. */
  #spoil(host: Host): void {
    host.joins = Math.max(host.joins, mostJoins);
    this.#retire(host);
  }

  #retire(host: Host): void {
    if (host.joins < mostJoins || host.seats.size > 0 || !this.#hosts.delete(host)) return;
    host.child.kill('SIGKILL');
    this.#startHost();
  }

  #startHost(): Host {
    const { key, url } = this.#wish;
    const child = fork(join(import.meta.dirname, 'guest-host.ts'), [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // Everybody who is on the way there listens for its end.
    child.setMaxListeners(0);
    const host: Host = { child, seats: new Map(), joins: 0 };
    this.#hosts.add(host);
    child.on('message', (word: Word) => this.#hear(word));
    child.on('exit', () => {
      // One that was let go of was taken out before.
      if (this.#closing || !this.#hosts.delete(host)) return;
      for (const [identity, room] of host.seats) this.#lost.push({ identity, room, atMs: Date.now() });
      this.#startHost();
    });
    child.send({ op: 'open', key, url } satisfies Order);
    return host;
  }

  #hear(word: Word): void {
    if (word.kind === 'report') {
      this.#reports.set(word.report.identity, word.report);
      return;
    }
    this.#settle(word);
  }

  #settle({ id, why }: Answer): void {
    this.#waiting.get(id)?.(why);
    this.#waiting.delete(id);
  }

  /** @returns why it failed; `undefined` when it did not */
  async #ask(host: Host, question: Question): Promise<string | undefined> {
    this.#asked += 1;
    const id = this.#asked;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const timer = setTimeout(() => resolve(`no answer within ${patienceMs / 1000} s`), patienceMs);
    const ended = (): void => resolve('its process ended');
    host.child.once('exit', ended);
    this.#waiting.set(id, resolve);
    if (host.child.connected) host.child.send({ ...question, id });
    else ended();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      host.child.off('exit', ended);
      this.#waiting.delete(id);
    }
  }
}
