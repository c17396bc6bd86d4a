/**
 * `node lab/chaos/fencing.ts [--handovers 100] [--seed 1] [--program FILE]`: hand-overs between real operators on a real
 * API server, with the leader frozen in the middle of its work each time. Exit code 1 when a removal by a former leader was accepted.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { define } from '../plane/steps.ts';
import { startPlane } from '../plane/plane.ts';
import { isRemoval } from './fencing-judge.ts';
import { fencingUsers, type FencingResult, runFencing } from './fencing-run.ts';
import { compileOperator } from '../image-operator.ts';
import { startRedis } from '../local-redis.ts';
import { buildDir, root } from '../paths.ts';
import { elapsedSay, runCli } from '../tools.ts';

const { values } = parseArgs({
  options: {
    handovers: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    // Compiled from this checkout unless told.
    program: { type: 'string' },
  },
});

async function main(): Promise<void> {
  const say = elapsedSay();
  const program = values.program ?? (await compileOperator(say, root, join(buildDir, 'fencing', 'dist')));
  const [plane, redis] = await Promise.all([startPlane({ users: fencingUsers, audit: true }), startRedis()]);
  try {
    await define(plane.client, 'openviducluster');
    const result = await runFencing({
      client: plane.client,
      url: plane.url,
      auditLog: plane.auditLog,
      kubeconfigFor: (token) => plane.kubeconfigFor(token),
      redisAddress: redis.address,
      handovers: Number(values.handovers),
      seed: Number(values.seed),
      say,
      program,
    });
    tell(result);
  } finally {
    await redis.stop();
    await plane.stop();
  }
}

function tell({ judgement, leaderlessMs, endedMs, strokes }: FencingResult): void {
  const { accepted, refused, afterLease, delayed } = judgement;
  const removals = [...accepted, ...afterLease, ...delayed.accepted].filter(isRemoval);
  const rows = [
    ['seed', values.seed],
    ['hand-overs by freezing the leader', String(leaderlessMs.length)],
    [
      '  of these',
      Object.entries(strokes)
        .map(([stroke, count]) => `${count} ${stroke}`)
        .join(', '),
    ],
    ['hand-overs by the lease', String(judgement.handovers)],
    ['writes of leaders, lease apart', `${judgement.writes}, of which ${judgement.deletes} deletes`],
    ['accepted from a former leader', String(accepted.length)],
    ['refused to a former leader', String(refused.length)],
    ['accepted after the end of the own lease', String(afterLease.length)],
    ['held up on the wire until another led', `${delayed.accepted.length + delayed.refused.length} writes`],
    ['  of these refused', String(delayed.refused.length)],
    ['  of these accepted', String(delayed.accepted.length)],
    ['removals among all that was accepted late', String(removals.length)],
    ['without a leader', spread(leaderlessMs)],
    ['thawed until ended', spread(endedMs)],
  ];
  const lines = rows.map(([name = '', value = '']) => `${name.padEnd(42)} ${value}`);
  const late = [...accepted, ...refused, ...afterLease, ...delayed.refused, ...delayed.accepted].map(
    ({ user, what, code, lateMs }) => `  ${code} ${what} by ${user}, ${lateMs.toFixed(0)} ms late`,
  );
  process.stdout.write(`\n${[...lines, ...late].join('\n')}\n`);
  if (removals.length > 0) process.exitCode = 1;
}

function spread(valuesMs: readonly number[]): string {
  const sorted = valuesMs.toSorted((a, b) => a - b);
  const at = (share: number): string => {
    const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
    return `${value.toFixed(0)} ms`;
  };
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`;
}

if (import.meta.main) await runCli(main);
