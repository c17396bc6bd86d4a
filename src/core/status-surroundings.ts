/** What the status tells of the surroundings of a fleet, which no decision rests on. */
import type { Finding } from './reasons.ts';

export interface StatusSurroundings {
  /** Other OpenViduClusters with the same Redis and database, as `namespace/name`. */
  readonly sharingRedis?: readonly string[];
  /** Whether it would be noticed that a machine is to be freed; `undefined`: nobody has said. */
  readonly machinesWatched?: boolean;
  /** The version of the media servers that Redis told last. */
  readonly serverVersion?: string | undefined;
}

/** That rooms of several fleets are mixed; `undefined` when no other one is known to use this Redis. */
export function sharedFinding(others: readonly string[]): Finding | undefined {
  if (others.length === 0) return undefined;
  const named = others.slice(0, 3).join(', ');
  const more = others.length > 3 ? ` and ${others.length - 3} more` : '';
  const message = `The same Redis and database is used by ${named}${more}, so rooms of one fleet are placed on nodes of the other: give each a Redis or a database of its own.`;
  return { reason: 'RegistryShared', message };
}

/** With what is missing said, so that a machine that goes is no surprise. */
export function scalingMessage(machinesWatched: boolean | undefined): string {
  const carriedOut = 'Decisions are carried out.';
  if (machinesWatched !== false) return carriedOut;
  return `${carriedOut} Kubernetes Nodes are not watched, so maintenance of machines is not noticed.`;
}
