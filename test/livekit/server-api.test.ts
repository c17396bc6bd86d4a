/** What the server API may answer; what a real one answers is in test/world/livekit.test.ts. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { serverApi } from '../../src/livekit/server-api.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function apiThat(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return serverApi({
    url: `ws://127.0.0.1:${port}`,
    apiKey: 'key',
    apiSecret: 's'.repeat(32),
    timeoutMs: 1000,
  });
}

const apiSaying = async (text: string, status = 200) =>
  await apiThat((_, response) => response.writeHead(status).end(text));

describe('the list of rooms', () => {
  test.each([
    ['with underscores', '{"rooms":[{"name":"a","num_participants":2}]}', [{ room: 'a', participants: 2 }]],
    ['in camel case', '{"rooms":[{"name":"a","numParticipants":2}]}', [{ room: 'a', participants: 2 }]],
    ['without zeros', '{"rooms":[{"name":"a"}]}', [{ room: 'a', participants: 0 }]],
    ['that is empty', '{}', []],
  ])('%s is read', async (_, text, rooms) => {
    expect(await (await apiSaying(text)).listRooms()).toEqual(rooms);
  });

  test.each([
    ['no JSON', '<html>'],
    ['no object', '[]'],
    ['no list', '{"rooms":{}}'],
    ['a room that is none', '{"rooms":[7]}'],
    ['a room without a name', '{"rooms":[{"num_participants":1}]}'],
    ['a number that is none', '{"rooms":[{"name":"a","num_participants":"many"}]}'],
  ])('with %s is refused, not taken for an empty fleet', async (_, text) => {
    const listing = (await apiSaying(text)).listRooms();
    await expect(listing).rejects.toMatchObject({ name: 'ServerRefusedError' });
  });

  test.each([
    ['its own words', '{"code":"internal","msg":"no redis"}', 'HTTP 500: no redis'],
    ['any other text', 'Bad Gateway', 'HTTP 500: Bad Gateway'],
  ])('that fails is told with %s', async (_, text, why) => {
    const listing = (await apiSaying(text, 500)).listRooms();
    await expect(listing).rejects.toMatchObject({
      name: 'ServerRefusedError',
      message: expect.stringContaining(why),
    });
  });

  test('that never ends is cut off, and so is one that never begins', async () => {
    let sent = 0;
    const endless = await apiThat((_, response) => {
      const chunk = Buffer.alloc(4 * 1024 * 1024, ' ');
      const send = (): void => {
        sent += chunk.byteLength;
        response.write(chunk, () => setImmediate(send));
      };
      response.on('close', () => (sent = -Infinity));
      send();
    });
    await expect(endless.listRooms()).rejects.toMatchObject({
      name: expect.stringMatching(/TimedOut|ServerRefused/),
    });
    const silent = await apiThat(() => undefined);
    await expect(silent.listRooms()).rejects.toMatchObject({ name: 'TimedOutError' });
    expect(sent).toBe(-Infinity);
  });
});
