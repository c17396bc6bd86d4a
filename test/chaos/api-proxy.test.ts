/** The proxy between operator and API server: told nothing they change nothing, and each fault does what it says. */
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ApiProxy } from '../../lab/chaos/api-proxy.ts';
import { lastWords } from '../../lab/chaos/api-stream.ts';
import { isStep, readCall, uidIn } from '../../lab/chaos/api-path.ts';
import { ScriptedServer } from '../kube/scripted-server.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

describe('a request is read as the API server reads it:', () => {
  test.each([
    ['GET', '/api/v1/namespaces/a/pods?limit=5', 'list', 'pods', 'a', '', ''],
    ['GET', '/api/v1/pods?watch=true&resourceVersion=7', 'watch', 'pods', '', '', ''],
    ['GET', '/api/v1/namespaces/a/pods/one', 'get', 'pods', 'a', 'one', ''],
    ['POST', '/api/v1/namespaces/a/pods', 'create', 'pods', 'a', '', ''],
    [
      'PATCH',
      '/apis/openvidu.io/v1alpha1/namespaces/a/openviduclusters/x/status',
      'patch',
      'openviduclusters',
      'a',
      'x',
      'status',
    ],
    ['DELETE', '/api/v1/namespaces/a/pods/one', 'delete', 'pods', 'a', 'one', ''],
    ['PATCH', '/api/v1/nodes/m', 'patch', 'nodes', '', 'm', ''],
    ['GET', '/api/v1/namespaces/a', 'get', 'namespaces', '', 'a', ''],
    ['GET', '/readyz', 'other', '', '', '', ''],
  ])('%s %s', (method, url, verb, resource, namespace, name, subresource) => {
    expect(readCall(method, url)).toEqual({ verb, resource, namespace, name, subresource });
  });

  test('Leases, Events and reads are no steps of the work', () => {
    const step = (method: string, url: string): boolean => isStep(readCall(method, url));
    expect(step('POST', '/api/v1/namespaces/a/pods')).toBe(true);
    expect(step('PUT', '/apis/coordination.k8s.io/v1/namespaces/a/leases/l')).toBe(false);
    expect(step('POST', '/apis/events.k8s.io/v1/namespaces/a/events')).toBe(false);
    expect(step('GET', '/api/v1/namespaces/a/pods')).toBe(false);
  });

  test('the uid in the preconditions of a deletion is found, and nothing elsewhere', () => {
    expect(uidIn(Buffer.from('{"preconditions":{"uid":"u"}}'))).toBe('u');
    expect(['', '{}', 'no json'].map((body) => uidIn(Buffer.from(body)))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('of what was held back as unobserved', () => {
  const line = (type: string, uid: string, at: number): string =>
    `${JSON.stringify({ type, object: { metadata: { uid, resourceVersion: String(at) } } })}\n`;

  test('the last state of each object is shown, and what came and went is not', () => {
    const held = [
      line('ADDED', 'a', 1),
      line('MODIFIED', 'b', 2),
      line('MODIFIED', 'a', 3),
      line('ADDED', 'c', 4),
      line('DELETED', 'c', 5),
      line('DELETED', 'b', 6),
      line('BOOKMARK', '', 7),
    ];
    expect(lastWords(held)).toEqual([line('ADDED', 'a', 3), line('DELETED', 'b', 6)]);
  });
});

interface Api {
  readonly proxy: ApiProxy;
  seen(): readonly string[];
  /** Writes into the open watch. */
  event(text: string): void;
}

/** An API server that answers what it was asked with what it got. */
async function anApi(): Promise<Api> {
  let watch: ServerResponse | undefined;
  const server = await ScriptedServer.start(({ method, url }, response) => {
    response.writeHead(method === 'POST' ? 201 : 200, {
      'content-type': 'application/json',
      'x-own': 'kept',
    });
    if (url.searchParams.has('watch')) {
      response.flushHeaders();
      watch = response;
    } else response.end(`{"asked":"${url.pathname}${url.search}"}`);
  });
  const proxy = await ApiProxy.start({ upstream: server.url, ca: () => '' });
  stops.push(async () => {
    await proxy.stop();
    await server.stop();
  });
  const seen = (): readonly string[] =>
    server.seen.map(({ method, url, headers, body }) => {
      return [method, url.pathname + url.search, headers.authorization, body].filter(Boolean).join(' ');
    });
  return { proxy, seen, event: (text) => void watch?.write(text) };
}

const pods = '/api/v1/namespaces/a/pods';
const post = { method: 'POST', body: '{"kind":"Pod"}', headers: { authorization: 'Bearer t' } };

describe('between operator and API server, a proxy', () => {
  test('that is told nothing passes method, path, body, credentials, status and headers as they are', async () => {
    const { proxy, ...api } = await anApi();

    const answer = await fetch(`${proxy.url}${pods}?limit=5`, post);

    expect(api.seen()).toEqual([`POST ${pods}?limit=5 Bearer t {"kind":"Pod"}`]);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-own')).toBe('kept');
    expect(await answer.text()).toBe(`{"asked":"${pods}?limit=5"}`);
    expect(proxy.writes).toMatchObject([
      { verb: 'create', resource: 'pods', namespace: 'a', status: 201, step: 1 },
    ]);
  });

  test('runs what is asked for behind the n-th write before its writer hears of it', async () => {
    const { proxy } = await anApi();
    const order: string[] = [];
    proxy.afterStep(2, () => void order.push('behind the second'));

    for (const at of [1, 2, 3]) {
      await fetch(`${proxy.url}${pods}`, post);
      order.push(`answer ${at}`);
    }

    expect(order).toEqual(['answer 1', 'behind the second', 'answer 2', 'answer 3']);
  });

  test.each([
    [{ kind: 'Answer', status: 429, retryAfterSeconds: 1, to: 'All' }, 429],
    [{ kind: 'Answer', status: 503, to: 'Writes' }, 503],
    [{ kind: 'Answer', status: 500, to: 'Reads' }, 201],
  ] as const)('answers writes under %j with %d', async (fault, status) => {
    const { proxy, ...api } = await anApi();
    proxy.set(fault);
    const answer = await fetch(`${proxy.url}${pods}`, post);
    expect(answer.status).toBe(status);
    expect(api.seen()).toHaveLength(status === 201 ? 1 : 0);
  });

  test.each([
    ['LoseRequest', 0],
    ['LoseAnswer', 1],
    ['Refuse', 0],
  ] as const)('breaks writes under %s, of which %d reach the server', async (kind, reached) => {
    const { proxy, ...api } = await anApi();
    proxy.set({ kind });
    await expect(fetch(`${proxy.url}${pods}`, post)).rejects.toThrow('fetch failed');
    expect(api.seen()).toHaveLength(reached);
    expect(proxy.steps).toBe(reached);
  });

  test('answers nothing while it is frozen, and everything afterwards', async () => {
    const { proxy, ...api } = await anApi();
    proxy.set({ kind: 'Freeze' });
    const asking = fetch(`${proxy.url}${pods}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(api.seen()).toEqual([]);

    proxy.set(undefined);

    expect((await asking).status).toBe(200);
  });

  test('asks for lists as they were, and shows credentials that nobody knows', async () => {
    const { proxy, ...api } = await anApi();
    proxy.set({ kind: 'Stale', version: '42' });
    await fetch(`${proxy.url}${pods}?limit=5`);
    proxy.set({ kind: 'BadCredentials' });
    await fetch(`${proxy.url}${pods}`, { headers: { authorization: 'Bearer t' } });
    expect(api.seen()).toEqual([
      `GET ${pods}?limit=5&resourceVersion=42&resourceVersionMatch=Exact`,
      `GET ${pods} Bearer nobody-knows-this-one`,
    ]);
  });

  test('holds events back and lets them out in order', async () => {
    const { proxy, ...api } = await anApi();
    const { body } = await fetch(`${proxy.url}${pods}?watch=true`);
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    api.event('{"n":1}\n');
    expect((await reader?.read())?.value).toBe('{"n":1}\n');

    proxy.set({ kind: 'HoldEvents' });
    api.event('{"n":2}\n{"n":3}\n');
    const next = reader?.read();
    expect(await Promise.race([next, new Promise((resolve) => setTimeout(resolve, 50, 'nothing'))])).toBe(
      'nothing',
    );
    proxy.set(undefined);

    let text = (await next)?.value ?? '';
    while (!text.includes('3')) text += (await reader?.read())?.value ?? '';
    expect(text).toBe('{"n":2}\n{"n":3}\n');
  });

  test('tells every watch that its version is too old, and cuts those that stand', async () => {
    const { proxy } = await anApi();
    const standing = await fetch(`${proxy.url}${pods}?watch=true`);
    proxy.set({ kind: 'Expire' });
    await expect(standing.text()).rejects.toThrow('terminated');
    const told = await fetch(`${proxy.url}${pods}?watch=true`);
    expect(await told.text()).toMatch(/^\{"type":"ERROR","object":\{.*"code":410\}\}\n$/);
  });

  test('cuts a watch in the middle of an event', async () => {
    const { proxy } = await anApi();
    const { body } = await fetch(`${proxy.url}${pods}?watch=true`);
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    expect(proxy.cutStreams(true)).toBe(1);
    const first = await reader?.read();
    expect(first?.value).toMatch(/^\{"type"/);
    expect(first?.value).not.toContain('\n');
    await expect(reader?.read()).rejects.toThrow('terminated');
  });
});
