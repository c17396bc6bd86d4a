import { stream } from '../workload/random.ts';

/** How long a turn of speech lasts. */
export const turnMs = 4000;

/** The turn at this time of the shared clock. */
export function turnAt(sharedMs: number): number {
  return Math.floor(sharedMs / turnMs);
}

export interface Turn {
  readonly seed: number;
  readonly room: string;
  readonly turn: number;
}

/** Who speaks in this turn: those to whom the seed gives the lowest lots, whoever asks and in whatever order. */
export function speakersOf(
  { seed, room, turn }: Turn,
  identities: readonly string[],
  count: number | 'All',
): ReadonlySet<string> {
  if (count === 'All' || count >= identities.length) return new Set(identities);
  const lots = identities.map((identity) => ({
    identity,
    lot: stream(seed, `speaks/${room}/${turn}/${identity}`)(),
  }));
  const ranked = lots.toSorted((a, b) => a.lot - b.lot || (a.identity < b.identity ? -1 : 1));
  return new Set(ranked.slice(0, count).map(({ identity }) => identity));
}
