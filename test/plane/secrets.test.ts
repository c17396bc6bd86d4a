/** Values that must never be seen: the operator works and fails with them, and then everything it has said is searched. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import { SECRETS } from '../../src/kube/resource.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { freePorts } from '../../lab/local-process.ts';
import { define, until } from '../../lab/plane/steps.ts';

jest.setTimeout(120_000);

const namespace = 'default';
/** Long enough for every place that asks for a length, and like nothing else. */
const canary = (what: string): string => `canary-${what}-5f0c9d7e3ab14628`;
const canaries = {
  apiKey: canary('api-key'),
  apiSecret: `${canary('api-secret')}-of-more-than-32-bytes`,
  redisPassword: canary('redis-password'),
  wrongPassword: canary('wrong-password'),
  operatorPassword: canary('operator-password'),
  metricsPassword: canary('metrics-password'),
  tlsKey: canary('tls-key'),
  token: canary('bearer-token'),
};
const root = new URL('../..', import.meta.url).pathname;

let plane: Plane;
let redis: LocalRedis;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [plane, redis] = await Promise.all([
    startPlane({ users: [{ token: canaries.token, user: 'operator-without-rights' }] }),
    startRedis({ password: canaries.redisPassword }),
  ]);
  await define(plane.client, 'openviducluster', 'openviduloadtest', 'openviducapacityprofile');
  await keepSecrets();
  await makeClusters();
});
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
  await redis?.stop();
  await plane?.stop();
});

async function keepSecrets(): Promise<void> {
  const pem = (kind: string, text: string): string =>
    `-----BEGIN ${kind}-----\n${Buffer.from(text).toString('base64')}\n-----END ${kind}-----\n`;
  const all: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    keys: { apiKey: canaries.apiKey, apiSecret: canaries.apiSecret },
    redis: {
      right: canaries.redisPassword,
      wrong: canaries.wrongPassword,
      own: canaries.operatorPassword,
    },
    metrics: { password: canaries.metricsPassword },
    pair: { 'tls.crt': pem('CERTIFICATE', 'none'), 'tls.key': pem('PRIVATE KEY', canaries.tlsKey) },
  };
  for (const [name, values] of Object.entries(all)) {
    const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, btoa(value)]));
    await plane.client.create(SECRETS, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      data,
    });
  }
}

const metricsAuth = { username: 'watcher', passwordSecretRef: { name: 'metrics', key: 'password' } };
const password = (key: string): object => ({ passwordSecretRef: { name: 'redis', key } });

/** One that works, and one for each way in which a secret can be refused. */
async function makeClusters(): Promise<void> {
  const logins: Readonly<Record<string, object>> = {
    right: { auth: password('right') },
    wrong: { auth: password('wrong') },
    stranger: { auth: password('right'), operatorAuth: { username: 'nobody', ...password('own') } },
    tls: { auth: password('right'), tls: { clientCertificateSecretRef: { name: 'pair' } } },
  };
  let db = 0;
  for (const [name, login] of Object.entries(logins)) {
    await plane.client.create(CLUSTERS, {
      apiVersion: 'openvidu.io/v1alpha1',
      kind: 'OpenViduCluster',
      metadata: { name, namespace },
      spec: {
        redis: { standalone: { address: redis.address, db }, ...login },
        server: { credentialsSecretRef: { name: 'keys' } },
        // Refused by the API server: a Pod without a name for its container's image is none.
        mediaNodes: { min: 1, max: 2, metricsAuth, template: template(name === 'wrong' ? '' : 'one') },
      },
    });
    db += 1;
  }
}

function template(image: string): object {
  return { spec: { containers: [{ name: 'openvidu', image }] } };
}

interface Operator {
  readonly child: ChildProcess;
  readonly port: number;
  /** All that it has written. */
  said(): string;
  ended(): Promise<number | null>;
}

async function operate(kubeconfig: string, env: Readonly<Record<string, string>> = {}): Promise<Operator> {
  const [port = 0] = await freePorts(1);
  const settings = { OVM_PORT: String(port), OVM_LEADER_ELECTION: 'false', OVM_LOG_LEVEL: 'debug' };
  const child = spawn(process.execPath, ['src/operator/main.ts'], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', KUBECONFIG: kubeconfig, ...settings, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => void (said += text));
  }
  const gone = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  stops.push(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  return { child, port, said: () => said, ended: async () => await gone };
}

async function page(port: number, path: string): Promise<string> {
  const signal = AbortSignal.timeout(10_000);
  return await (await fetch(`http://127.0.0.1:${port}${path}`, { signal })).text();
}

/** Arguments of a process, and of those that it has started. */
function argumentsOf(pid: number): string {
  const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter((child) => child !== ''),
  );
  return [line, ...children.map((child) => argumentsOf(Number(child)))].join('\n');
}

/** Every object but the Secrets, which are there to hold them. */
async function allObjects(): Promise<string> {
  const collections = [
    '/api/v1/namespaces/default/pods',
    '/api/v1/namespaces/default/configmaps',
    '/api/v1/namespaces/default/services',
    '/api/v1/namespaces/default/events',
    '/apis/apps/v1/namespaces/default/controllerrevisions',
    '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
    '/apis/batch/v1/namespaces/default/jobs',
    '/apis/openvidu.io/v1alpha1/namespaces/default/openviduclusters',
    '/apis/openvidu.io/v1alpha1/namespaces/default/openviduloadtests',
    '/apis/openvidu.io/v1alpha1/namespaces/default/openviducapacityprofiles',
  ];
  const http = plane.http();
  const answers = await Promise.all(
    collections.map(async (path) => await http.request<unknown>({ method: 'GET', path })),
  );
  return JSON.stringify(answers);
}

/** The names of the canaries that are in a text, as they are or as Secrets and logins carry them. */
function foundIn(text: string): readonly string[] {
  return Object.entries(canaries).flatMap(([name, value]) => {
    const forms = [value, btoa(value), encodeURIComponent(value), Buffer.from(value).toString('hex')];
    return forms.some((form) => text.includes(form)) ? [name] : [];
  });
}

async function conditionsOf(name: string): Promise<string> {
  const { status } = await plane.client.get(CLUSTERS, { name, namespace });
  return JSON.stringify(status?.conditions ?? []);
}

describe('secrets', () => {
  test('are in nothing that the operator writes while it works and while they are refused', async () => {
    const operator = await operate(plane.kubeconfig);
    await until('a Pod of the fleet that works', async () => {
      return (await allObjects()).includes('right-livekit-') ? true : undefined;
    });
    for (const name of ['wrong', 'stranger', 'tls']) {
      await until(`the status of ${name} says that Redis cannot be read`, async () => {
        return (await conditionsOf(name)).includes('RedisUnavailable') ? true : undefined;
      });
    }
    const { port } = operator;
    const journals = ['right', 'wrong', 'stranger', 'tls'].map(
      async (name) => await page(port, `/journal?cluster=${namespace}/${name}`),
    );
    const pages = await Promise.all(
      ['/metrics', '/livez', '/readyz'].map(async (path) => await page(port, path)),
    );
    const seen = {
      log: operator.said(),
      objects: await allObjects(),
      journal: (await Promise.all(journals)).join('\n'),
      pages: pages.join('\n'),
      argv: argumentsOf(operator.child.pid ?? 0),
    };
    operator.child.kill('SIGTERM');
    expect(await operator.ended()).toBe(0);

    for (const [where, text] of Object.entries(seen)) expect([where, foundIn(text)]).toEqual([where, []]);
    // Else nothing was searched.
    expect(seen.log).toContain('redis connection failed');
    expect(seen.objects).toContain('RedisUnavailable');
    expect(seen.journal).toContain('decision');
    expect(seen.pages).toContain('openvidu_operator_');
    expect(seen.argv).toContain('main.ts');
    const kept = JSON.stringify(await plane.client.list(SECRETS, { namespace }));
    expect(foundIn(kept)).toEqual(expect.arrayContaining(['apiKey', 'apiSecret', 'redisPassword']));
  });

  test('are in nothing that it writes where the API server refuses it everything', async () => {
    const operator = await operate(plane.kubeconfigFor(canaries.token));
    await until('its complaints', async () => {
      return (await Promise.resolve(operator.said())).includes('orbidden') ? true : undefined;
    });
    operator.child.kill('SIGTERM');
    expect(await operator.ended()).toBe(0);
    expect(foundIn(operator.said())).toEqual([]);
  });

  test('are not in the last words of a process that ends by a defect', async () => {
    const taken = await operate(plane.kubeconfig);
    await until('it listens', async () => await page(taken.port, '/livez'));
    const crashed = await operate(plane.kubeconfig, { OVM_PORT: String(taken.port) });
    expect(await crashed.ended()).toBe(1);
    expect(crashed.said()).toMatch(/EADDRINUSE/);
    expect(foundIn(crashed.said())).toEqual([]);
    taken.child.kill('SIGTERM');
    await taken.ended();
  });

  test.each(['thrown later', 'rejected'])('are not on an error of a library that is %s', async (how) => {
    const hung = `Object.assign(new Error('it broke'), { command: { name: 'auth', args: ['${canaries.redisPassword}'] } })`;
    const script = [
      `import { keepLastWordsPlain } from './src/base/last-words.ts';`,
      'keepLastWordsPlain(process);',
      how === 'rejected' ? `void Promise.reject(${hung});` : `setTimeout(() => { throw ${hung}; }, 1);`,
    ].join('\n');
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { cwd: root });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => void (said += text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(1);
    expect(said).toContain('it broke');
    expect(foundIn(said)).toEqual([]);
  });
});
