/**
 * What a load test costs and what it finds on this machine: server and generator on a processor each, and for the server
 * a part of it, because a generator needs more of a processor than the server that it loads. `node lab/loadtest/bench.ts`
 * measures the cost of a participant, a bulk one and one of the media library side by side in the same room, and
 * searches once with short windows. `--full` searches three times, for three quarters of an hour; `--server-cores N` gives the server
 * another part; `cost`, `search`, `rooms-of-10` or `live-stream` runs only that part; `--out FOLDER` keeps the records.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { isJsonObject, type JsonObject } from '../../src/base/json-object.ts';
import { deepMerge } from '../../src/manifests/deep-merge.ts';
import type { WindowRecord } from '../../src/loadtest/window.ts';
import { LabError } from '../exec.ts';
import { LeftRecord } from './small.ts';
import { LoadStage, type LoadStageWish } from './stage.ts';
import { scratch } from '../local-process.ts';
import { root } from '../paths.ts';
import { runCli } from '../tools.ts';

const samples = join(root, 'docs/samples/loadtests');
const people = 10;

/** One room of ten in 360p with sound, of whom a few are participants of the media library. */
const costChanges: JsonObject = {
  load: {
    settle: '8s',
    dwell: '8s',
    mode: 'fixed',
    search: null,
    fixed: { level: 1, windows: 2 },
  },
  // Whatever becomes of the figures, the cost is to be measured.
  slos: [{ metric: 'joinFailureShare', max: 0.9 }],
};
interface Search {
  readonly name: string;
  /** So much that the generator still keeps up where the server no longer does. */
  readonly serverCores: number;
  /** Few joins at a time, or their cost is measured. */
  readonly joinRate: string;
  /** The longer, the less does a moment of this machine decide. */
  readonly dwell: string;
  readonly confirm: string;
}

const searches: readonly Search[] = [
  { name: 'rooms-of-10', serverCores: 0.5, joinRate: '5/s', dwell: '8s', confirm: '12s' },
  { name: 'live-stream', serverCores: 0.4, joinRate: '4/s', dwell: '16s', confirm: '24s' },
];
/** As by default, but for the share of throttled periods: a server that is held to half a processor has many at any load. */
const searchChanges = ({ joinRate, dwell, confirm }: Search, repetitions: number): JsonObject => ({
  load: { joinRate, settle: '5s', dwell, search: { confirm, windows: 3, repetitions } },
  slos: [
    { metric: 'frameLatencyMs.p95', max: 100, overBaseline: true },
    { metric: 'firstPacketMs.p95', max: 2000 },
    { metric: 'tracksDeliveredShare', min: 0.995 },
    { metric: 'packetLossShare.p95', max: 0.01 },
    { metric: 'joinMs.p95', max: 2000 },
    { metric: 'joinFailureShare', max: 0.01 },
    { metric: 'disconnectShare', max: 0.005 },
    { metric: 'node.cpuShare', max: 0.95 },
    { metric: 'node.memoryShare', max: 0.85 },
  ],
});

/** A shipped scenario with changes, in a file of its own. Null takes a field away. @throws LabError */
async function changed(dir: string, name: string, changes: JsonObject): Promise<string> {
  const scenario: unknown = parse(await readFile(join(samples, `${name}.yaml`), 'utf8'));
  if (!isJsonObject(scenario)) throw new LabError(`docs/samples/loadtests/${name}.yaml is no map of YAML.`);
  const path = join(dir, `${name}.yaml`);
  await mkdir(dir, { recursive: true });
  await writeFile(path, stringify(withoutNull(deepMerge(scenario, { spec: changes }))));
  return path;
}

function withoutNull(value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === null ? [] : [[key, withoutNull(inner)]])),
  );
}

interface Cost {
  readonly cores: number;
  readonly packetsPerSecond: number;
}

interface Costs {
  /** Of one participant. */
  readonly bulk: Cost;
  readonly library: Cost;
}

function costsIn(windows: readonly WindowRecord[]): Costs {
  let [bulkCores, bulkPackets, bulkPeople, cores, packets, probes] = [0, 0, 0, 0, 0, 0];
  for (const { workers, fromMs, toMs } of windows) {
    const seconds = (toMs - fromMs) / 1000;
    for (const { health, people: present, probeCost, packets: counted, probes: seen } of workers) {
      if (probeCost === undefined || seen.length === 0) continue;
      bulkCores += health.cpuCores;
      bulkPackets += counted.received / seconds;
      bulkPeople += present.connected - seen.length;
      cores += probeCost.cpuCores;
      packets += probeCost.packetsReceived / seconds;
      probes += seen.length;
    }
  }
  if (probes === 0) throw new LabError('No window had a probe: look at what was said above.');
  return {
    bulk: { cores: bulkCores / bulkPeople, packetsPerSecond: bulkPackets / bulkPeople },
    library: { cores: cores / probes, packetsPerSecond: packets / probes },
  };
}

async function measureCost(stage: LoadStage, dir: string): Promise<void> {
  console.log(`A participant in a room of ${people} at 360p with sound, both kinds in the same room:`);
  console.log(
    '  of the library | bulk: cores  packets/s per core | library: cores  packets/s per core | ratio',
  );
  for (const probes of [1, 2]) {
    const file = await changed(join(dir, `cost-${probes}`), 'rooms-of-10', {
      ...costChanges,
      clients: { probes },
    });
    const out = join(dir, `cost-${probes}`, 'result');
    await stage.run(['run', file, '--out', out], { onErr: tell });
    const { bulk, library } = costsIn(new LeftRecord(out).windows());
    const perCore = ({ packetsPerSecond, cores }: Cost): string =>
      (packetsPerSecond / cores).toFixed(0).padStart(19);
    console.log(
      `  ${String(probes).padStart(14)} | ${bulk.cores.toFixed(4).padStart(11)} ${perCore(bulk)} | ` +
        `${library.cores.toFixed(4).padStart(14)} ${perCore(library)} | ${(library.cores / bulk.cores).toFixed(1)}`,
    );
  }
  console.log(
    '  Bulk participants send recorded pictures; those of the library encode theirs, of 180p only.',
  );
}

async function search(wish: Search, dir: string, isFull: boolean): Promise<void> {
  const { name, serverCores } = wish;
  const file = await changed(join(dir, name), name, searchChanges(wish, isFull ? 3 : 1));
  const out = join(dir, name, 'result');
  await onStage({ serverCores }, async (stage) => {
    // A probe costs as much as fifteen others, and one processor is all there is for everybody.
    const { out: said } = await stage.run(['search', file, '--probes', '0', '--out', out], { onErr: tell });
    console.log(`${name}: ${said.trim()}`);
  });
}

async function onStage(wish: LoadStageWish, work: (stage: LoadStage) => Promise<void>): Promise<void> {
  const stage = await LoadStage.open(wish);
  try {
    await work(stage);
  } finally {
    await stage.close();
  }
}

function tell(text: string): void {
  process.stderr.write(text);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { full: { type: 'boolean' }, 'server-cores': { type: 'string' }, out: { type: 'string' } },
    allowPositionals: true,
  });
  const { full = false, 'server-cores': cores } = values;
  const place = await scratch('loadtest-bench');
  const has = (part: string): boolean => positionals.length === 0 || positionals.includes(part);
  try {
    const dir = values.out ?? place.dir;
    if (has('cost')) await onStage({}, async (stage) => await measureCost(stage, dir));
    for (const one of searches) {
      if (!has('search') && !positionals.includes(one.name)) continue;
      await search(cores === undefined ? one : { ...one, serverCores: Number(cores) }, dir, full);
    }
  } finally {
    await place.remove();
  }
}

if (import.meta.main) await runCli(main);
