/** A short run of the fault laboratory, the same as `make chaos` but for its length: some of each kind. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { ChaosRun } from '../../lab/chaos/run.ts';
import { ChaosStage } from '../../lab/chaos/stage.ts';

jest.setTimeout(300_000);

const seed = 7;
const minutes = 1.8;
let stage: ChaosStage | undefined;

afterAll(async () => {
  await stage?.close();
});

test('whatever is done to the operator, nothing that must hold is broken', async () => {
  const { signal } = new AbortController();
  const told: string[] = [];
  const say = (line: string): void => void told.push(line);
  stage = await ChaosStage.open({ cells: 4, seed, say, signal });
  const run = new ChaosRun({ stage, seed, minutes, stride: 20, say, signal });

  await run.run();

  expect(run.record.broken).toEqual([]);
  const kinds = new Set(run.record.injections.map(({ fault }) => fault));
  expect(kinds.size).toBeGreaterThan(10);
  expect(run.record.injections.length).toBeGreaterThan(30);
});
