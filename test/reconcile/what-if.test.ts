import { describe, expect, test } from '@jest/globals';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { Journal, type JournalEntry } from '../../src/reconcile/journal.ts';
import { whatIf } from '../../src/reconcile/what-if.ts';
import { whatIfText } from '../../src/reconcile/what-if-text.ts';
import { SetPathError, setPath } from '../../src/base/set-path.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const spread = { ...aSpec().placement, strategy: 'Spread' } as const;
const window = (stabilizationMs: number) => ({ stabilizationMs, selectPolicy: 'Max', policies: [] }) as const;

/** Twenty minutes of a fleet that grows and shrinks: 120 people from the first minute to the tenth. */
function recorded(changes: Partial<ClusterSpec> = {}): readonly JournalEntry[] {
  const spec = aSpec({ placement: spread, scaleDown: window(60_000), ...changes });
  const story = new Story({ spec, nodes: 1 });
  const journal = new Journal();
  for (let second = 1; second <= 1200; second += 1) {
    if (second === 60) story.load('c-media-0', 60).load('c-media-0', 60, 'second');
    if (second === 600) story.load('c-media-0', 0, 'second');
    story.at(second);
    journal.record(story.input, story.decision, 1);
  }
  return journal.entries();
}

describe('what if', () => {
  test('nothing is changed, then nothing is different', () => {
    const result = whatIf(recorded(), (spec) => spec);

    expect(result.firstDifference).toBeUndefined();
    expect(result.changed).toEqual([]);
    expect(result.nodeHours.instead).toBe(result.nodeHours.recorded);
    expect(whatIfText(result)).toMatch(
      /The same number of Media Nodes would have been wanted all the time\./,
    );
  });

  test('one slot of load less per node is aimed at, more nodes are wanted, from the moment it matters', () => {
    const result = whatIf(recorded(), (spec) => ({
      ...spec,
      targets: [{ kind: 'Participants', utilization: 0.35 }],
    }));

    expect(result.firstDifference).toMatchObject({ recorded: { desired: 2 }, instead: { desired: 4 } });
    expect(result.launches).toEqual({ recorded: 1, instead: 3 });
    expect(result.mostNodes).toEqual({ recorded: 2, instead: 4 });
    expect(result.nodeHours.instead).toBeGreaterThan(result.nodeHours.recorded);
    expect(result.changed).toEqual([{ path: 'targets[0].utilization', recorded: '0.7', replayed: '0.35' }]);
  });

  test('a longer window is remembered from entry to entry, though quiet passes were summed up', () => {
    const entries = recorded();
    const result = whatIf(entries, (spec) => ({ ...spec, scaleDown: window(300_000) }));

    expect(entries.length).toBeLessThan(100);
    expect(result.passes).toBe(1200);
    expect(result.firstDifference).toMatchObject({
      recorded: { desired: 1 },
      instead: { desired: 2, reason: 'Stabilizing' },
    });
    const back = result.sizes.at(-1);
    expect(back).toMatchObject({ instead: { desired: 1 } });
    const laterMs = (back?.atMs ?? 0) - (result.firstDifference?.atMs ?? 0);
    expect(laterMs).toBeGreaterThan(200_000);
    expect(laterMs).toBeLessThan(310_000);
    expect(result.removals).toEqual({ recorded: 1, instead: 1 });
    expect(result.sizes.map(({ instead }) => instead.reason)).not.toContain('TargetsUnknown');
  });

  test('a maximum is lower, the launch that it forbids is avoided', () => {
    const result = whatIf(recorded(), (spec) => ({ ...spec, maxNodes: 1 }));

    expect(result.launches).toEqual({ recorded: 1, instead: 0 });
    expect(result.firstDifference?.instead).toMatchObject({ desired: 1, reason: 'AtMaximum' });
  });

  test('the operator began anew in between, so does the trial', () => {
    const first = recorded();
    const second = recorded();

    expect(whatIf([...first, ...second], (spec) => spec)).toMatchObject({
      breaks: 1,
      firstDifference: undefined,
    });
  });

  test('without any entry there is no answer', () => {
    expect(() => whatIf([], (spec) => spec)).toThrow(RangeError);
  });

  test('reads well', () => {
    const text = whatIfText(whatIf(recorded(), (spec) => ({ ...spec, maxNodes: 1 })));

    expect(text).toMatch(/^1200 passes in \d+ entries, 2026-03-01T12:00:01\.000Z and 19 min 59 s on\.\n/);
    expect(text).toContain('Changed: maxNodes from 10 to 1.\n');
    expect(text).toMatch(/The first difference is at \S+: 1 instead of 2\. The load needs 2 Media Nodes/);
    expect(text).toMatch(/nodes asked for +1 +0 +-1\n/);
    expect(text).toMatch(/it does not answer to what would have been done/);
  });
});

describe('setting one field', () => {
  const resource = { autoscaling: { targets: [{ type: 'Cpu', utilizationPercent: 70 }], mode: 'Enforce' } };

  test.each<readonly [path: string, to: unknown, expected: unknown]>([
    ['autoscaling.mode', 'DryRun', { ...resource.autoscaling, mode: 'DryRun' }],
    [
      'autoscaling.targets[0].utilizationPercent',
      50,
      { ...resource.autoscaling, targets: [{ type: 'Cpu', utilizationPercent: 50 }] },
    ],
    ['autoscaling.headroom.slots', 9, { ...resource.autoscaling, headroom: { slots: 9 } }],
  ])('at %s changes that field and no other', (path, to, autoscaling) => {
    expect(setPath(resource, path, to)).toEqual({ autoscaling });
    expect(resource.autoscaling.targets[0]?.utilizationPercent).toBe(70);
  });

  test.each<readonly [path: string, says: RegExp]>([
    ['', /is no path: write one such as/],
    ['a..b', /is no path/],
    ['a[x]', /is no path/],
    ['autoscaling.targets[4].type', /names item 4 of a list of 1: items are counted from 0/],
    ['autoscaling.mode.name', /goes on below "Enforce", which has no fields/],
  ])('at %p is refused in one sentence', (path, says) => {
    expect(() => setPath(resource, path, 1)).toThrow(SetPathError);
    expect(() => setPath(resource, path, 1)).toThrow(says);
  });

  test('cannot reach the prototype of anything', () => {
    expect(Object.getPrototypeOf(setPath({}, '__proto__', { polluted: true }))).toBe(Object.prototype);
  });
});
