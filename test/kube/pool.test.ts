import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KubeHttp } from '../../src/kube/http.ts';
import { KubeConfigConnector, KubeConfigError, loadKubeConfig } from '../../src/kube/pool.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { json, ScriptedServer } from './scripted-server.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'kube-pool-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

/** As the client builds it from a Pod's service account, with paths of the test. */
function configWith(server: string, user: object): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server, skipTLSVerify: server.startsWith('http:') }],
    users: [{ name: 'u', ...user }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u', namespace: 'media\n' }],
    currentContext: 'x',
  });
  return config;
}

describe('the connection to the API server', () => {
  test('sends a rotated service account token after a minute, or at once when the old one is refused', async () => {
    const tokenFile = path.join(dir, 'token');
    let accepted = ['first', 'second'];
    const server = await ScriptedServer.start((seen, response) => {
      const token = seen.headers.authorization?.replace('Bearer ', '') ?? '';
      json(response, accepted.includes(token) ? 200 : 401, { token });
    });
    const runtime = new FakeRuntime();
    const user = { authProvider: { name: 'tokenFile', config: { tokenFile } } };
    const connector = new KubeConfigConnector(configWith(server.url, user), runtime);
    const http = new KubeHttp(connector, { runtime });
    const tokenSent = async (): Promise<unknown> =>
      await http.request({ method: 'PUT', path: '/x', body: {} });

    await writeFile(tokenFile, 'first\n');
    const before = await tokenSent();
    await writeFile(tokenFile, 'second\n');
    const cached = await tokenSent();
    runtime.freeze(60_000);
    const rotated = await tokenSent();
    await writeFile(tokenFile, 'third\n');
    accepted = ['third'];
    const retry = tokenSent();
    while (server.seen.length < 4) await new Promise((resolve) => setImmediate(resolve));
    const pending = setInterval(() => void runtime.advance(1), 1);
    const replaced = await retry;
    clearInterval(pending);

    expect([before, cached, rotated, replaced]).toEqual(
      ['first', 'first', 'second', 'third'].map((token) => ({ token })),
    );
    expect(http.namespace).toBe('media');
    await http.close();
    await server.stop();
  });

  test('shares one pool between clients of one server and identity, and drops it with the last of them', async () => {
    const runtime = new FakeRuntime();
    const connect = (token: string, server = 'https://localhost:1') =>
      new KubeConfigConnector(configWith(server, { token }), runtime);
    const one = connect('one');
    const two = connect('two');
    const other = connect('one', 'https://localhost:2');
    const poolOf = async (connector: KubeConfigConnector) => (await connector.connection()).dispatcher;

    const shared = await poolOf(one);
    expect(await poolOf(two)).toBe(shared);
    expect(await poolOf(other)).not.toBe(shared);
    await one.close();
    expect(await poolOf(two)).toBe(shared);
    await expect(one.connection()).rejects.toBeInstanceOf(KubeConfigError);
    await two.close();
    await other.close();
    const anew = connect('one');
    expect(await poolOf(anew)).not.toBe(shared);
    await anew.close();
  });

  test('says which kubeconfig cannot be read, and that one names no cluster', async () => {
    const file = path.join(dir, 'empty');
    await writeFile(file, JSON.stringify({ clusters: [], users: [], contexts: [] }));

    expect(() => loadKubeConfig(path.join(dir, 'missing'))).toThrow(/cannot read the kubeconfig .*missing/);
    expect(() => KubeHttp.fromKubeConfig(file)).toThrow(KubeConfigError);
  });

  test('that cannot be made is unreachable, without a word of the credentials', async () => {
    const config = configWith('http://127.0.0.1:1', { token: 'very-secret' });
    const http = new KubeHttp(new KubeConfigConnector(config, new FakeRuntime()));

    const failure: unknown = await http
      .request({ method: 'PUT', path: '/x', body: {} })
      .catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: 'Unreachable', message: 'PUT /x: ECONNREFUSED' });
    expect(JSON.stringify(failure)).not.toContain('very-secret');
    await http.close();
  });
});
