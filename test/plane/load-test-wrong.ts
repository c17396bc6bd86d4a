/** OpenViduLoadTests that people get wrong, and what the API server must say: which field, and what to do. */

import { readFileSync } from 'node:fs';
import type { NewObject } from '../../src/kube/kinds.ts';

type Changes = Readonly<Record<string, unknown>>;
type Manifest = { readonly [key: string]: unknown };

/** The text of a scenario that is right. */
export const quickScenario = readFileSync('docs/samples/loadtests/quick.yaml', 'utf8');

export interface WrongLoadTest {
  readonly name: string;
  /** New values by path from the root of a right one; `undefined` takes the field out. */
  readonly changes: Changes;
  /** Each must occur in the refusal: the field first, then the remedy. */
  readonly says: readonly [field: string, remedy: string];
}

const url = 'ws://livekit:7880';
const credentialsSecretRef = { name: 'keys' };

/** Refused when they are created. */
export const wrongLoadTests: readonly WrongLoadTest[] = [
  {
    name: 'two targets',
    changes: { 'spec.target.url': url },
    says: ['spec.target:', 'set exactly one of clusterRef and url'],
  },
  {
    name: 'no target',
    changes: { 'spec.target': {} },
    says: ['spec.target:', 'set exactly one of clusterRef and url'],
  },
  {
    name: 'an address without keys',
    changes: { 'spec.target': { url } },
    says: ['spec.target.credentialsSecretRef:', 'set credentialsSecretRef to a Secret'],
  },
  {
    name: 'keys for a cluster that has its own',
    changes: { 'spec.target.credentialsSecretRef': credentialsSecretRef },
    says: ['spec.target.credentialsSecretRef:', 'take this one out'],
  },
  {
    name: 'a Media Node of no cluster',
    changes: { 'spec.target': { url, credentialsSecretRef, mediaNode: 'media-1' } },
    says: ['spec.target.mediaNode:', 'set clusterRef, or take mediaNode out'],
  },
  {
    name: 'an address that is none',
    changes: { 'spec.target': { url: 'livekit:7880', credentialsSecretRef } },
    says: ['spec.target.url:', 'give a URL that begins with ws://'],
  },
  {
    name: 'two scenarios',
    changes: { 'spec.scenario.configMapRef': { name: 'scenarios' } },
    says: ['spec.scenario:', 'set exactly one of inline and configMapRef'],
  },
  {
    name: 'no scenario',
    changes: { 'spec.scenario': undefined },
    says: ['spec.scenario:', 'Required value'],
  },
  {
    name: 'no generators',
    changes: { 'spec.generators': { count: 0 } },
    says: ['spec.generators.count:', 'greater than or equal to 1'],
  },
  {
    name: 'a deadline without a unit',
    changes: { 'spec.deadline': '90' },
    says: ['spec.deadline:', 'give a duration of at least 30s'],
  },
  {
    name: 'a deadline that is over at once',
    changes: { 'spec.deadline': '5s' },
    says: ['spec.deadline:', 'give a duration of at least 30s'],
  },
  {
    name: 'a time to live that is none',
    changes: { 'spec.cleanup': { ttl: '0s' } },
    says: ['spec.cleanup.ttl:', 'give a duration greater than zero'],
  },
  {
    name: 'a policy that there is not',
    changes: { 'spec.cleanup': { policy: 'Burn' } },
    says: ['spec.cleanup.policy:', 'supported values: "Keep", "Delete"'],
  },
  {
    name: 'a name that is too long for a Service',
    changes: { 'metadata.name': 'x'.repeat(41) },
    says: ['metadata', 'use at most 40 lower-case letters'],
  },
  {
    name: 'a misspelt field',
    changes: { 'spec.generator': { count: 2 } },
    says: ['spec.generator', 'unknown field'],
  },
];

/** Refused when they are changed. */
export const forbiddenChanges: readonly WrongLoadTest[] = (
  [
    ['target', { clusterRef: { name: 'other' } }],
    ['scenario', { inline: 'other' }],
    ['generators', { count: 7 }],
    ['deadline', '1h'],
    ['repetitions', 3],
    ['publishProfile', { name: 'm6in' }],
  ] as const
).map(([field, value]) => ({
  name: field,
  changes: { [field]: value },
  says: [`spec.${field}:`, 'delete the OpenViduLoadTest and create a new one'],
}));

/** A copy in which the field at the end of `path` is `value`, or gone when that is `undefined`. */
function put(object: Manifest, path: readonly string[], value: unknown): Manifest {
  const [key, ...rest] = path;
  if (key === undefined) return object;
  const child = (object[key] ?? {}) as Manifest;
  return { ...object, [key]: rest.length === 0 ? value : put(child, rest, value) };
}

export function aLoadTest(name: string, changes: Readonly<Record<string, unknown>> = {}) {
  const right: Manifest = {
    apiVersion: 'openvidu.io/v1alpha1',
    kind: 'OpenViduLoadTest',
    metadata: { name, namespace: 'default' },
    spec: { target: { clusterRef: { name: 'prod' } }, scenario: { inline: quickScenario } },
  };
  const changed = Object.entries(changes).reduce(
    (object, [path, value]) => put(object, path.split('.'), value),
    right,
  );
  return changed as unknown as NewObject & Manifest;
}
