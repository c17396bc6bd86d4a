/** Names of rooms and people, from which their places in the plan can be read back. */
import { BugError } from '../base/assert.ts';

/** @param made how often a room of this index was made before in this repetition: a name is never used twice */
export function roomName(
  crowd: { readonly repetition: number; readonly epoch: number },
  index: number,
  made: number,
): string {
  const epoch = crowd.epoch === 0 ? '' : `e${crowd.epoch}`;
  return `r${crowd.repetition}${epoch}-${index}${made === 0 ? '' : `-${made + 1}`}`;
}

/** @param given how many people had this seat before */
export function identityOf(room: string, seat: number, given: number): string {
  return `${room}-p${seat}${given === 0 ? '' : `-${given + 1}`}`;
}

/** Where a person of the plan sits, both counted from 0. @throws BugError for a name that no plan gave */
export function placeOf(identity: string): { readonly room: number; readonly seat: number } {
  const [, room, seat] = /^r\d+(?:e\d+)?-(\d+)(?:-\d+)?-p(\d+)(?:-\d+)?$/.exec(identity) ?? [];
  if (room === undefined || seat === undefined) throw new BugError(`${identity} is no name of a plan`);
  return { room: Number(room), seat: Number(seat) };
}
