import { afterEach, describe, expect, test } from '@jest/globals';
import { KubeClient } from '../../src/kube/client.ts';
import type { Attempt } from '../../src/kube/http.ts';
import { PODS } from '../../src/kube/resource.ts';
import { ServerTime } from '../../src/kube/server-time.ts';
import { fastRuntime } from './fake-runtime.ts';
import { type Answer, json, ScriptedServer } from './scripted-server.ts';

const runtime = fastRuntime(20);
let servers: readonly ScriptedServer[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

async function aServer(answer: Answer) {
  const started = await ScriptedServer.start(answer);
  servers = [...servers, started];
  const attempts: Attempt[] = [];
  const http = started.http({ runtime, onAttempt: (attempt) => attempts.push(attempt) });
  const codes = (): readonly string[] => attempts.map(({ verb, code }) => `${verb} ${code}`);
  return { server: started, http, codes };
}

/** The given statuses first, then 200. */
function failingFirst(...statuses: readonly number[]): Answer {
  const left = [...statuses];
  return (seen, response) => {
    const status = left.shift();
    if (status === 0) return void response.destroy();
    json(response, status ?? 200, { echo: seen.body }, status === 429 ? { 'retry-after': '1' } : {});
  };
}

describe('a call to the API server', () => {
  test('that is throttled is repeated for any verb with its body intact', async () => {
    const { http, codes } = await aServer(failingFirst(429, 429));
    const body = { metadata: { name: 'x' } };

    const answer = await http.request({ method: 'POST', path: '/x', body });

    expect(answer).toEqual({ echo: JSON.stringify(body) });
    expect(codes()).toEqual(['POST 429', 'POST 429', 'POST 200']);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
    'by %s is not sent by somebody who may not write, and reads are',
    async (method) => {
      const { server } = await aServer((_, response) => json(response, 200, {}));
      const http = server.http({ runtime, mayWrite: () => false });

      await expect(http.request({ method, path: '/x' })).rejects.toMatchObject({ code: 'NotLeading' });
      await http.request({ method: 'GET', path: '/x' });

      expect(server.seen.map((seen) => seen.method)).toEqual(['GET']);
    },
  );

  test('that waited for its connection is asked about again before it goes out, and harms no other', async () => {
    const { server } = await aServer((_, response) => json(response, 200, {}));
    let asked = 0;
    // Still a leader when the call was made, none when the connection was there.
    const http = server.http({ runtime, mayWrite: () => (asked += 1) !== 2 });

    const refused = http.request({ method: 'DELETE', path: '/x', body: {} });
    const read = http.request({ method: 'GET', path: '/y' });

    await expect(refused).rejects.toMatchObject({ code: 'NotLeading' });
    await read;
    await http.request({ method: 'DELETE', path: '/z' });
    expect(server.seen.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
      'GET /y',
      'DELETE /z',
    ]);
  });

  test('brings the time by the server with it, also with a refusal', async () => {
    const serverTime = new ServerTime();
    const { server } = await aServer((_, response) =>
      json(response, 404, {}, { date: 'Sun, 01 Mar 2026 12:00:00 GMT' }),
    );
    const http = server.http({ runtime, serverTime });
    await expect(http.request({ method: 'GET', path: '/x' })).rejects.toMatchObject({ code: 'NotFound' });
    const nowMs = serverTime.wallMs(runtime.clock.elapsedMs()) ?? 0;
    expect(new Date(nowMs).toISOString()).toMatch(/^2026-03-01T12:00:0/);
  });

  test('gives up at once when it is told to wait longer than it has', async () => {
    const { http, codes } = await aServer((_, response) => json(response, 429, {}, { 'retry-after': '60' }));

    const call = http.request({ method: 'GET', path: '/x' });

    await expect(call).rejects.toMatchObject({ code: 'Throttled', retryAfterMs: 60_000 });
    expect(codes()).toEqual(['GET 429']);
  });

  test('that fails on the server or on the wire is repeated for GET', async () => {
    const { http, codes } = await aServer(failingFirst(503, 0, 500));

    await http.request({ method: 'GET', path: '/x' });

    expect(codes()).toEqual(['GET 503', 'GET Unreachable', 'GET 500', 'GET 200']);
  });

  test.each([[503, 'Server'] as const, [0, 'Unreachable'] as const])(
    'that fails with %d is not repeated for a write',
    async (status, code) => {
      const { http, codes } = await aServer(failingFirst(status));

      await expect(http.request({ method: 'PATCH', path: '/x', body: {} })).rejects.toMatchObject({ code });
      expect(codes()).toHaveLength(1);
    },
  );

  test('ends at its limit and says so', async () => {
    const { http, codes } = await aServer(() => undefined);

    const call = http.request({ method: 'GET', path: '/x', query: { token: 'secret' }, timeoutMs: 500 });

    await expect(call).rejects.toMatchObject({ code: 'Timeout', message: 'GET /x: no answer within 500 ms' });
    expect(codes()).toEqual(['GET Timeout']);
  });

  test('ends when its caller says so', async () => {
    const { http } = await aServer(() => undefined);
    const stop = new AbortController();

    const call = http.request({ method: 'GET', path: '/x', signal: stop.signal });
    stop.abort();

    await expect(call).rejects.toMatchObject({ code: 'Cancelled' });
  });

  test('whose token is refused has it read again, once', async () => {
    const { http, server: refusing } = await aServer(failingFirst(401));
    await http.request({ method: 'POST', path: '/x', body: {} });
    expect(refusing.refreshed).toBe(1);

    const { http: other, codes } = await aServer((_, response) => json(response, 401, {}));
    await expect(other.request({ method: 'GET', path: '/x' })).rejects.toMatchObject({
      code: 'Unauthorized',
    });
    expect(codes()).toEqual(['GET 401', 'GET 401']);
  });

  test('that is refused with a page without end is read to its beginning', async () => {
    const { http } = await aServer((_, response) => {
      response.writeHead(403);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(100_000)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });

    await expect(http.request({ method: 'PUT', path: '/x', body: {} })).rejects.toMatchObject({
      code: 'Forbidden',
      message: 'PUT /x: HTTP 403',
    });
  });

  test('that is answered with something else than JSON fails as a server error', async () => {
    const { http } = await aServer((_, response) => void response.writeHead(200).end('<html>'));

    await expect(http.request({ method: 'PUT', path: '/x', body: {} })).rejects.toMatchObject({
      code: 'Server',
    });
  });

  test('can be a stream of lines, cut anywhere, whose half last line is dropped', async () => {
    const { http } = await aServer((_, response) => {
      response.writeHead(200);
      for (const byte of Buffer.from('{"ä":1}\n\n{"b":2}\n{"half')) response.write(Buffer.of(byte));
      response.end();
    });
    let chunks = 0;
    const stream = { path: '/x', signal: new AbortController().signal, onChunk: () => (chunks += 1) };
    const lines: string[] = [];

    for await (const line of await http.stream(stream)) lines.push(line);

    expect(lines).toEqual(['{"ä":1}', '{"b":2}']);
    expect(chunks).toBeGreaterThan(0);
  });

  test('carries preconditions and grace of a delete, and the content type of a patch', async () => {
    const { http, server: answering } = await aServer((_, response) => json(response, 200, {}));
    const client = new KubeClient(http);
    const ref = { name: 'p', namespace: 'n' };

    await client.delete(PODS, ref, { uid: 'u', resourceVersion: '7', gracePeriodSeconds: 0 });
    await client.apply(
      PODS,
      { apiVersion: 'v1', kind: 'Pod', metadata: ref },
      { fieldManager: 'me', force: true },
    );

    const [deletion, apply] = answering.seen;
    expect(JSON.parse(deletion?.body ?? '')).toMatchObject({
      preconditions: { uid: 'u', resourceVersion: '7' },
      gracePeriodSeconds: 0,
    });
    expect(apply?.headers['content-type']).toBe('application/apply-patch+yaml');
    expect(apply?.url.search).toBe('?fieldManager=me&force=true');
    expect(apply?.headers.authorization).toBe('Bearer t');
  });

  test('for a namespaced object needs its namespace', async () => {
    const { http } = await aServer((_, response) => json(response, 200, {}));

    await expect(new KubeClient(http).get(PODS, { name: 'p' })).rejects.toBeInstanceOf(TypeError);
  });
});
