/** What is read of a registry at most: everybody who may write to Redis decides what stands there. */
import { createHash } from 'node:crypto';

/** More than any fleet has: then this is no registry, and it is unknown as a whole rather than read in part. */
export const mostNodes = 20_000;
export const mostRooms = 500_000;
/** Servers refuse longer names of rooms by default, and their own ids are far shorter. */
export const longestName = 1024;
const keptOfName = 64;

/** The registry has more entries than one can have. */
export class RegistryTooLargeError extends Error {
  override readonly name = 'RegistryTooLargeError';
}

type Hash = ReadonlyMap<string, Buffer>;

/**
 * The entries of servers, with ids that are too long cut: such a server is unknown, and costs nobody the view of the others.
 * @throws RegistryTooLargeError
 */
export function boundedNodes(nodes: Hash): Hash {
  refuseBeyond(mostNodes, 'servers', nodes.size);
  return withShortKeys(nodes);
}

/**
 * Rooms and the ids of their servers, with names that are too long cut: such a room still holds its server, its size is
 * unknown. @throws RegistryTooLargeError
 */
export function boundedPlacements(roomNodes: Hash): Hash {
  refuseBeyond(mostRooms, 'rooms', roomNodes.size);
  return withShortValues(withShortKeys(roomNodes));
}

function refuseBeyond(most: number, what: string, found: number): void {
  if (found <= most) return;
  throw new RegistryTooLargeError(
    `the registry in Redis names ${found} ${what}, and at most ${most} are read`,
  );
}

function withShortKeys(hash: Hash): Hash {
  for (const key of hash.keys()) {
    if (key.length > longestName)
      return new Map([...hash].map(([name, value]) => [boundedName(name), value]));
  }
  return hash;
}

/** Ids of servers, which the names of rooms point to. */
function withShortValues(hash: Hash): Hash {
  for (const value of hash.values()) {
    if (value.byteLength <= longestName) continue;
    return new Map([...hash].map(([name, id]) => [name, Buffer.from(boundedName(id.toString('utf8')))]));
  }
  return hash;
}

/** Two that begin alike stay two. */
export function boundedName(name: string): string {
  if (name.length <= longestName) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.slice(0, keptOfName)}…${digest}`;
}
