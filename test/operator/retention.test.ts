import { describe, expect, test } from '@jest/globals';
import type { OpenViduCluster } from '../../src/api/v1alpha1.gen.ts';
import { type RetentionInput, retention } from '../../src/operator/retention.ts';
import { aClusterSpec, anOwner } from '../manifests/a-cluster-spec.ts';

const deletedAt = '2026-03-01T12:00:00Z';
const nowMs = Date.parse('2026-03-01T12:30:00Z');
const staying = { deleting: false };
const leaving = { deleting: true };

interface Case {
  readonly held?: boolean;
  readonly deleted?: boolean;
  readonly policy?: 'Retain' | 'Delete';
  readonly timeout?: string;
  readonly mode?: string;
  readonly others?: readonly string[];
}

function aCluster(given: Case): OpenViduCluster {
  const { held = true, deleted = true, policy = 'Retain', timeout = '2h', mode = 'Enforce' } = given;
  const finalizers = [...(given.others ?? []), ...(held ? ['openvidu.io/retain'] : [])];
  const metadata = {
    ...anOwner,
    generation: 1,
    resourceVersion: '5',
    creationTimestamp: '2026-03-01T00:00:00Z',
    ...(deleted ? { deletionTimestamp: deletedAt } : {}),
    finalizers,
  };
  const spec = aClusterSpec({ deletion: { policy, timeout }, autoscaling: { mode } });
  return { apiVersion: 'openvidu.io/v1alpha1', kind: 'OpenViduCluster', metadata, spec };
}

function stepOf(given: Case, changes: Partial<RetentionInput> = {}) {
  return retention({
    cluster: aCluster(given),
    pods: [staying],
    ownWritesSeen: true,
    wallMs: nowMs,
    ...changes,
  });
}

describe('while the resource lives', () => {
  test.each<[string, Case, string]>([
    ['it is held from the first pass on', { held: false }, 'Hold'],
    ['it is held once', { held: true }, 'Keep'],
    ['it is let go when the policy becomes Delete', { held: true, policy: 'Delete' }, 'Release'],
    ['with policy Delete it is not held', { held: false, policy: 'Delete' }, 'Keep'],
    ['a trial holds nothing', { held: false, mode: 'DryRun' }, 'Keep'],
    ['a trial of a fleet that ran before stays held', { held: true, mode: 'DryRun' }, 'Keep'],
    ['a pause changes nothing', { held: false, mode: 'Paused' }, 'Hold'],
  ])('%s', (_, given, expected) => {
    expect(stepOf({ ...given, deleted: false }).kind).toBe(expected);
  });
});

describe('once it is deleted', () => {
  test('it waits for nodes that have not been told to stop, until the timeout', () => {
    expect(stepOf({}, { pods: [leaving, staying] })).toEqual({
      kind: 'Keep',
      untilMs: Date.parse('2026-03-01T14:00:00Z'),
    });
  });

  test.each<[string, Case, Partial<RetentionInput>]>([
    ['when no Pod is left', {}, { pods: [] }],
    ['when all Pods have been told to stop', {}, { pods: [leaving, leaving] }],
    ['when the timeout is over, whatever runs', {}, { wallMs: Date.parse('2026-03-01T14:00:00Z') }],
    ['when the policy becomes Delete', { policy: 'Delete' }, {}],
    ['when it was a trial without Pods of its own', { mode: 'DryRun' }, { pods: [] }],
    ['when the timeout cannot be read, after a day', { timeout: 'long' }, { wallMs: nowMs + 86_400_000 }],
  ])('it is let go %s', (_, given, changes) => {
    expect(stepOf(given, changes).kind).toBe('Release');
  });

  test('it is not let go while a Pod that was just made may not be listed yet', () => {
    expect(stepOf({}, { pods: [], ownWritesSeen: false }).kind).toBe('Keep');
  });

  test('it is nothing to us without our finalizer, whoever else holds it', () => {
    expect(stepOf({ held: false, others: ['foregroundDeletion'] })).toEqual({ kind: 'Keep' });
  });

  test('the end by time says how many are cut loose', () => {
    const wallMs = Date.parse('2026-03-01T14:00:00Z');
    expect(stepOf({}, { pods: [staying, staying, leaving], wallMs })).toEqual({
      kind: 'Release',
      why: 'spec.deletion.timeout of 2 h is over; 2 Media Nodes are told to stop with their rooms',
    });
  });
});
