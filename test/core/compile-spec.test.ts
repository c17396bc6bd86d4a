import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { compileSpec } from '../../src/core/compile-spec.ts';
import type { JsonObject } from '../../src/base/json-object.ts';
import { aClusterSpec } from '../manifests/a-cluster-spec.ts';

const samples = new URL('../../docs/samples/', import.meta.url);
const zones = ['UTC', 'Europe/Madrid'];
const compile = (changes: JsonObject = {}) =>
  compileSpec(aClusterSpec(changes), {
    knownTimeZone: (zone) => zones.includes(zone),
    revision: 'r1',
    deleting: false,
  });

/** Two nodes of 85 slots, and a headroom of this many. */
const twoOf85 = (slots: number): JsonObject => ({
  mediaNodes: { max: 2 },
  autoscaling: { headroom: { slots }, placement: { ceilingPercent: 85 } },
});

const lessons = {
  name: 'lessons',
  timeZone: 'Europe/Madrid',
  start: '0 8 * * MON-FRI',
  duration: '6h',
  minNodes: 4,
};

describe('the compiled spec', () => {
  test('holds the defaults of the schema as plain numbers with nothing wrong', () => {
    expect(compile()).toEqual({
      spec: {
        mode: 'Enforce',
        minNodes: 1,
        maxNodes: 10,
        replicas: 1,
        capacity: { participants: 100, tracks: undefined, egressBytesPerSecond: undefined },
        startupDeadlineMs: 300_000,
        targets: [{ kind: 'Participants', utilization: 0.7 }],
        headroom: { slots: 0, share: 0, largestRoom: false },
        placement: { strategy: 'Packed', ceiling: 0.95, priority: 8 },
        forecast: 'Act',
        schedules: [],
        scaleUp: {
          stabilizationMs: 0,
          selectPolicy: 'Max',
          policies: [
            { kind: 'Pods', value: 4, periodMs: 15_000 },
            { kind: 'Percent', value: 100, periodMs: 15_000 },
          ],
        },
        scaleDown: {
          stabilizationMs: 300_000,
          selectPolicy: 'Max',
          policies: [{ kind: 'Percent', value: 100, periodMs: 15_000 }],
        },
        maxConcurrentLeaving: 2,
        drainDeadlineMs: undefined,
        onDrainDeadline: 'Wait',
        signallingGraceMs: 600_000,
        updates: { maxSurge: { kind: 'Nodes', value: 1 }, canary: undefined, paused: false },
        revision: 'r1',
        deleting: false,
        trustUnverifiedServers: false,
      },
      problems: [],
      notYetEffective: [],
    });
  });

  test('turns megabits into bytes and percents into shares', () => {
    const { spec } = compile({
      mediaNodes: { capacity: { egressMbps: 800, tracks: 2000 }, startupDeadline: '1m30s' },
      autoscaling: {
        headroom: { slots: 20, percent: 15, largestRoom: true },
        targets: [
          { type: 'Bandwidth', utilizationPercent: 60 },
          { type: 'Tracks', utilizationPercent: 50 },
          { type: 'Cpu', utilizationPercent: 75 },
        ],
      },
    });

    expect(spec.capacity).toEqual({ participants: 100, tracks: 2000, egressBytesPerSecond: 100_000_000 });
    expect(spec.startupDeadlineMs).toBe(90_000);
    expect(spec.headroom).toEqual({ slots: 20, share: 0.15, largestRoom: true });
    expect(spec.targets).toEqual([
      { kind: 'Bandwidth', utilization: 0.6 },
      { kind: 'Tracks', utilization: 0.5 },
      { kind: 'Cpu', utilization: 0.75 },
    ]);
  });

  test('still follows participants when the only target does not take effect yet', () => {
    const prometheus = { serverUrl: 'http://prometheus:9090', query: 'sum(x)', targetPerNode: 5 };
    const compiled = compile({ autoscaling: { targets: [{ type: 'Prometheus', prometheus }] } });

    expect(compiled.spec.targets).toEqual([{ kind: 'Participants', utilization: 0.7 }]);
    expect(compiled.notYetEffective).toEqual(['spec.autoscaling.targets[0]']);
  });

  test('keeps the minimum where the maximum is below it', () => {
    expect(compile({ mediaNodes: { min: 6, max: 3 } }).spec).toMatchObject({ minNodes: 6, maxNodes: 6 });
  });
});

describe('schedules', () => {
  const compiled = (...schedules: readonly JsonObject[]) =>
    compile({ autoscaling: { schedules } }).spec.schedules.map(({ name }) => name);

  test('are kept with their durations as numbers', () => {
    const { duration: _, ...rest } = lessons;
    expect(compile({ autoscaling: { schedules: [lessons] } }).spec.schedules).toEqual([
      { ...rest, durationMs: 6 * 3_600_000 },
    ]);
  });

  test.each([
    ['time zone', { timeZone: 'Europe/Atlantis' }],
    ['start', { start: '0 8 30 2 *' }],
    ['duration', { duration: 'long' }],
  ])('with a faulty %s are left out, and the others hold', (_, fault) => {
    expect(compiled({ ...lessons, ...fault, name: 'faulty' }, lessons)).toEqual(['lessons']);
  });
});

describe('a problem names the field and the remedy', () => {
  const cases: Readonly<Record<string, { changes: JsonObject; field: string; remedy: string }>> = {
    'when the maximum is below the minimum': {
      changes: { mediaNodes: { min: 6, max: 3 } },
      field: 'spec.mediaNodes.max',
      remedy: 'raise max or lower min',
    },
    'when a Tracks target has no capacity to compare with': {
      changes: { autoscaling: { targets: [{ type: 'Participants' }, { type: 'Tracks' }] } },
      field: 'spec.mediaNodes.capacity.tracks',
      remedy: 'spec.autoscaling.targets[1] of type Tracks needs it: set it, or remove the target',
    },
    'when a Bandwidth target has no capacity to compare with': {
      changes: { autoscaling: { targets: [{ type: 'Bandwidth' }] } },
      field: 'spec.mediaNodes.capacity.egressMbps',
      remedy: 'set it, or remove the target',
    },
    'when the ceiling leaves a node without a slot': {
      changes: { mediaNodes: { capacity: { participants: 1 } } },
      field: 'spec.autoscaling.placement.ceilingPercent',
      remedy: 'raise spec.mediaNodes.capacity.participants',
    },
    'when all nodes together could not give the headroom': {
      changes: twoOf85(171),
      field: 'spec.autoscaling.headroom.slots',
      remedy: '171 free slots are asked for, but 2 empty Media Nodes have 170',
    },
    'when a time zone is not known': {
      changes: { autoscaling: { schedules: [lessons, { ...lessons, timeZone: 'Europe/Atlantis' }] } },
      field: 'spec.autoscaling.schedules[1].timeZone',
      remedy: '"Europe/Atlantis" is no IANA time zone: write one such as Europe/Madrid',
    },
    'when a schedule asks for more than the maximum': {
      changes: { autoscaling: { schedules: [{ ...lessons, minNodes: 11 }] } },
      field: 'spec.autoscaling.schedules[0].minNodes',
      remedy: 'raise spec.mediaNodes.max',
    },
    'when a schedule never begins': {
      changes: { autoscaling: { schedules: [{ ...lessons, start: '0 22-2 * * *' }] } },
      field: 'spec.autoscaling.schedules[0].start',
      remedy: 'because "22-2" runs backwards: write two ranges with a comma between them',
    },
    'when a duration cannot be read': {
      changes: { mediaNodes: { startupDeadline: 'soon' } },
      field: 'spec.mediaNodes.startupDeadline',
      remedy: 'write one such as 90s',
    },
    'when a grace cannot be read': {
      changes: { drain: { signallingGrace: 'soon' } },
      field: 'spec.drain.signallingGrace',
      remedy: 'write one such as 90s',
    },
    'when a deadline is nothing': {
      changes: { drain: { deadline: '0s' } },
      field: 'spec.drain.deadline',
      remedy: 'write one such as 90s',
    },
  };

  test.each(Object.entries(cases))('%s', (_, { changes, field, remedy }) => {
    const { problems } = compile(changes);

    expect(problems).toEqual([{ field, message: expect.stringContaining(remedy) }]);
  });

  test('is not raised by a headroom that the nodes can just give', () => {
    const { problems } = compile(twoOf85(170));

    expect(problems).toEqual([]);
  });
});

describe('a field that is accepted but does nothing yet is told', () => {
  const prometheus = { serverUrl: 'http://prometheus:9090', query: 'sum(x)', targetPerNode: 5 };
  const cases: readonly (readonly [string, JsonObject])[] = [
    [
      'spec.autoscaling.targets[1]',
      { autoscaling: { targets: [{ type: 'Participants' }, { type: 'Prometheus', prometheus }] } },
    ],
  ];

  test.each(cases)('%s', (path, changes) => {
    const compiled = compile(changes);

    expect(compiled.notYetEffective).toEqual([path]);
    expect(compiled.problems).toEqual([]);
  });

  test.each<readonly [path: string, changes: JsonObject]>([
    ['spec.drain', { drain: { deadline: '4h', onDeadline: 'Evict', signallingGrace: '1m' } }],
    ['spec.updates', { updates: { maxSurge: '25%', canary: { percent: 10, duration: '1h' }, paused: true } }],
  ])('but %s does something', (_, changes) => {
    expect(compile(changes).notYetEffective).toEqual([]);
  });

  test('but a capacity profile does something, and may say what a target needs', () => {
    const compiled = compile({
      mediaNodes: { capacity: { profileRef: { name: 'large' } } },
      autoscaling: { targets: [{ type: 'Tracks' }] },
    });

    expect(compiled.spec.profileRef).toMatchObject({ name: 'large' });
    expect(compiled.problems).toEqual([]);
    expect(compiled.notYetEffective).toEqual([]);
  });

  test('but schedules do something', () => {
    expect(compile({ autoscaling: { schedules: [lessons] } }).notYetEffective).toEqual([]);
  });
});

test.each(readdirSync(samples).filter((file) => file.endsWith('.yaml')))(
  'the sample %s has no fault and sets nothing that has no effect',
  (name) => {
    const documents = parseAllDocuments(readFileSync(new URL(name, samples), 'utf8'));
    const { spec } = documents
      .map((document) => document.toJS() as { readonly kind: string; readonly spec: JsonObject })
      .find(({ kind }) => kind === 'OpenViduCluster') ?? { spec: {} };
    const { problems, notYetEffective } = compile(spec);
    expect({ problems, notYetEffective }).toEqual({ problems: [], notYetEffective: [] });
  },
);

describe('compiling', () => {
  const number = fc.oneof(fc.integer({ min: -10, max: 2_000 }), fc.constantFrom(0, NaN, Infinity, 0.5));
  const changes = fc.record({
    mediaNodes: fc.record({
      min: number,
      max: number,
      startupDeadline: fc.string(),
      capacity: fc.record({ participants: number, tracks: number }),
    }),
    autoscaling: fc.record({
      headroom: fc.record({ slots: number, percent: number }),
      placement: fc.record({ ceilingPercent: number }),
    }),
    drain: fc.record({ deadline: fc.string(), gracePeriod: fc.string() }),
  });

  test('never throws and never lets the maximum fall below the minimum', () => {
    fc.assert(
      fc.property(changes, (random) => {
        const { spec } = compile(random);
        expect(spec.maxNodes >= spec.minNodes || Number.isNaN(spec.maxNodes)).toBe(true);
        expect(spec.startupDeadlineMs).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
