import { describe, expect, test } from '@jest/globals';
import { measurable, type Means } from '../../src/loadtest/run-slos.ts';
import type { Slo, SloMetric } from '../../src/loadtest/scenario.ts';

const slo = (metric: SloMetric, guard: boolean): Slo => ({
  metric,
  max: 1,
  min: undefined,
  overBaseline: false,
  guard,
});
const all: Means = { node: true, throttling: true, probes: true, memory: true };

describe('what cannot be measured at a target', () => {
  test.each<[string, SloMetric, Means]>([
    ['the node without its metrics', 'node.cpuShare', { ...all, node: false }],
    ['memory without its limit', 'node.memoryShare', { ...all, memory: false }],
    ['throttling without the control group', 'node.throttledShare', { ...all, throttling: false }],
    ['what people see without probes', 'probe.freezeShare', { ...all, probes: false }],
  ])('as a guard is left out and told, as an SLO refuses the run: %s', (_, metric, means) => {
    const told = [expect.stringContaining(`${metric} (`)];
    expect(measurable([slo(metric, true)], means)).toEqual({ slos: [], dropped: told, impossible: [] });
    expect(measurable([slo(metric, false)], means)).toEqual({ slos: [], dropped: [], impossible: told });
  });

  test('is nothing where everything is known', () => {
    const slos = [slo('node.cpuShare', true), slo('frameLatencyMs.p95', false)];
    expect(measurable(slos, all)).toEqual({ slos, dropped: [], impossible: [] });
  });
});
