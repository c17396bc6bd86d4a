/** A child process with a few real participants: the media library slows down with each one that a process holds. */
import './quiet.ts';
import type { ApiKey } from './local-servers.ts';
import { type ParticipantReport, Participants } from './participants.ts';

export type Order =
  | { readonly op: 'open'; readonly key: ApiKey; readonly url: string }
  | {
      readonly op: 'join';
      readonly id: number;
      readonly room: string;
      readonly identity: string;
      readonly publish: 'audio' | 'none';
    }
  | { readonly op: 'leave'; readonly id: number; readonly identity: string };

/** `why` it failed; nothing when it did not. */
export interface Answer {
  readonly kind: 'answer';
  readonly id: number;
  readonly why?: string;
}

/** Somebody has left who may sit in the room for as long as this process lives. */
const heldBack = 'the media library does not let go of the room';

/** What the process says: answers, and the diary of a participant whenever it has changed. */
export type Word = Answer | { readonly kind: 'report'; readonly report: ParticipantReport };

function say(word: Word): void {
  process.send?.(word);
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
      const people = new Participants(order.key, (report) => say({ kind: 'report', report }));
      host = { people, url: order.url };
      return;
    }
    if (host === undefined) return;
    void obey(order, host.people, host.url).then(say);
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
      const { room, identity, publish } = order;
      await people.join({ url, room, identity, publish });
    } else {
      const hasLeft = await people.leave(order.identity);
      people.forget(order.identity);
      if (!hasLeft) return { kind: 'answer', id, why: heldBack };
    }
    return { kind: 'answer', id };
  } catch (error) {
    return { kind: 'answer', id, why: String(error) };
  }
}

if (import.meta.main) {
  forgiveLateFinalizers();
  serve();
}
