/** The proxy between operator and Redis: told nothing it changes nothing, and each fault does what it says. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { RedisProxy, takeCommands } from '../../lab/chaos/redis-proxy.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

interface Store {
  readonly proxy: RedisProxy;
  got(): string;
  readonly client: Socket;
  answers(): string;
}

/** A server that answers each chunk with what it got. */
async function aStore(): Promise<Store> {
  let got = '';
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      got += chunk.toString();
      socket.write(`+${chunk.toString().replaceAll('\r\n', ' ')}\r\n`);
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const proxy = await RedisProxy.start(`127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
  const [host = '', port = ''] = proxy.address.split(':');
  const client = connect({ host, port: Number(port) });
  client.on('error', () => undefined);
  let answers = '';
  client.on('data', (chunk) => {
    answers += chunk.toString();
  });
  await once(client, 'connect');
  stops.push(async () => {
    client.destroy();
    await proxy.stop();
    await new Promise((resolve) => server.close(resolve));
  });
  return { proxy, got: () => got, client, answers: () => answers };
}

const ping = '*1\r\n$4\r\nPING\r\n';

describe('between operator and Redis, a proxy', () => {
  test('that is told nothing passes every byte', async () => {
    const { client, ...store } = await aStore();
    client.write(ping);
    await once(client, 'data');
    expect(store.got()).toBe(ping);
    expect(store.answers()).toBe('+*1 $4 PING \r\n');
  });

  test('passes nothing while it is frozen, and everything in order afterwards', async () => {
    const { client, proxy, ...store } = await aStore();
    proxy.set({ kind: 'Freeze' });
    client.write('one');
    await new Promise((resolve) => setTimeout(resolve, 30));
    client.write('two');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(store.got()).toBe('');
    proxy.set(undefined);
    await once(client, 'data');
    expect(store.got()).toBe('onetwo');
  });

  test('answers every command itself where it is told to', async () => {
    const { client, proxy, ...store } = await aStore();
    proxy.set({ kind: 'Answer', error: 'LOADING it is' });
    client.write(ping + ping.slice(0, 5));
    await once(client, 'data');
    client.write(ping.slice(5));
    await once(client, 'data');
    expect(store.answers()).toBe('-LOADING it is\r\n-LOADING it is\r\n');
    expect(store.got()).toBe('');
  });

  test.each(['Refuse', 'Partial'] as const)('breaks the connection under %s', async (kind) => {
    const { client, proxy, ...store } = await aStore();
    proxy.set({ kind });
    client.write(ping);
    await once(client, 'close');
    expect(store.answers().length).toBe(kind === 'Partial' ? 7 : 0);
  });

  test('counts whole commands, wherever the bytes are split', () => {
    const set = '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n';
    const bytes = Buffer.from(`${ping}${set}${ping}`);
    for (let at = 0; at <= bytes.byteLength; at += 1) {
      const first = takeCommands(bytes.subarray(0, at));
      const second = takeCommands(Buffer.concat([first.rest, bytes.subarray(at)]));
      expect(first.count + second.count).toBe(3);
      expect(second.rest.byteLength).toBe(0);
    }
  });
});
