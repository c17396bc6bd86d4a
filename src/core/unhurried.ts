/** A clock for what may cut people: it never runs ahead of the operator's own monotonic one. */
import type { Memory } from './memory.ts';

interface Clocks {
  readonly memory: Pick<Memory, 'began'>;
  readonly nowMs: number;
  readonly wallMs: number;
}

/** When the fleet was looked at first, by both clocks. */
export function beganAt({ memory, nowMs, wallMs }: Clocks): NonNullable<Memory['began']> {
  return memory.began ?? { nowMs, wallMs };
}

/**
 * The wall clock, as long as it has not jumped ahead: a written deadline is a length of time, and nobody is cut because
 * somebody set a clock. One that goes back is followed, which costs time and no room.
 */
export function unhurriedWallMs({ memory: { began }, nowMs, wallMs }: Clocks): number {
  return began === undefined ? wallMs : Math.min(wallMs, began.wallMs + nowMs - began.nowMs);
}
