/** Names of rooms in a journal: replaced by the keys under which the governor remembers them. */
import { roomKey } from '../core/room-names.ts';
import type { DecideInput } from '../core/decide-input.ts';

/**
 * Puts in place of a room's name the key that `decide` would look it up by, so that it decides the same.
 * `otherwise` is the salt where nothing has been learned; keep it to yourself, or names can be guessed.
 */
export function roomMask(otherwise: number): (room: string, input: DecideInput) => string {
  return (room, input) => roomKey(room, saltOf(input) ?? otherwise);
}

function saltOf(input: DecideInput): number | undefined {
  return input.learned?.names.salt;
}
