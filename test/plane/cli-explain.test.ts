import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { choosePolicy } from '../../src/cli/policy-choice.ts';
import { defaultPolicy } from '../../src/cli/policy-file.ts';
import { Journal } from '../../src/reconcile/journal.ts';
import { journalLines } from '../../src/reconcile/journal-lines.ts';
import { simulate } from '../../src/simulate/run.ts';
import { runCli } from '../cli/run-cli.ts';

jest.setTimeout(60_000);

const dir = mkdtempSync(path.join(tmpdir(), 'ovm-explain-'));
const file = path.join(dir, 'journal.jsonl');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Two busy rooms one after the other on nodes for ten: the fleet grows and shrinks. */
beforeAll(async () => {
  const size = { capacity: 10, nodesMin: 1, nodesMax: 4 };
  const { policy } = choosePolicy('governor', size);
  if (policy.kind !== 'Governor') throw new Error('the governor is no governor');
  const journal = new Journal();
  const room = { participants: 8, publishers: 8, name: undefined };
  const rooms = [
    { ...room, startS: 60, durationS: 600 },
    { ...room, startS: 120, durationS: 900 },
  ];
  await simulate({
    ...size,
    trace: { name: 'two', rooms },
    policy: { kind: 'governor', spec: policy.spec },
    launchSeconds: 10,
    seed: 1,
    onDecision: (input, decision) => journal.record(input, decision, 1),
  });
  const { template: _, ...mediaNodes } = defaultPolicy().resource.mediaNodes;
  const { autoscaling, drain, updates } = defaultPolicy().resource;
  const resource = {
    mediaNodes: { ...mediaNodes, min: 1, max: 4, capacity: { participants: 10 } },
    autoscaling,
    drain,
    updates,
  };
  const header = { journal: 1 as const, cluster: 'default/media', roomsHashed: false, resource };
  writeFileSync(file, [...journalLines(header, journal.entries())].join(''));
});

interface Answer {
  readonly cluster: string;
  readonly decisions: readonly {
    readonly seq: number;
    readonly time: string;
    readonly explanation: object;
  }[];
  readonly replay?: { readonly decisions: number; readonly different: readonly unknown[] };
}

describe('explain', () => {
  test('says in words why the fleet has its size, and that a replay agrees', async () => {
    const { code, stdout, stderr } = await runCli(['explain', '--journal', file, '--replay']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Decision \d+/);
    expect(stdout).toContain('Why not fewer');
    expect(stdout).toMatch(/Decided again on \d+ recorded inputs: all identical\.\n$/);
  });

  test('gives the last decisions as one JSON document, oldest first', async () => {
    const { stdout } = await runCli(['explain', '--journal', file, '--last', '3', '-o', 'json']);

    const answer = JSON.parse(stdout) as Answer;
    expect(answer.cluster).toBe('default/media');
    const numbers = answer.decisions.map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    expect(numbers).toHaveLength(3);
  });

  test('finds the decision that held at an instant, and says when there was none yet', async () => {
    const during = await runCli(['explain', '--journal', file, '--at', '2026-01-05T00:03:00Z', '-o', 'json']);
    const before = await runCli(['explain', '--journal', file, '--at', '2025-01-01T00:00:00Z']);

    const [decision] = (JSON.parse(during.stdout) as Answer).decisions;
    expect(decision?.time).toMatch(/^2026-01-05T00:0[0-3]:/);
    expect(before.code).toBe(1);
    expect(before.stderr).toBe(
      'kubectl-openvidu: the journal begins at 2026-01-05T00:00:00.000Z: give a later --at.\n',
    );
  });

  test('ends with 1 and the first difference when a replay does not agree', async () => {
    const forged = path.join(dir, 'forged.jsonl.gz');
    writeFileSync(forged, gzipSync(readFileSync(file, 'utf8').replace('"desired":1', '"desired":3')));

    const { code, stdout } = await runCli(['explain', '--journal', forged, '--replay']);

    expect(code).toBe(1);
    expect(stdout).toMatch(/[1-9]\d* differ, first decision \d+, at \S+: recorded 3, now 1\.\n$/);
  });
});

describe('what-if', () => {
  test('shows what another minimum would have changed', async () => {
    const args = ['what-if', '--journal', file, '--set', 'spec.mediaNodes.min=3'];

    const { code, stdout, stderr } = await runCli(args);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('The first difference is at 2026-01-05T00:00:0');
  });

  test('takes the changed policy from a file, and prints one JSON document', async () => {
    const policy = path.join(dir, 'policy.yaml');
    writeFileSync(policy, 'headroom: { slots: 20 }\n');

    const { code, stdout } = await runCli(['what-if', '--journal', file, '--spec', policy, '-o', 'json']);

    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(stdout) as object)).not.toEqual([]);
  });

  test.each([
    ['an unknown field', 'autoscaling.headrom=1', 'spec.autoscaling.headrom is no field'],
    ['a wrong value', 'spec.autoscaling.headroom.slots=-1', 'spec.autoscaling.headroom.slots is -1'],
    ['what cannot be', 'spec.mediaNodes.max=0', 'spec.mediaNodes.max is 0: give at least 1'],
  ])('refuses %s by its name', async (_, setting, says) => {
    const { code, stderr } = await runCli(['what-if', '--journal', file, '--set', setting]);

    expect(code).toBe(2);
    expect(stderr).toContain(`--set "${setting}": `);
    expect(stderr).toContain(says);
  });
});
