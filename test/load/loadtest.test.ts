/** Load tests of the command line against a real media server, from their start to what they leave behind. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LeftRecord, writeSmall } from '../../lab/loadtest/small.ts';
import { LoadStage } from '../../lab/loadtest/stage.ts';
import { type Scratch, scratch } from '../../lab/local-process.ts';
import { firstBuildMs } from '../../lab/tools.ts';
import { dueTracks } from '../../src/loadtest/present.ts';

const patientMs = 80_000;

let stage: LoadStage;
let place: Scratch;
const out = (name: string): string => join(place.dir, name);

beforeAll(async () => {
  place = await scratch('loadtest');
  stage = await LoadStage.open();
}, firstBuildMs);

afterAll(async () => {
  await stage?.close();
  await place?.remove();
});

describe('a run of a scenario', () => {
  test(
    'decodes in its probe what the others send, and repeats the same joins from its record',
    async () => {
      const load = { mode: 'fixed', fixed: { level: 2, windows: 1 } };
      const file = await writeSmall(place.dir, { name: 'rooms', people: 3, load, probes: 1 });
      const first = await stage.run(['run', file, '--out', out('first')]);
      const again = await stage.run(['replay', out('first/record.jsonl'), '--out', out('again')]);
      expect([first, again].map(({ err }) => err).join('\n')).not.toMatch(/process of probes ended/);
      const [one, other] = [new LeftRecord(out('first')), new LeftRecord(out('again'))];

      const windows = one.windows();
      const probes = windows.flatMap(({ workers }) => workers.flatMap((worker) => worker.probes));
      const sum = (of: (probe: (typeof probes)[number]) => number): number =>
        probes.reduce((total, probe) => total + of(probe), 0);
      expect(probes).toHaveLength(windows.length);
      expect(sum((probe) => probe.framesDecoded)).toBeGreaterThan(
        0.95 * sum((probe) => probe.framesExpected),
      );
      expect(sum((probe) => probe.freezeSeconds)).toBeLessThan(0.1 * sum((probe) => probe.seconds));
      for (const { node, workers } of windows) {
        expect(node?.participants).toBe(node?.rooms === 1 ? 3 : 6);
        // Everybody but the one probe, in the first room, receives two pictures and two voices.
        const due = dueTracks(workers.flatMap(({ present = [] }) => present));
        expect(due).toBe(node?.rooms === 1 ? 8 : 20);
        expect(workers.reduce((told, { tracks }) => told + tracks.expected, 0)).toBe(due);
      }

      const joins = one.joins().slice(0, 6);
      expect(joins.map(({ identity }) => identity)).toHaveLength(6);
      expect(other.joins().slice(0, 3)).toEqual(joins.slice(0, 3));
      expect(other.joins().map(withoutTime)).toEqual(one.joins().map(withoutTime));
    },
    patientMs,
  );

  test(
    'that is interrupted empties the server, keeps what was measured, and says that it has no answer',
    async () => {
      const load = { mode: 'fixed', fixed: { level: 3, windows: 50 } };
      const file = await writeSmall(place.dir, { name: 'long', people: 4, load });
      const { promise: measured, resolve } = Promise.withResolvers<void>();
      const onErr = (text: string): void => void (text.includes('window 1 ') && resolve());
      const command = await stage.start(['run', file, '--out', out('long')], { onErr });
      await Promise.race([measured, command.ended]);
      expect(await stage.rooms.listRooms()).not.toHaveLength(0);
      command.signal('SIGINT');
      const { code } = await command.ended;
      // As shells say of a program that was interrupted.
      expect(code).toBe(130);
      expect(await stage.rooms.listRooms()).toEqual([]);
      const left = new LeftRecord(out('long'));
      expect(left.windows().length).toBeGreaterThan(0);
      expect(left.summary?.outcome).toBe('Stopped');
      await access(out('long/report.html'));
    },
    patientMs,
  );
});

/** Between two changes of level the time depends on the windows that had to be repeated. */
function withoutTime({ room, identity }: { readonly room: string; readonly identity: string }): string {
  return `${identity} in ${room}`;
}
