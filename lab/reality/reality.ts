/**
 * The simulator against reality: one trace is played with real participants on a real local cluster under the real
 * operator, and in the simulator. `--minutes N` tells the story in another length, `--again` compares once more what
 * the last run saw, without a cluster.
 */
import '../quiet.ts';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { eventLine } from '../../src/simulate/event-log.ts';
import type { SimEvent } from '../../src/simulate/events.ts';
import { writeTrace } from '../../src/workload/trace-file.ts';
import { CommandError, LabError } from '../exec.ts';
import { buildDir } from '../paths.ts';
import { launchTimes, median } from './compare.ts';
import { eventLogOf } from './log.ts';
import { reportOf } from './report.ts';
import { meetReality, type Seen } from './stage.ts';
import { realityTrace } from './trace.ts';
import { simulateTwin } from './twin.ts';
import { elapsedSay, runCli } from '../tools.ts';

const outDir = join(buildDir, 'reality');
const seed = 7;
const otherDice = 40;
const say = elapsedSay();

async function main(): Promise<void> {
  const { minutes, again } = options();
  await mkdir(outDir, { recursive: true });
  if (!again) {
    const wish = { trace: realityTrace({ seed, minutes }), seed, outDir, say };
    await writeFile(seenFile, JSON.stringify(await meetReality(wish)));
  }
  await compare(await lastSeen());
}

const seenFile = join(outDir, 'seen.json');

function options(): { readonly minutes: number; readonly again: boolean } {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '24' }, again: { type: 'boolean', default: false } },
  });
  const minutes = Number(values.minutes);
  if (!(minutes >= 2 && minutes <= 240)) throw new LabError('--minutes takes a number from 2 to 240.');
  return { minutes, again: values.again };
}

async function lastSeen(): Promise<Seen> {
  const text = await readFile(seenFile, 'utf8').catch(() => {
    throw new LabError('There is no run to compare again: run make reality first.');
  });
  return JSON.parse(text) as Seen;
}

async function compare(seen: Seen): Promise<void> {
  const { trace, seed: peopleSeed, span, spec, clients, observations } = seen;
  const { events: real, unplaced } = eventLogOf(observations, span);
  const times = launchTimes(real);
  const launchSeconds = Math.round((median(times) ?? 0) * 10) / 10;
  if (launchSeconds === 0) throw new LabError('Nothing was launched in reality: let the story be longer.');
  const endS = Math.floor((span.endMs - span.startMs) / 1000);
  const twin = (diceSeed: number) =>
    simulateTwin({ trace, seed: peopleSeed, diceSeed, spec, launchSeconds, endS });
  say(`simulating the same rooms ${otherDice + 1} times`);
  const simulated = await twin(peopleSeed);
  const dice: (readonly SimEvent[])[] = [];
  for (let at = 1; at <= otherDice; at += 1) dice.push(await twin(peopleSeed + at));
  const facts = { capacity: spec.capacity.participants, endS, launchTimes: times, launchSeconds, clients };
  const { text, svg } = reportOf(real, simulated, dice, facts);
  const head = `${trace.rooms.length} rooms of ${trace.name}, watched for ${endS} s\n`;
  const tail = unplaced.length === 0 ? '' : `rooms on nodes that nobody saw: ${unplaced.join(' ')}\n`;
  await writeTrace(join(outDir, 'trace.csv'), trace);
  await writeFile(join(outDir, 'real.jsonl'), linesOf(real));
  await writeFile(join(outDir, 'sim.jsonl'), linesOf(simulated));
  await writeFile(join(outDir, 'report.txt'), `${head}\n${text}${tail}`);
  await writeFile(join(outDir, 'report.svg'), svg);
  console.log(`\n${head}\n${text}${tail}`);
  say(
    `written: ${['trace.csv', 'real.jsonl', 'sim.jsonl', 'report.txt', 'report.svg'].join(', ')} in build/reality`,
  );
}

function linesOf(events: readonly SimEvent[]): string {
  return events.map((event) => `${eventLine(event)}\n`).join('');
}

if (import.meta.main) {
  await runCli(async () => {
    await main().catch((error: unknown) => {
      if (error instanceof CommandError) throw new LabError(error.message);
      throw error;
    });
  });
  process.exit();
}
