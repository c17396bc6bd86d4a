/** What figures, levels and limits are called in reports. */
import { figure } from '../report/figure.ts';
import type { SearchResult } from './record.ts';
import { sizeOf } from './scenario-levels.ts';
import type { Scenario, Slo, SloMetric } from './scenario.ts';
import type { BrokenSlo, Verdict } from './window.ts';

interface MetricWords {
  /** Begins a caption; in the middle of a sentence its first letter is made small. */
  readonly label: string;
  readonly unit: 'ms' | '%';
  readonly digits: number;
}

const metricWords: Readonly<Record<SloMetric | 'clients.connectedShare', MetricWords>> = {
  'frameLatencyMs.p95': { label: 'Frame latency (95th percentile)', unit: 'ms', digits: 1 },
  'frameLatencyMs.p99': { label: 'Frame latency (99th percentile)', unit: 'ms', digits: 1 },
  joinFailureShare: { label: 'Failed joins', unit: '%', digits: 2 },
  'joinMs.p95': { label: 'Time to join (95th percentile)', unit: 'ms', digits: 0 },
  'firstPacketMs.p95': { label: 'Time to the first packet (95th percentile)', unit: 'ms', digits: 0 },
  tracksDeliveredShare: { label: 'Tracks delivered', unit: '%', digits: 2 },
  'packetLossShare.p95': { label: 'Packet loss after repair (95th percentile)', unit: '%', digits: 2 },
  disconnectShare: { label: 'People disconnected', unit: '%', digits: 2 },
  'probe.freezeShare': { label: 'Time in frozen pictures', unit: '%', digits: 2 },
  'probe.concealedShare': { label: 'Concealed audio', unit: '%', digits: 2 },
  'probe.framesPerSecondShare': { label: 'Pictures shown, of those sent', unit: '%', digits: 1 },
  'node.forwardLatencyMs.mean': { label: 'Forwarding inside the server, mean', unit: 'ms', digits: 2 },
  'node.cpuShare': { label: 'CPU use of the node', unit: '%', digits: 1 },
  'node.throttledShare': { label: 'CPU throttling of the node', unit: '%', digits: 1 },
  'node.memoryShare': { label: 'Memory use of the node', unit: '%', digits: 1 },
  'clients.connectedShare': { label: 'People who were there', unit: '%', digits: 1 },
};

function isNamed(metric: string): metric is keyof typeof metricWords {
  return Object.hasOwn(metricWords, metric);
}

function wordsOf(metric: string): MetricWords {
  return isNamed(metric) ? metricWords[metric] : { label: metric, unit: 'ms', digits: 2 };
}

export function metricLabel(metric: string): string {
  return wordsOf(metric).label;
}

/** For the middle of a sentence. */
export function metricName(metric: string): string {
  const { label } = wordsOf(metric);
  return /^[A-Z][a-z]/.test(label) ? `${label.slice(0, 1).toLowerCase()}${label.slice(1)}` : label;
}

/** What charts draw: shares become percent. */
export function shownValue(metric: string, value: number): number {
  return wordsOf(metric).unit === '%' ? value * 100 : value;
}

export function metricUnit(metric: string): string {
  return isNamed(metric) ? wordsOf(metric).unit : '';
}

/** With its unit. */
export function metricText(metric: string, value: number): string {
  const { digits } = wordsOf(metric);
  const unit = metricUnit(metric);
  return `${figure(shownValue(metric, value), digits)}${unit === '' ? '' : `\u00a0${unit}`}`;
}

/** Such as "at most 100 ms over the baseline". */
export function sloText({ metric, max, min, overBaseline }: Slo): string {
  const over = overBaseline ? ' over the baseline' : '';
  if (max !== undefined) return `at most ${metricText(metric, max)}${over}`;
  return min === undefined ? 'no limit' : `at least ${metricText(metric, min)}${over}`;
}

export function brokenText({ metric, value, limit }: BrokenSlo): string {
  return `${metricName(metric)} ${metricText(metric, value)} (limit ${metricText(metric, limit)})`;
}

/** The verdict with its reasons. */
export function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'Pass':
      return 'pass';
    case 'Fail':
      return `fail: ${verdict.broken.map(brokenText).join('; ')}`;
    case 'Invalid':
      return `invalid (${verdict.because.join(', ')}): ${verdict.detail}`;
  }
}

/** Whole numbers without a fraction, means with one digit. */
export function levelFigure(level: number): string {
  return figure(level, Number.isInteger(level) ? 0 : 1);
}

/** What a level is, such as "3 rooms of 10" or "520 viewers in one room". */
export function levelText(scenario: Scenario, level: number): string {
  const { workload, load } = scenario;
  const count = levelFigure(level);
  switch (workload.kind) {
    case 'Rooms': {
      const [first, second] = workload.shapes;
      const noun = level === 1 ? 'room' : 'rooms';
      if (first === undefined || second !== undefined) return `${count} ${noun} of the mix`;
      return `${count} ${noun} of ${sizeOf(first.shape.roles)}`;
    }
    case 'OneRoom':
      return `${count} ${level === 1 ? load.unit.replace(/s$/, '') : load.unit} in one room`;
    case 'Trace':
      return `${count}\u00a0% of the trace`;
  }
}

/** What the axis of levels is called. */
export function levelAxis(scenario: Scenario): string {
  return levelText(scenario, 2).replace(/^2[\u00a0 ]/, '');
}

/** Who sits in the rooms, in one sentence. */
export function shapeSentence({ workload }: Scenario): string {
  const people = (roles: Parameters<typeof sizeOf>[0]): string =>
    roles.map(({ role, count }) => `${count} × ${role.name}`).join(', ');
  switch (workload.kind) {
    case 'Rooms':
      return `${workload.shapes.map(({ share, shape }) => `Room "${shape.name}"${workload.shapes.length > 1 ? ` (share ${share})` : ''}: ${people(shape.roles)}.`).join(' ')}`;
    case 'OneRoom':
      return `One room: ${people(workload.fixed)}, and so many × ${workload.growing.name} as the level says.`;
    case 'Trace':
      return `${workload.rooms.length} rooms of a trace, ${workload.timeScale} times as fast as they were.`;
  }
}

const limitWords: Readonly<Record<SearchResult['bindingLimit'], string>> = {
  Cpu: 'while the node’s processor was used up',
  CpuThrottled: 'while the node’s processor was throttled',
  Memory: 'while the node’s memory was used up',
  Network: 'while the node’s network was used up',
  Unknown: 'while no measured resource of the node had run out',
  MaxReached: 'by nothing up to the largest load of the scenario',
};

/** What a capacity is bound by. */
export function boundText({ bindingSlo, bindingLimit }: SearchResult): string {
  if (bindingSlo === undefined) return `bound ${limitWords[bindingLimit]}`;
  return `bound by ${metricName(bindingSlo)} ${limitWords[bindingLimit]}`;
}
