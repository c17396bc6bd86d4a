/** Searches for the capacity of a real media server that may use little of a processor, and of a generator that may not. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LeftRecord, writeSmall } from '../../lab/loadtest/small.ts';
import { LoadStage } from '../../lab/loadtest/stage.ts';
import { type Scratch, scratch } from '../../lab/local-process.ts';
import { firstBuildMs } from '../../lab/tools.ts';

const patientMs = 80_000;
/** Enough for a room or two. */
const serverCores = 0.2;

let stage: LoadStage;
let place: Scratch;
const out = (name: string): string => join(place.dir, name);

beforeAll(async () => {
  place = await scratch('loadtest-search');
  stage = await LoadStage.open({ serverCores });
}, firstBuildMs);

afterAll(async () => {
  await stage?.close();
  await place?.remove();
});

describe('a small media server', () => {
  test(
    'has a capacity, and what it ran out of has a name',
    async () => {
      const search = { min: 1, max: 8, windows: 1, confirm: '2s', repetitions: 1, resolution: '50%' };
      const slos = [
        { metric: 'frameLatencyMs.p95', max: 300, overBaseline: true },
        { metric: 'node.cpuShare', max: 0.85 },
      ];
      const load = { mode: 'search', settle: '1s', dwell: '2s', search };
      const file = await writeSmall(place.dir, { name: 'small', people: 4, load, slos });
      const { code, out: said } = await stage.run(['search', file, '--out', out('small')]);
      const { summary } = new LeftRecord(out('small'));
      expect(summary).toMatchObject({ outcome: 'Complete', result: { unit: 'rooms' } });
      const { capacity = 0, bindingLimit, bindingSlo } = summary?.result ?? {};
      expect(capacity).toBeGreaterThanOrEqual(1);
      expect(capacity).toBeLessThan(8);
      expect(['Cpu', 'CpuThrottled']).toContain(bindingLimit);
      expect(['node.cpuShare', 'frameLatencyMs.p95']).toContain(bindingSlo);
      expect(code).toBe(0);
      expect(said).toMatch(/rooms? of 4/);
      await access(out('small/report.html'));
    },
    patientMs,
  );

  test(
    'is not said to have failed while the generator is too slow, and is judged when that is over',
    async () => {
      const load = { mode: 'fixed', fixed: { level: 1, windows: 1 } };
      const file = await writeSmall(place.dir, { name: 'slow', people: 4, load });
      const said = new Heard();
      const command = await stage.start(['run', file, '--out', out('slow')], { onErr: said.hear });
      await Promise.race([said.until(/window 1 /), command.ended]);
      const release = await command.throttle(0.05);
      await Promise.race([said.until(/GeneratorLimited[^]*GeneratorLimited/), command.ended]);
      await release();
      const { code } = await command.ended;
      const verdicts = new LeftRecord(out('slow')).windows().map(({ verdict }) => verdict);
      const invalid = verdicts.filter((verdict) => verdict.kind === 'Invalid');
      expect(verdicts.filter(({ kind }) => kind === 'Fail')).toEqual([]);
      expect(invalid.flatMap(({ because }) => because)).toContain('GeneratorLimited');
      expect(code).toBe(0);
    },
    patientMs,
  );
});

/** What a command says, and when it says it. */
class Heard {
  #text = '';
  readonly #waiting = new Set<() => void>();

  readonly hear = (text: string): void => {
    this.#text += text;
    for (const look of this.#waiting) look();
  };

  async until(pattern: RegExp): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => void (pattern.test(this.#text) && resolve());
    this.#waiting.add(look);
    look();
    await promise;
    this.#waiting.delete(look);
  }
}
