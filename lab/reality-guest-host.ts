/** A child process with a few real participants: the media library slows down with each one that a process holds. */
import './quiet.ts';
import type { ApiKey } from './local-servers.ts';
import { Participants } from './participants.ts';

export type Order =
  | { readonly op: 'open'; readonly key: ApiKey; readonly url: string }
  | { readonly op: 'join'; readonly id: number; readonly room: string; readonly identity: string }
  | { readonly op: 'leave'; readonly id: number; readonly identity: string }
  | { readonly op: 'report'; readonly id: number };

export interface Answer {
  readonly id: number;
  /** Why it failed; `undefined` when it did not. */
  readonly why: string | undefined;
  readonly joinMs: readonly number[];
  readonly cut: readonly string[];
}

/**
 * The media library lets go of native handles when their objects are collected, and complains of one that its room had
 * let go of before. That is nobody's loss; everything else is.
 */
function forgiveLateFinalizers(): void {
  process.on('uncaughtException', (error) => {
    if (error.message === 'trying to drop an invalid handle') return;
    console.error(error);
    process.exit(1);
  });
}

/** Serves until the parent goes. */
function serve(): void {
  let host: { readonly people: Participants; readonly url: string } | undefined;
  process.on('disconnect', () => process.exit());
  process.on('message', (order: Order) => {
    if (order.op === 'open') {
      host = { people: new Participants(order.key), url: order.url };
      return;
    }
    if (host === undefined) return;
    void obey(order, host.people, host.url).then((answer) => process.send?.(answer));
  });
}

async function obey(
  order: Exclude<Order, { op: 'open' }>,
  people: Participants,
  url: string,
): Promise<Answer> {
  const { id } = order;
  try {
    if (order.op === 'join') {
      await people.join({ url, room: order.room, identity: order.identity, publish: 'none' });
    }
    if (order.op === 'leave') await people.leave(order.identity);
    return { id, why: undefined, ...told(order.op === 'report' ? people : undefined) };
  } catch (error) {
    return { id, why: String(error), ...told(undefined) };
  }
}

function told(people: Participants | undefined): Pick<Answer, 'joinMs' | 'cut'> {
  const reports = people?.report() ?? [];
  return {
    joinMs: reports.map(({ joinMs }) => joinMs),
    cut: reports.flatMap(({ identity, room, unexpected }) =>
      unexpected.map(({ reason }) => `${identity} in ${room}: ${reason}`),
    ),
  };
}

if (import.meta.main) {
  forgiveLateFinalizers();
  serve();
}
