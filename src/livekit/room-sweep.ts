/** Ends rooms that a load test has left behind. */
import { serverApi, type ServerApiTarget } from './server-api.ts';

const defaultTimeoutMs = 3000;

/** Deletes the rooms whose names begin so, and says how many there were. @throws Error when the server cannot be asked */
export async function sweepRooms(target: ServerApiTarget, prefix: string): Promise<number> {
  const api = serverApi({ timeoutMs: defaultTimeoutMs, ...target });
  const rooms = (await api.listRooms()).filter(({ room }) => room.startsWith(prefix));
  await Promise.all(rooms.map(async ({ room }) => await api.deleteRoom(room)));
  return rooms.length;
}
