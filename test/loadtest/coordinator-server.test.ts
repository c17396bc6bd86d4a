import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { WorkerLine } from '../../src/loadtest/coordinator-link.ts';
import { startWorkerServer, type WorkerServer } from '../../src/loadtest/coordinator-server.ts';
import type { FromWorker } from '../../src/loadtest/protocol.ts';
import { workerPass } from '../../src/loadtest/worker-pass.ts';

const keys = { apiKey: 'key', apiSecret: 'a-secret-of-more-than-thirty-two-bytes' };

describe('the port that workers dial', () => {
  let server: WorkerServer | undefined;
  let heard: FromWorker[] = [];
  let closed: string[] = [];
  let line: WorkerLine | undefined;

  const dial = async (headers = { authorization: workerPass(keys) }): Promise<WebSocket> => {
    const [messages, ends]: [FromWorker[], string[]] = [[], []];
    [heard, closed] = [messages, ends];
    server = await startWorkerServer({ host: '127.0.0.1', port: 0 }, keys, (given) => {
      line = given;
      return { message: (message) => messages.push(message), closed: (why) => ends.push(why) };
    });
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}`, { headers });
    await once(socket, 'open');
    return socket;
  };
  afterEach(async () => await server?.close());

  test('carries messages both ways', async () => {
    const socket = await dial();
    socket.send('{"kind":"ended"}');
    line?.send({ kind: 'end' });
    const [data] = await once(socket, 'message');
    expect(String(data)).toBe('{"kind":"end"}');
    line?.close('the run is over');
    const [code, reason] = await once(socket, 'close');
    expect([code, String(reason)]).toEqual([1000, 'the run is over']);
    expect(heard).toEqual([{ kind: 'ended' }]);
  });

  test.each(['no JSON', '7', '{"kind":"settings"}', '{}'])(
    'ends a connection that says what no worker says: %s',
    async (text) => {
      const socket = await dial();
      socket.send(text);
      const [code] = await once(socket, 'close');
      expect([code, heard]).toEqual([1003, []]);
    },
  );

  test.each([
    ['nothing', ''],
    ['another secret', workerPass({ ...keys, apiSecret: 'another-secret-of-thirty-two-bytes' })],
    ['the pass of another key', workerPass({ ...keys, apiKey: 'other' })],
    ['the secret itself', `Bearer ${keys.apiSecret}`],
    ['a part of the pass', workerPass(keys).slice(0, -1)],
  ])('refuses whoever shows %s, and hears nothing from them', async (_, authorization) => {
    line = undefined;
    await expect(dial({ authorization })).rejects.toThrow('401');
    expect([line, heard]).toEqual([undefined, []]);
  });

  test('is shown no key: what goes over the wire does not hold it', () => {
    expect(workerPass(keys)).not.toContain(keys.apiSecret);
    expect(workerPass(keys)).toBe(workerPass({ ...keys }));
  });

  test('tells when a worker is gone', async () => {
    const socket = await dial();
    socket.terminate();
    for (let tries = 0; closed.length === 0 && tries < 500; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(closed).toEqual(['its connection was closed (1006)']);
  });

  test('can be closed while workers are connected', async () => {
    const socket = await dial();
    const ended = once(socket, 'close');
    await server?.close();
    expect((await ended)[0]).toBe(1006);
  });
});
