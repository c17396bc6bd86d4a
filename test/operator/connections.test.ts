import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubeClient } from '../../src/kube/client.ts';
import { type Resolved, resolveConnections, resolveMetricsLogin } from '../../src/operator/connections.ts';
import { json, ScriptedServer } from '../kube/scripted-server.ts';
import { aClusterSpec } from '../manifests/a-cluster-spec.ts';

const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'livekit-keys': { apiKey: 'key', apiSecret: 'secret' },
  redis: { password: 'of-the-servers', own: 'of-the-operator' },
  metrics: { password: 'of-the-metrics' },
};

let server: ScriptedServer;
let client: KubeClient;

beforeEach(async () => {
  server = await ScriptedServer.start((request, response) => {
    const name = request.url.pathname.split('/').at(-1) ?? '';
    const data = Object.entries(secrets[name] ?? {}).map(([key, value]) => [key, btoa(value)]);
    json(response, 200, { kind: 'Secret', metadata: { name }, data: Object.fromEntries(data) });
  });
  client = new KubeClient(server.http());
});
afterEach(async () => await server.stop());

async function resolved(redis: object, mediaNodes: object = {}): Promise<Resolved> {
  const spec = aClusterSpec({ redis: { ...redis }, mediaNodes: { ...mediaNodes } });
  return await resolveConnections(client, 'rooms', spec);
}

const auth = { username: 'servers', passwordSecretRef: { name: 'redis', key: 'password' } };
const operatorAuth = { username: 'operator', passwordSecretRef: { name: 'redis', key: 'own' } };
const servers = { username: 'servers', password: 'of-the-servers' };
const operator = { username: 'operator', password: 'of-the-operator' };

describe('the logins of Redis', () => {
  test.each([
    ['none', {}, undefined, undefined],
    ['one for all', { auth }, servers, servers],
    ['one each', { auth, operatorAuth }, servers, operator],
    ['one for the operator alone', { operatorAuth }, undefined, operator],
  ])('are told apart: %s', async (_, logins, ofServers, ofOperator) => {
    const found = await resolved(logins);
    if (found.kind !== 'Resolved') throw new Error('not resolved');
    expect(found.connections.redis.auth).toEqual(ofServers);
    expect(found.connections.operatorRedis.auth).toEqual(ofOperator);
  });

  test('are a fault that names the field where a Secret has no such key', async () => {
    const missing = { passwordSecretRef: { name: 'redis', key: 'nothing' } };
    expect(await resolved({ auth, operatorAuth: missing })).toMatchObject({
      kind: 'Faulty',
      problems: [{ field: 'spec.redis.operatorAuth.passwordSecretRef' }],
    });
  });
});

describe('the login of the metrics port', () => {
  const ref = { name: 'metrics', key: 'password' };

  test.each([
    ['none', {}, {}],
    [
      'one in the config',
      { config: { prometheus: { username: 'a', password: 'b' } } },
      { username: 'a', password: 'b' },
    ],
    [
      'one in a Secret',
      { metricsAuth: { username: 'ana', passwordSecretRef: ref } },
      { username: 'ana', password: 'of-the-metrics' },
    ],
  ])('is resolved: %s', async (_, mediaNodes, login) => {
    expect(await resolved({}, mediaNodes)).toMatchObject({ connections: { metricsLogin: login } });
    const source = aClusterSpec({ mediaNodes }).mediaNodes;
    expect(await resolveMetricsLogin(client, 'rooms', source)).toEqual(login);
  });

  test('is a fault that names the field where the Secret has no such key, and unknown for nodes that run', async () => {
    const metricsAuth = { username: 'ana', passwordSecretRef: { ...ref, key: 'gone' } };
    expect(await resolved({}, { metricsAuth })).toMatchObject({
      kind: 'Faulty',
      problems: [{ field: 'spec.mediaNodes.metricsAuth.passwordSecretRef' }],
    });
    expect(await resolveMetricsLogin(client, 'rooms', { metricsAuth })).toBeUndefined();
  });
});
