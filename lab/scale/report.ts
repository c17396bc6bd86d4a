/** The figures of all sizes side by side, with the exponent by which each grows. */
import { fitLine, quantile } from '../../src/loadtest/statistics.ts';
import type { CordonDelays } from './cordon.ts';
import type { Startup } from './operator.ts';
import type { Reactions } from './reaction.ts';
import type { Steady } from './steady.ts';

export interface SizeFigures {
  readonly size: number;
  readonly nodes: number;
  readonly clusters: number;
  readonly rooms: number;
  readonly startup: Startup;
  readonly steady: Steady;
  readonly cordons: CordonDelays;
  readonly reactions: Reactions;
}

interface Row {
  readonly name: string;
  readonly value: (figures: SizeFigures) => number;
  readonly digits?: number;
  /** Whether the exponent of its growth says something. */
  readonly grows?: boolean;
}

const rows: readonly Row[] = [
  { name: 'clusters', value: ({ clusters }) => clusters },
  { name: 'rooms', value: ({ rooms }) => rooms },
  { name: 'operator, share of a core', value: ({ steady }) => steady.operatorCores, digits: 3, grows: true },
  { name: 'operator RSS, median MiB', value: ({ steady }) => steady.rssMiB.median, grows: true },
  { name: 'operator RSS, most MiB', value: ({ steady }) => steady.rssMiB.most },
  { name: 'its heap MiB', value: ({ steady }) => steady.heapMiB },
  { name: 'its memory beside the heap MiB', value: ({ steady }) => steady.externalMiB },
  { name: 'passes each second', value: ({ steady }) => steady.passesPerSecond, digits: 1, grows: true },
  { name: 'reaction p50 ms', value: ({ reactions }) => of(reactions.ms, 0.5), grows: true },
  { name: 'reaction p99 ms', value: ({ reactions }) => of(reactions.ms, 0.99), grows: true },
  { name: 'reactions missed', value: ({ reactions }) => reactions.missed },
  { name: 'cordon re-applied p50 ms', value: ({ cordons }) => of(cordons.ms, 0.5), digits: 1, grows: true },
  { name: 'cordon re-applied p99 ms', value: ({ cordons }) => of(cordons.ms, 0.99), digits: 1, grows: true },
  { name: 'cordons re-applied, counted', value: ({ cordons }) => cordons.ms.length },
  { name: 'cordons left open', value: ({ cordons }) => cordons.unanswered },
  { name: 'start → leads ms', value: ({ startup }) => startup.leadingMs, grows: true },
  { name: 'start → all decided ms', value: ({ startup }) => startup.decidedMs, grows: true },
  { name: 'lease writes', value: ({ steady }) => steady.leaseWrites },
  { name: 'other API writes', value: ({ steady }) => steady.otherWrites.length },
  {
    name: 'API requests each minute',
    value: ({ steady }) => (60 * sum(steady.requests)) / steady.seconds,
    digits: 1,
  },
  { name: 'Redis commands each second', value: ({ steady }) => sum(steady.redisPerSecond), grows: true },
  { name: 'open files of the operator', value: ({ steady }) => steady.handles },
  { name: 'stand-in, share of a core', value: ({ steady }) => steady.standInCores, digits: 2 },
  { name: 'stand-in late p99 ms', value: ({ steady }) => steady.standInLateMs, digits: 1 },
  { name: 'kube-apiserver, share of a core', value: otherOf('kube-apiserver'), digits: 2 },
  { name: 'etcd, share of a core', value: otherOf('etcd'), digits: 2 },
  { name: 'redis-server, share of a core', value: otherOf('redis-server'), digits: 2 },
];

/** A table in Markdown, with what was written and asked at the end. */
export function reportOf(all: readonly SizeFigures[]): string {
  const head = ['', ...all.map(({ nodes }) => `${nodes.toLocaleString('en')} nodes`), 'exponent'];
  const table = [
    head,
    head.map((_, at) => (at === 0 ? '---' : '---:')),
    ...rows.map((row) => cells(row, all)),
  ];
  const lines = table.map((line) => `| ${line.join(' | ')} |`);
  return [...lines, '', ...all.map(details)].join('\n');
}

function cells(
  { name, value, digits = 0, grows = false }: Row,
  all: readonly SizeFigures[],
): readonly string[] {
  const values = all.map(value);
  return [name, ...values.map((one) => one.toFixed(digits)), grows ? exponentOf(all, values) : ''];
}

/** Of the power of the number of nodes by which it grows: the slope where both are logarithms. */
function exponentOf(all: readonly SizeFigures[], values: readonly number[]): string {
  const points = all.flatMap(({ nodes }, at) => {
    const value = values[at];
    return value === undefined || !(value > 0) ? [] : [[Math.log(nodes), Math.log(value)] as const];
  });
  return fitLine(points)?.slope.toFixed(2) ?? '';
}

function details({ nodes, steady }: SizeFigures): string {
  const redis = Object.entries(steady.redisPerSecond).map(([name, rate]) => `${name} ${rate.toFixed(1)}`);
  const requests = Object.entries(steady.requests).map(([verb, count]) => `${verb} ${count}`);
  return `${nodes} nodes, ${steady.seconds.toFixed(0)} s: Redis each second: ${redis.join(', ')}; API: ${requests.join(', ')}; writes: ${steady.otherWrites.slice(0, 10).join(', ') || 'none'}`;
}

function otherOf(program: string): (figures: SizeFigures) => number {
  return ({ steady }) => steady.otherCores[program] ?? 0;
}

function of(values: readonly number[], share: number): number {
  return quantile(values, share) ?? Number.NaN;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
