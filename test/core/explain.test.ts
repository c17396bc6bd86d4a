import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  fewerThatMatter,
  moreThatMatter,
  wishOf,
  withFewer,
  withMore,
} from '../../src/core/counterfactual.ts';
import { decide } from '../../src/core/decide.ts';
import { type Explanation, explain } from '../../src/core/explain.ts';
import { explanationText } from '../../src/core/explain-text.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { anySpec } from '../support/arbitrary-spec.ts';
import { glances, live } from '../support/arbitrary.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const calm = { stabilizationMs: 300_000, selectPolicy: 'Max', policies: [] } as const;

/** A fleet of spread placement: its sizes follow from the load alone, so that examples can be checked by hand. */
function fleet(loads: readonly number[], changes: Partial<ClusterSpec> = {}): Story {
  const spec = aSpec({
    scaleDown: calm,
    placement: { ...aSpec().placement, strategy: 'Spread' },
    ...changes,
  });
  const story = new Story({ spec, nodes: loads.length });
  loads.forEach((people, at) => story.load(`c-media-${at}`, people));
  return story.at(20);
}

const told = (story: Story): Explanation => explain(story.input, story.decision);
const node = (explanation: Explanation, name: string) => explanation.nodes.find((one) => one.name === name);

describe('an explanation', () => {
  test('reads well to somebody who meets the fleet for the first time', () => {
    expect(explanationText(told(fleet([80, 61, 42])))).toBe(`c at 2026-03-01T12:00:20.000Z, mode Enforce
3 Media Nodes are wanted, there are 3: 3 serving. 183 participants at 70 % of 100 per node need 3.

Why 3
  - 183 participants at 70 % of 100 per node need 3 (Participants).
  - 1 free slot on ready nodes needs 1 (Headroom).

Why not more
  - Nothing asks for more. The next Media Node is wanted when 28 more participants have come.

Why not fewer
  - 2 Media Nodes would be enough if 43 participants left.

What would change it
  - If 28 more participants come, 4 Media Nodes are wanted.
  - If 43 participants leave, 2 Media Nodes are enough instead of 3 once spec.autoscaling.behavior allows it.

Media Nodes
  c-media-0  Serving    1 room, 80 participants
      Takes new rooms: it carries 80 participants of the 90 that its ceiling allows, so 10 slots are free.
  c-media-1  Serving    1 room, 61 participants
      Takes new rooms: it carries 61 participants of the 90 that its ceiling allows, so 29 slots are free.
  c-media-2  Serving    1 room, 42 participants
      Takes new rooms: it carries 42 participants of the 90 that its ceiling allows, so 48 slots are free.
`);
  });

  test('is plain JSON', () => {
    const explanation = told(fleet([80, 61, 42]));

    expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
  });

  test('of a smaller load says when the stabilisation window ends', () => {
    const story = fleet([80, 61, 42]).load('c-media-1', 30).load('c-media-2', 5).at(60);

    const { whyNotFewer, wouldChange } = told(story);

    expect(whyNotFewer).toEqual([
      '2 Media Nodes are wanted, 3 are kept until the wish has lasted long enough.',
      'In 4 min 20 s, if nothing else changes, 2 Media Nodes are wanted.',
    ]);
    expect(wouldChange).toContainEqual(
      expect.objectContaining({ kind: 'Time', nodes: 2, afterSeconds: 260 }),
    );
    expect(story.at(60 + 259).decision.desired).toBe(3);
    expect(story.at(60 + 261).decision.desired).toBe(2);
  });

  test('of a node that is not needed names the rooms that keep it', () => {
    const story = fleet([80, 61, 42]).load('c-media-1', 30).load('c-media-2', 5).at(7, 'min');
    const explanation = told(story);

    expect(node(explanation, 'c-media-2')).toMatchObject({
      state: 'Standby',
      why: expect.stringMatching(
        /^Takes no new rooms \(for \d+ s\), because fewer Media Nodes are enough; its room goes on\.$/,
      ),
      next: expect.stringMatching(
        /^It can leave when room ND_3\/room-on-c-media-2 \(5 participants\) has ended, and two observations show it empty; by the lengths of rooms so far it is empty in \d+ min as likely as not\.$/,
      ),
    });
    expect(explanation.whyNotFewer.at(-1)).toBe(
      'c-media-2 is not needed and can leave once its rooms have ended and two observations show it.',
    );
  });

  test('of packed nodes tells what is held free, that rooms cannot move, and why one node was opened', () => {
    const explanation = told(fleet([80, 61, 42], { placement: aSpec().placement }));

    expect(explanation.whyThisSize.slice(0, 2)).toEqual([
      '3 Media Nodes have rooms (Governor).',
      'About 0 participants are expected in new rooms within 80 s, a launch and a margin. For these 10 slots must be free; 87 are free or on order, and nothing is let go below 10.',
    ]);
    expect(explanation.whyNotFewer).toEqual([
      '3 Media Nodes have rooms, and a room cannot move. The next to become empty is c-media-0, in 29 min as likely as not.',
    ]);
    expect(node(explanation, 'c-media-2')?.why).toBe(
      'Takes new rooms: it carries 42 participants of the 90 that its ceiling allows, so 48 slots are free; one more room costs least here, in machine time and in the risk of crowding.',
    );
    expect(node(explanation, 'c-media-0')).toMatchObject({
      state: 'Standby',
      why: 'Takes no new rooms (for 19 s), because other Media Nodes have space for them; it is kept with about 10 free slots in reserve; its room goes on.',
      next: 'It takes rooms again when the others fill up, and can leave when it is empty and not needed; by the lengths of rooms so far it is empty in 29 min as likely as not.',
    });
  });

  test('at the maximum says so, and what the load would need', () => {
    const explanation = told(fleet([95, 95], { maxNodes: 2 }));

    expect(explanation.headline).toMatch(
      /^2 Media Nodes are wanted, there are 2: 2 serving\. The load needs 3/,
    );
    expect(explanation.whyNotMore).toEqual(['The load needs 3 Media Nodes, spec.mediaNodes.max allows 2.']);
    expect(explanation.wouldChange[0]?.sentence).toMatch(
      /4 Media Nodes are wanted, and spec\.mediaNodes\.max allows 2\.$/,
    );
  });

  test('at the minimum says that the minimum keeps them', () => {
    expect(told(fleet([10, 0], { minNodes: 2 })).whyNotFewer[0]).toBe('spec.mediaNodes.min keeps 2.');
  });

  test('of a launch says what is missing and until when it may take', () => {
    const explanation = told(fleet([60, 60]).load('c-media-1', 88, 'big').at(22));

    expect(explanation.nodes.find(({ state }) => state === 'Launching')).toMatchObject({
      why: expect.stringMatching(
        /^Has been on its way for \d s and counts as capacity on order: its Pod is not ready/,
      ),
      next: expect.stringMatching(/^It counts as failed if it is not ready and registered in 4 min/),
    });
  });

  test('without Redis says that nothing is known, and that unknown is not zero', () => {
    const explanation = told(fleet([60, 60]).redis(false).at(30));

    expect(explanation.whyNotFewer).toEqual([
      'Redis cannot be read: connection refused. Unknown is not zero: nothing is removed.',
    ]);
    expect(explanation.uncertain[0]).toBe(
      'Redis cannot be read (connection refused), so nothing is known of the rooms.',
    );
    expect(explanation.wouldChange).toEqual([]);
    expect(node(explanation, 'c-media-0')?.why).toBe(
      'Cannot be seen, because Redis cannot be read; it last had 60 participants.',
    );
  });

  test("of a node that a person cordoned gives that person's words", () => {
    const story = fleet([60, 60]);
    story.change('c-media-1', {
      cordonWish: { by: 'Person', why: 'ana: new kernel', sinceMs: undefined, leaveWhenEmpty: false },
    });
    const cordoned = node(told(story.at(30)), 'c-media-1');
    story.change('c-media-1', {
      cordonWish: { by: 'Person', why: 'ana: new kernel', sinceMs: undefined, leaveWhenEmpty: true },
    });
    const drained = node(told(story.at(40)), 'c-media-1');

    expect(cordoned).toMatchObject({
      state: 'Cordoned',
      why: 'Takes no new rooms, because a person cordoned it: ana: new kernel.',
      next: 'It takes rooms again when a person uncordons it.',
    });
    expect(drained?.why).toMatch(/it is to leave once it is empty\.$/);
    expect(drained?.next).toMatch(/^It can leave when room .* has ended, and two observations show it empty/);
  });

  test('of a silent node says that it is neither counted on nor removed', () => {
    const explanation = told(fleet([60, 60, 60]).silence('c-media-2').at(90));

    expect(node(explanation, 'c-media-2')).toMatchObject({
      why: expect.stringMatching(
        /^Does not report although its Pod runs \(for \d+ s\); it last had 60 participants\.$/,
      ),
      next: 'While it is silent it is neither counted on nor removed.',
    });
    expect(explanation.uncertain).toContain(
      'c-media-2 does not report: the load there is the last one known.',
    );
  });

  test('in mode External names the number that was asked for', () => {
    const explanation = told(fleet([60, 60], { mode: 'External', replicas: 2 }));

    expect(explanation.whyThisSize[0]).toBe('spec.mediaNodes.replicas is 2.');
    expect(explanation.wouldChange.filter(({ kind }) => kind !== 'Time')).toEqual([]);
  });

  test('in mode DryRun says that nothing is done, and of the nodes what would be', () => {
    const explanation = told(fleet([95, 95], { mode: 'DryRun' }));

    expect(explanation.nodes.map(({ why }) => why.slice(0, 11))).toEqual(['Would take ', 'Would take ']);
    expect(explanation.refusals[0]).toEqual({
      reason: 'DryRun',
      sentence: 'spec.autoscaling.mode is DryRun. Mode DryRun: decisions are reported, nothing is done.',
    });
  });
});

describe('thresholds', () => {
  test.each<readonly [loads: readonly number[], more: number, fewer: number | undefined]>([
    [[70], 1, undefined],
    [[69], 2, undefined],
    [[60, 60], 21, 50],
    [[80, 61, 42], 28, 43],
    [[71, 0], 70, 1],
  ])('of the loads %j are %p more and %p fewer participants', (loads, more, fewer) => {
    const { input, decision } = fleet(loads);

    expect(moreThatMatter(input, decision)?.participants).toBe(more);
    expect(fewerThatMatter(input, decision)?.participants).toBe(fewer);
  });

  test('hold: the number given changes the wish, and one less does not', () => {
    let checked = 0;
    fc.assert(
      fc.property(anySpec, glances, (spec, seen) => {
        const step = live(spec, seen).at(-1);
        if (step === undefined || step.decision.demand === undefined) return;
        const { input, decision } = step;
        const serving = decision.nodes.flatMap(({ node: { entry }, state }) =>
          state === 'Serving' && entry !== undefined ? [entry.nodeId] : [],
        );
        const wish = (count: number) => {
          const made = decide(withMore(input, serving, count));
          return Math.max(made.desired, wishOf(made));
        };
        const more = moreThatMatter(input, decision);
        if (more === undefined) return;
        checked += 1;
        expect(wish(more.participants)).toBe(more.nodes);
        expect(wish(more.participants - 1)).toBeLessThan(more.nodes);
      }),
      { seed: 3, numRuns: 150 },
    );
    expect(checked).toBeGreaterThan(40);
  });

  test('of thousands of people are at most 1/256 too high, and never too low', () => {
    const capacity = { ...aSpec().capacity, participants: 20_000 };
    const { input, decision } = fleet([9000, 12_345], { capacity });
    const serving = decision.nodes.flatMap(({ node: { entry } }) => entry?.nodeId ?? []);
    const asked = (count: number) => wishOf(decide(withMore(input, serving, count)));
    const exact = 2 * 14_000 - 9000 - 12_345 + 1;

    const more = moreThatMatter(input, decision)?.participants ?? 0;

    expect([asked(exact - 1), asked(exact)]).toEqual([2, 3]);
    expect(more).toBeGreaterThanOrEqual(exact);
    expect(more).toBeLessThanOrEqual(exact + exact / 256);
  });

  test('are asked of a world that differs by exactly so many people', () => {
    const { input, decision } = fleet([80, 61, 42]);
    const total = (asked: typeof input) =>
      decide(asked).nodes.reduce((sum, { node: one }) => sum + one.participants, 0);

    expect(total(withFewer(input, 50, 183))).toBe(133);
    expect(total(withFewer(input, 183, 183))).toBe(0);
    expect(
      total(
        withMore(
          input,
          decision.nodes.flatMap(({ node: { entry } }) => entry?.nodeId ?? []),
          7,
        ),
      ),
    ).toBe(190);
  });
});

test('whatever was observed is explained in whole sentences with no gap in them', () => {
  let sentences = 0;
  fc.assert(
    fc.property(anySpec, glances, (spec, seen) => {
      for (const { input, decision } of live(spec, seen).slice(-2)) {
        const explanation = explain(input, decision);
        const all = [
          explanation.headline,
          ...explanation.whyThisSize,
          ...explanation.whyNotMore,
          ...explanation.whyNotFewer,
          ...explanation.actions,
          ...explanation.uncertain,
          ...explanation.refusals.map((refusal) => refusal.sentence),
          ...explanation.nodes.flatMap(({ why, next }) => [why, ...(next === undefined ? [] : [next])]),
        ];
        sentences += all.length;
        for (const text of all) {
          expect(text).toMatch(
            /^[^a-z\s].*[.!?]$|^[a-z]+-media-\d.*[.]$|^spec\..*[.]$|^other.*[.]$|^egress.*[.]$/,
          );
          expect(text).not.toMatch(/undefined|NaN|null|\[object|\.\.| {2}|-\d+ s\b/);
        }
        expect(
          explanation.whyThisSize.length * explanation.whyNotMore.length * explanation.whyNotFewer.length,
        ).toBeGreaterThan(0);
      }
    }),
    { seed: 5, numRuns: 120 },
  );
  expect(sentences).toBeGreaterThan(1000);
});
