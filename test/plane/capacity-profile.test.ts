/** Capacity profiles on a real API server and a real Redis, from the manifest to the size of a fleet. No node runs. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { type LocalRedis, startRedis } from '../../lab/local-redis.ts';
import type { OpenViduCapacityProfile, OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { CLUSTERS } from '../../src/operator/cluster-type.ts';
import { PROFILES } from '../../src/operator/profile-type.ts';
import { type Ran, runCli } from '../cli/run-cli.ts';
import { type Plane, startPlane } from '../../lab/plane/plane.ts';
import { rightSpec, wrongProfiles } from './profile-wrong.ts';
import { define, leadFleets, makeFleet, makeKeys, until } from '../../lab/plane/steps.ts';

jest.setTimeout(90_000);

const namespace = 'default';
let plane: Plane;
let redis: LocalRedis;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [plane, redis] = await Promise.all([startPlane(), startRedis()]);
  await define(plane.client, 'openviducluster', 'openviducapacityprofile');
  await makeKeys(plane.client, namespace);
});
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
  await redis?.stop();
  await plane?.stop();
});

function manifest(name: string, spec: object): OpenViduCapacityProfile {
  const apiVersion = 'openvidu.io/v1alpha1';
  return {
    apiVersion,
    kind: 'OpenViduCapacityProfile',
    metadata: { name, namespace },
    spec,
  } as OpenViduCapacityProfile;
}

describe('the definition', () => {
  const tryOut = (body: object): Promise<unknown> => {
    const path = `/apis/openvidu.io/v1alpha1/namespaces/${namespace}/openviducapacityprofiles`;
    const query = { fieldValidation: 'Strict', dryRun: 'All' };
    return plane.client.http.request({ method: 'POST', path, query, body });
  };

  test.each(wrongProfiles)('refuses a profile with $name, and says what to do', async ({ spec, says }) => {
    const refusal = await tryOut(manifest('wrong', { ...rightSpec, ...spec })).then(
      () => 'it was taken',
      (error: unknown) => String(error),
    );
    expect(refusal).toContain(says[0]);
    expect(refusal).toContain(says[1]);
  });

  test('takes the sample, and fills in that it is only proposed', async () => {
    const sample = parse(await readFile('docs/samples/openviducapacityprofile.yaml', 'utf8')) as object;
    expect(await tryOut(sample)).toMatchObject({ spec: { mode: 'Propose' } });
    expect(await tryOut(manifest('bare', { shapes: rightSpec.shapes }))).toMatchObject({
      spec: { mode: 'Propose', match: {} },
    });
  });
});

/** The whole operator but for its lease. */
function operate(): void {
  stops.push(leadFleets(new KubeClient(plane.http())).stop);
}

async function make(name: string, db: number, profile: string): Promise<void> {
  const capacity = { participants: 100, profileRef: { name: profile } };
  const redisNow = { standalone: { address: redis.address, db } };
  await makeFleet(plane.client, { name, namespace }, { redis: redisNow, mediaNodes: { capacity } });
}

async function capacity(name: string) {
  const cluster = await plane.client.get<OpenViduCluster>(CLUSTERS, { name, namespace });
  const known = cluster.status?.conditions?.find(({ type }) => type === 'CapacityKnown');
  return {
    now: cluster.status?.capacity,
    known: `${known?.status} ${known?.reason}`,
    message: known?.message,
  };
}

async function conditionsOf(name: string): Promise<Readonly<Record<string, string>>> {
  const { status } = await plane.client.get(PROFILES, { name, namespace });
  return Object.fromEntries(
    (status?.conditions ?? []).map(({ type, status: is, reason }) => [type, `${is} ${reason}`]),
  );
}

const cli = (...args: readonly string[]): Promise<Ran> =>
  runCli(['--kubeconfig', plane.kubeconfig, '-n', namespace, ...args]);

describe('a fleet that asks for a profile', () => {
  beforeAll(async () => {
    operate();
    await make('calls', 1, 'measured');
  });

  test('keeps to the given figures while there is none, and says where to put it', async () => {
    const { now, message } = await until('the status tells of it', async () => {
      const told = await capacity('calls');
      return told.known === 'False ProfileMissing' ? told : undefined;
    });
    expect(now).toEqual({ participants: 100, profile: 'measured', state: 'Missing' });
    expect(message).toContain('There is no OpenViduCapacityProfile measured in namespace default: create it');
  });

  test('keeps to them while it is only proposed', async () => {
    await plane.client.create(PROFILES, manifest('measured', rightSpec));
    await until('it is noticed', async () => (await capacity('calls')).known === 'False ProfileProposed');
    await until('the profile tells', async () => {
      const told = await conditionsOf('measured');
      return told['Approved'] === 'False ProfileProposed' && told['InUse'] === 'False ProfileProposed';
    });
  });

  test('follows it when somebody approves it, and shows it', async () => {
    expect(await cli('profile', 'approve', 'measured')).toMatchObject({
      code: 0,
      stdout: 'measured is approved\n',
    });
    await until('it is followed', async () => {
      const { now } = await capacity('calls');
      return now?.state === 'Applied' && now.participants === 30;
    });
    await until('the profile tells by whom', async () => {
      const { status } = await plane.client.get(PROFILES, { name: 'measured', namespace });
      return status?.usedBy?.includes('calls') === true;
    });
    expect(await conditionsOf('measured')).toMatchObject({
      InUse: 'True ProfileInUse',
      Drifted: 'False ProfileHolds',
    });
    expect((await cli('profile', 'list')).stdout).toMatch(
      /measured +Apply +pion +3 rooms of conference-10 +calls +-/,
    );
    expect((await cli('status')).stdout).toContain(
      '30 participants a node, profile measured: Applied. Room for 0 more rooms of 10 (conference-10).',
    );
  });

  test('follows its changes, and writes nothing while there are none', async () => {
    const shapes = [{ name: 'conference-10', participantsPerRoom: 10, rooms: 9, lower95: 8 }];
    await plane.client.patchMerge(PROFILES, { name: 'measured', namespace }, { spec: { shapes } });
    await until('it is followed', async () => (await capacity('calls')).now?.participants === 80);
    const version = async () =>
      (await plane.client.get(PROFILES, { name: 'measured', namespace })).metadata.resourceVersion;
    const settled = await until('the profile is at rest', async () => {
      const before = await version();
      await delay(1500);
      return before === (await version()) ? before : undefined;
    });
    await delay(1500);
    expect(await version()).toBe(settled);
  });

  test('goes back to the given figures when the approval is withdrawn, and when the profile goes', async () => {
    expect((await cli('profile', 'approve', 'measured', '--withdraw')).code).toBe(0);
    await until('it is noticed', async () => (await capacity('calls')).now?.participants === 100);
    await plane.client.delete(PROFILES, { name: 'measured', namespace });
    await until(
      'that is noticed too',
      async () => (await capacity('calls')).known === 'False ProfileMissing',
    );
  });
});

describe('the command', () => {
  test('shows one profile with its evidence, as text and as JSON', async () => {
    const sample = parse(
      await readFile('docs/samples/openviducapacityprofile.yaml', 'utf8'),
    ) as OpenViduCapacityProfile;
    const { name } = sample.metadata;
    await plane.client.create(PROFILES, { ...sample, metadata: { name, namespace } });
    const { stdout } = await cli('profile', 'show', name);
    expect(stdout).toContain('mode Propose, measured on m6in.xlarge, 4 cpus, pion, server 1.13');
    expect(stdout).toMatch(/conference-10 +11 +rooms of 10 +10\.2 +102 +Cpu/);
    expect(stdout).toContain('Evidence: rooms-of-10, ');
    const json = JSON.parse((await cli('profile', 'show', name, '-o', 'json')).stdout) as unknown;
    expect(json).toMatchObject({
      name,
      shapes: [{ participants: 102 }, { name: 'live', participants: 481 }],
    });
  });

  test('says which profiles there are when the one asked for is not', async () => {
    expect(await cli('profile', 'approve', 'nothing')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('has no OpenViduCapacityProfile "nothing": it has m6in-xlarge-pion'),
    });
  });
});
