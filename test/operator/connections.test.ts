import { afterEach, describe, expect, test } from '@jest/globals';
import { KubeClient } from '../../src/kube/client.ts';
import { type Resolved, resolveConnections } from '../../src/operator/connections.ts';
import { json, ScriptedServer } from '../kube/scripted-server.ts';
import { aClusterSpec } from '../manifests/a-cluster-spec.ts';

const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'livekit-keys': { apiKey: 'key', apiSecret: 'secret' },
  redis: { password: 'of-the-servers', own: 'of-the-operator' },
};

let server: ScriptedServer | undefined;
afterEach(async () => await server?.stop());

async function resolved(redis: object): Promise<Resolved> {
  server = await ScriptedServer.start((request, response) => {
    const name = request.url.pathname.split('/').at(-1) ?? '';
    const data = Object.entries(secrets[name] ?? {}).map(([key, value]) => [key, btoa(value)]);
    json(response, 200, { kind: 'Secret', metadata: { name }, data: Object.fromEntries(data) });
  });
  const spec = aClusterSpec({ redis: { ...redis } });
  return await resolveConnections(new KubeClient(server.http()), 'rooms', spec);
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
