/** Real participants in a handful of processes, so that dozens of them join quickly. They publish nothing. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { LabError } from './exec.ts';
import type { ApiKey } from './local-servers.ts';
import type { Answer, Order } from './reality-guest-host.ts';

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
}

const hostCount = 12;
const patienceMs = 60_000;

export class Guests {
  readonly #hosts: readonly Host[];
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #lost: string[] = [];
  #asked = 0;
  #closing = false;

  constructor(key: ApiKey, url: string) {
    this.#hosts = Array.from({ length: hostCount }, () => this.#startHost({ op: 'open', key, url }));
  }

  /** Resolves when the guest is connected. @throws LabError when refused. */
  async join(room: string, identity: string): Promise<void> {
    const host = this.#hosts
      .filter(({ child }) => child.connected)
      .reduce<Host | undefined>(
        (best, each) => (best && best.seats.size <= each.seats.size ? best : each),
        undefined,
      );
    if (host === undefined) throw new LabError('All processes with participants have ended.');
    host.seats.set(identity, room);
    const { why } = await this.#ask(host, { op: 'join', room, identity });
    if (why === undefined) return;
    host.seats.delete(identity);
    throw new LabError(why);
  }

  /** Everybody leaves who is in that room. */
  async leave(room: string): Promise<void> {
    const leaving = this.#hosts.flatMap((host) =>
      [...host.seats].filter(([, where]) => where === room).map(([identity]) => ({ host, identity })),
    );
    await Promise.all(
      leaving.map(async ({ host, identity }) => {
        host.seats.delete(identity);
        await this.#ask(host, { op: 'leave', identity });
      }),
    );
  }

  async tally(): Promise<GuestsTally> {
    const answers = await Promise.all(
      this.#hosts.map(async (host) => await this.#ask(host, { op: 'report' })),
    );
    return {
      joinMs: answers.flatMap(({ joinMs }) => joinMs),
      cut: [...this.#lost, ...answers.flatMap(({ cut }) => cut)],
    };
  }

  /** Ends the processes; whoever is still in a room is thrown out. */
  close(): void {
    this.#closing = true;
    for (const { child } of this.#hosts) child.kill('SIGKILL');
  }

  #startHost(open: Order): Host {
    const child = fork(join(import.meta.dirname, 'reality-guest-host.ts'), [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const host: Host = { child, seats: new Map() };
    child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    child.on('exit', () => {
      if (this.#closing) return;
      for (const [identity, room] of host.seats) this.#lost.push(`${identity} in ${room}: its process ended`);
      host.seats.clear();
    });
    child.send(open);
    return host;
  }

  async #ask(host: Host, question: Question): Promise<Answer> {
    this.#asked += 1;
    const id = this.#asked;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const fail = (why: string): void => resolve({ id, why, joinMs: [], cut: [] });
    const timer = setTimeout(() => fail(`no answer within ${patienceMs / 1000} s`), patienceMs);
    const ended = (): void => fail('its process ended');
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
