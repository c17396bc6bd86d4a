import { request } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  startTelemetryServer,
  type TelemetryServer,
  type TelemetryServerOptions,
} from '../../src/telemetry/server.ts';

const servers: TelemetryServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop(0)));
});

const well = () => ({ ok: true, why: 'all is well' });

async function start(options: Partial<TelemetryServerOptions> = {}): Promise<TelemetryServer> {
  const metrics = { text: () => Promise.resolve('x 1\n'), contentType: 'text/plain; version=0.0.4' };
  const server = await startTelemetryServer({
    port: 0,
    host: '127.0.0.1',
    live: {},
    ready: {},
    metrics,
    ...options,
  });
  servers.push(server);
  return server;
}

interface Reply {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

function ask({ port }: TelemetryServer, path: string, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, type: response.headers['content-type'], body }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('health', () => {
  test('is well where every check is, and says what was found', async () => {
    const server = await start({ live: { loop: well }, ready: { cache: well, lease: well } });

    expect(await ask(server, '/livez')).toMatchObject({ status: 200, body: '[+] loop: all is well\n' });
    expect(await ask(server, '/readyz?verbose')).toMatchObject({
      status: 200,
      body: '[+] cache: all is well\n[+] lease: all is well\n',
    });
  });

  test('is not well where one check is not, without harm to the other page', async () => {
    const server = await start({
      live: { loop: well },
      ready: { cache: () => ({ ok: false, why: 'not filled yet' }), lease: well },
    });

    expect(await ask(server, '/readyz')).toMatchObject({
      status: 503,
      body: '[-] cache: not filled yet\n[+] lease: all is well\n',
    });
    expect((await ask(server, '/livez')).status).toBe(200);
  });

  test('counts a check that throws as failed and keeps its message to itself', async () => {
    const broken = () => {
      throw new RangeError('password hunter2');
    };
    const reply = await ask(await start({ live: { loop: broken } }), '/livez');

    expect(reply).toMatchObject({ status: 503, body: '[-] loop: the check itself failed: RangeError\n' });
  });
});

test('metrics come with the type that Prometheus expects', async () => {
  expect(await ask(await start(), '/metrics')).toEqual({
    status: 200,
    type: 'text/plain; version=0.0.4',
    body: 'x 1\n',
  });
});

test('metrics that cannot be made are an error, and the server lives on', async () => {
  const server = await start({
    metrics: { text: () => Promise.reject(new Error('secret')), contentType: 'x' },
  });

  expect(await ask(server, '/metrics')).toMatchObject({ status: 500, body: '/metrics failed: Error\n' });
  expect((await ask(server, '/livez')).status).toBe(200);
});

test('the journal is there only where it was given', async () => {
  const path = '/journal?cluster=media/c';

  expect((await ask(await start(), path)).status).toBe(404);
  expect(await ask(await start({ journal: () => ['{"a":1}\n'] }), path)).toEqual({
    status: 200,
    type: 'application/x-ndjson',
    body: '{"a":1}\n',
  });
});

test.each([
  ['GET', '/', 404, 'not found\n'],
  ['GET', '/metrics/', 404, 'not found\n'],
  ['GET', '/livez/../metrics', 404, 'not found\n'],
  ['GET', '//metrics', 404, 'not found\n'],
  ['POST', '/metrics', 405, 'only GET and HEAD\n'],
  ['DELETE', '/livez', 405, 'only GET and HEAD\n'],
  ['GET', '/livez', 200, 'ok\n'],
  ['HEAD', '/livez', 200, ''],
])('%s %s is answered with %i', async (method, path, status, body) => {
  expect(await ask(await start(), path, method)).toMatchObject({ status, body });
});

test('a port that is taken is an error with its code', async () => {
  const { port } = await start();

  await expect(start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

describe('stopping', () => {
  test('lets an answer under way finish and takes no new request', async () => {
    let finish = (): void => undefined;
    let begun = (): void => undefined;
    const underWay = new Promise<void>((resolve) => (begun = resolve));
    const text = () => {
      begun();
      return new Promise<string>((resolve) => (finish = () => resolve('late 1\n')));
    };
    const server = await start({ metrics: { text, contentType: 'text/plain' } });
    const reply = ask(server, '/metrics');
    await underWay;

    const stopped = server.stop(10_000);
    finish();

    expect((await reply).body).toBe('late 1\n');
    await stopped;
    await expect(ask(server, '/livez')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('ends an answer that takes longer than the grace', async () => {
    let begun = (): void => undefined;
    const underWay = new Promise<void>((resolve) => (begun = resolve));
    const text = () => {
      begun();
      return new Promise<string>(() => undefined);
    };
    const server = await start({ metrics: { text, contentType: 'text/plain' } });
    const outcome = ask(server, '/metrics').then(
      () => 'answered',
      (error: unknown) => error,
    );
    await underWay;

    await server.stop(0);

    expect(await outcome).toMatchObject({ code: 'ECONNRESET' });
  });
});
