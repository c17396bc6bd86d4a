import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { UsageError } from '../../src/cli/cli-error.ts';
import { choosePolicies, choosePolicy } from '../../src/cli/policy-choice.ts';
import { root } from './run-cli.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'ovm-policy-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(text: string, name = 'policy.yaml'): string {
  const where = path.join(dir, name);
  writeFileSync(where, text);
  return where;
}

const unsaid = { capacity: undefined, nodesMin: undefined, nodesMax: undefined };
const sample = path.join(root, 'docs/samples/openviducluster.yaml');

function manifest(max: number): string {
  return JSON.stringify({
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduCluster',
    metadata: { name: 'media' },
    spec: {
      redis: { standalone: { address: 'redis:6379' } },
      server: { credentialsSecretRef: { name: 'api' } },
      mediaNodes: { min: 1, max, template: { spec: { containers: [{ name: 'livekit' }] } } },
    },
  });
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return 'nothing was wrong';
}

describe('a policy is chosen', () => {
  test('by the name of a baseline', () => {
    expect(choosePolicy('static-4', unsaid)).toMatchObject({
      policy: { kind: 'Baseline', label: 'static-4' },
      capacity: 200,
      nodesMin: 1,
      nodesMax: 100,
    });
  });

  test('by the name of the product, with the defaults of the resource and the size of the command line', () => {
    const { policy } = choosePolicy('governor', { capacity: 50, nodesMin: 2, nodesMax: 9 });

    expect(policy).toMatchObject({
      kind: 'Governor',
      spec: {
        mode: 'Enforce',
        minNodes: 2,
        maxNodes: 9,
        capacity: { participants: 50 },
        targets: [{ kind: 'Participants', utilization: 0.7 }],
      },
    });
  });

  test('by a manifest, which also says how large the fleet is', () => {
    expect(choosePolicy(sample, unsaid)).toMatchObject({ capacity: 250, nodesMin: 2, nodesMax: 10 });
  });

  test('by a manifest whose size the command line overrides', () => {
    expect(choosePolicy(sample, { ...unsaid, nodesMax: 20 })).toMatchObject({ nodesMin: 2, nodesMax: 20 });
  });

  test.each([
    ['alone', 'headroom: { slots: 50 }\n'],
    ['under its name', 'autoscaling:\n  headroom: { slots: 50 }\n'],
    ['as JSON', '{"headroom": {"slots": 50}}'],
    ['in DryRun, which a simulation is anyway', 'mode: DryRun\nheadroom: { slots: 50 }\n'],
  ])('by spec.autoscaling %s', (_, text) => {
    const { policy } = choosePolicy(file(text), unsaid);

    expect(policy).toMatchObject({ spec: { mode: 'Enforce', headroom: { slots: 50 } } });
  });
});

const wrong: Readonly<Record<string, readonly [text: string, says: string]>> = {
  'an empty file': ['', 'is empty'],
  'a comment alone': ['# nothing\n', 'is empty'],
  'broken YAML': ['a: [1\n', 'line 2, column 1 is no YAML'],
  'plain text': ['hello\n', 'line 1, column 1: this is no policy'],
  'another kind': ['kind: Pod\n', 'line 1, column 7: kind must be OpenViduCluster'],
  'two documents': ['a: 1\n---\nb: 2\n', 'several documents'],
  'an unknown field': [
    'mode: Enforce\nheadrom: {}\n',
    'line 2, column 1: spec.autoscaling.headrom is no field',
  ],
  'a wrong value': ['headroom:\n  slots: -1\n', 'line 2, column 10: spec.autoscaling.headroom.slots is -1'],
  'a wrong choice': [
    'targets:\n  - type: Foo\n',
    'line 2, column 11: spec.autoscaling.targets[0].type is "Foo"',
  ],
  'a missing field': [
    'targets:\n  - utilizationPercent: 70\n',
    'line 2, column 5: spec.autoscaling.targets[0].type',
  ],
  'a missing part of a manifest': [
    'kind: OpenViduCluster\nspec: {}\n',
    'line 2, column 7: spec.redis is missing',
  ],
  'what only the operator can see': [
    'headroom:\n  slots: 10000000\n',
    'line 2, column 10: spec.autoscaling.headroom.slots: 10000000 free slots are asked for',
  ],
  'an unknown time zone': [
    'autoscaling:\n  schedules:\n  - {name: a, timeZone: No/Where, start: "0 8 * * *", duration: 2h, minNodes: 1}\n',
    'line 3, column 25: spec.autoscaling.schedules[0].timeZone: "No/Where" is no IANA time zone',
  ],
};

describe('a policy file is refused with its place for', () => {
  test.each(Object.entries(wrong))('%s', (_, [text, says]) => {
    expect(messageOf(() => choosePolicy(file(text), unsaid))).toContain(says);
  });
});

describe('policies that are compared', () => {
  test('all get the size that the one manifest says', () => {
    const fleets = choosePolicies(['governor', sample, 'hpa'], unsaid);

    expect(fleets.map(({ capacity, nodesMin, nodesMax }) => [capacity, nodesMin, nodesMax])).toEqual(
      fleets.map(() => [250, 2, 10]),
    );
  });

  test('may not come with different sizes', () => {
    const files = [file(manifest(3), 'a.json'), file(manifest(4), 'b.json')];

    expect(messageOf(() => choosePolicies(files, unsaid))).toContain('the manifests differ');
  });
});
