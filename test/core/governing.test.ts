/** Stories of the governor: which node takes new rooms in the course of time, and what is kept for later. */
import { describe, expect, test } from '@jest/globals';
import { type Learned, priorLearned } from '../../src/core/learned.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const first = 'c-media-0';
const second = 'c-media-1';
const third = 'c-media-2';
const names = [first, second, third];

const serving = (story: Story) => names.filter((name) => story.state(name) === 'Serving');

/** How often another set of nodes serves, from one second of the story to another. */
function changes(story: Story, fromS: number, untilS: number, happens: (atS: number) => void): number {
  let count = 0;
  for (let atS = fromS; atS < untilS; atS += 1) {
    const before = serving(story.at(atS)).join();
    happens(atS);
    if (serving(story.at(atS + 1)).join() !== before) count += 1;
  }
  return count;
}

describe('the choice of the node that takes new rooms', () => {
  test('moves on when young rooms will fill it, long before they have, and launches nothing for it', () => {
    const story = new Story({ spec: aSpec({ minNodes: 2 }), nodes: 2 }).at(1).load(first, 5).at(10);
    expect(serving(story)).toEqual([first]);
    for (let at = 0; at < 30; at += 1) story.begin(first, 1, `meeting-${at}`);
    expect(serving(story.at(12))).toEqual([second]);
    expect(story.decision.nodes[0]?.node.participants).toBe(35);
    expect(story.deeds('CreatePod')).toEqual([]);
  });

  test('comes back to it when they have turned out to stay small', () => {
    const story = new Story({ spec: aSpec({ minNodes: 2 }), nodes: 2 }).at(1).load(first, 5).at(10);
    for (let at = 0; at < 30; at += 1) story.begin(first, 1, `meeting-${at}`);
    expect(serving(story.at(12, 'min'))).toEqual([first]);
  });

  test('is not moved by people who come and go', () => {
    const story = new Story({ spec: aSpec({ minNodes: 3 }), nodes: 3 }).at(1);
    for (const name of names) story.load(name, 20);
    const count = changes(story.at(20), 20, 320, (atS) => {
      names.forEach((name, at) => story.load(name, 15 + ((atS * 7 + at * 5) % 11)));
    });
    expect(count).toBeLessThanOrEqual(1);
  });

  test('leaves a node alone so that it becomes empty, and lets it go then', () => {
    const story = new Story({ spec: aSpec(), nodes: 2 }).at(1).load(first, 30).load(second, 20).at(30);
    const [open = ''] = serving(story);
    const [closed = ''] = [first, second].filter((name) => name !== open);
    for (let at = 1; at <= 10; at += 1) story.begin(open, 2, `meeting-${at}`).at(30 + at);
    expect(story.state(closed)).toBe('Standby');
    expect(story.load(closed, 0).at(150).deeds('RemoveNode')).toEqual([`RemoveNode ${closed}`]);
  });

  test('is never a node that a person cordoned, as long as there is another', () => {
    const wish = { by: 'Person' as const, why: 'ana: looks odd', sinceMs: undefined, leaveWhenEmpty: false };
    const story = new Story({ spec: aSpec({ minNodes: 2 }), nodes: 3 }).at(1).load(first, 6).load(second, 1);
    const [preferred = ''] = serving(story.at(10));
    const next = serving(story.change(preferred, { cordonWish: wish }).at(12));
    expect(next).toHaveLength(1);
    expect(next).not.toContain(preferred);
  });
});

describe('what is kept for later', () => {
  const quiet = priorLearned(100);
  /** Sixty people a minute have come of late. */
  const busy: Learned = {
    ...quiet,
    arrivals: { ...quiet.arrivals, recentPerMinute: 60, latestPerMinute: 60 },
  };
  /** Nobody has come of late, and at this time on other days many came in a moment's time. */
  const wall = Array.from({ length: 62 }, (_, minute) => (minute === 2 ? 250 : 0));
  const minute = Math.floor(Date.UTC(2026, 2, 1, 12) / 60_000);
  const known: Learned = {
    ...quiet,
    arrivals: { ...quiet.arrivals, fromMinute: minute, days: [wall, wall] },
  };

  const idle = (learned: Learned, forecast: 'Act' | 'Observe' | 'Off') =>
    new Story({ spec: aSpec({ forecast }), nodes: 3, learned }).at(100);

  test('is nothing but one node where nobody comes', () => {
    expect(idle(quiet, 'Act').names).toEqual([first]);
  });

  test.each(['Act', 'Observe', 'Off'] as const)(
    'is what the last minutes want back soon (%s)',
    (forecast) => {
      const story = idle(busy, forecast);
      expect(story.names.length).toBeGreaterThan(2);
      expect(story.deeds('RemoveNode')).toEqual([]);
      expect(story.decision.because.reason).toBe('ReserveRequiresNodes');
    },
  );

  test('is what earlier days want at this time, where the forecast may act', () => {
    expect(idle(known, 'Act').names.length).toBeGreaterThanOrEqual(3);
    expect(idle(known, 'Observe').names).toEqual([first]);
    expect(idle(known, 'Off').names).toEqual([first]);
  });

  test('is in reserve, not in use: one node serves', () => {
    expect(serving(idle(known, 'Act'))).toHaveLength(1);
  });
});
