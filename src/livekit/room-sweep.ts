/** Ends rooms that a load test has left behind. */
import { roomService } from './room-service.ts';
import type { ServerApiTarget } from './server-api.ts';

const defaultTimeoutMs = 3000;

/** Deletes the rooms whose names begin so, and says how many there were. @throws Error when the server cannot be asked */
export async function sweepRooms(target: ServerApiTarget, prefix: string): Promise<number> {
  const client = roomService(target, target.timeoutMs ?? defaultTimeoutMs);
  const rooms = (await client.listRooms()).filter(({ name }) => name.startsWith(prefix));
  await Promise.all(rooms.map(({ name }) => client.deleteRoom(name)));
  return rooms.length;
}
