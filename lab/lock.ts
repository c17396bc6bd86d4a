import { createServer, connect, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Locks are abstract Unix sockets: only one process can listen on a name, and the kernel frees it when that process
 * dies, however it dies. There is no file that could be left behind.
 */
export function lockAddress(name: string): string {
  return `\0openvidu-lab-${name}`;
}

/** Listens on the name, which holds the lock until the server closes; `undefined` when another process holds it. */
export function tryLock(name: string): Promise<Server | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Server | undefined>();
  const server = createServer();
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') resolve(undefined);
    else reject(error);
  });
  server.listen(lockAddress(name), () => resolve(server));
  return promise;
}

/** Runs `work` while holding the lock; waits for the present holder and calls `waiting` once if there is one. */
export async function withLock<T>(name: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  let server = await tryLock(name);
  if (server === undefined) waiting();
  while (server === undefined) {
    await holderGone(name);
    server = await tryLock(name);
  }
  const held = server;
  const visitors = new Set<{ destroy(): void }>();
  held.on('connection', (socket) => visitors.add(socket.on('error', () => undefined)));
  try {
    return await work();
  } finally {
    held.close();
    for (const socket of visitors) socket.destroy();
  }
}

async function holderGone(name: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(lockAddress(name));
  socket.on('error', () => resolve());
  socket.on('close', () => resolve());
  socket.resume();
  await promise;
  // Several waiters wake at once; a short pause lets one of them win without a busy loop.
  await sleep(50);
}
