/** Fleets whose template changes, whose machines go and whose servers end, in any order: never cut, and all done in the end. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isOwnWish } from '../../src/core/evacuation.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { surgeOf } from '../../src/core/updates.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

type Event =
  | { readonly kind: 'Revise'; readonly revision: string }
  | { readonly kind: 'Pause'; readonly paused: boolean }
  | {
      readonly kind: 'Machine';
      readonly at: number;
      readonly goes: boolean;
      readonly inS: number | undefined;
    }
  | { readonly kind: 'Restart' }
  | { readonly kind: 'Vanish'; readonly at: number }
  | { readonly kind: 'Enter'; readonly people: number }
  | { readonly kind: 'End'; readonly at: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.constantFrom('r1', 'r2', 'r3', 'broken').map((revision): Event => ({ kind: 'Revise', revision })),
  fc.boolean().map((paused): Event => ({ kind: 'Pause', paused })),
  fc.record({
    kind: fc.constant<'Machine'>('Machine'),
    at: fc.nat(3),
    goes: fc.boolean(),
    inS: fc.constantFrom(undefined, 30, 400),
  }),
  fc.constant<Event>({ kind: 'Restart' }),
  fc.nat(7).map((at): Event => ({ kind: 'Vanish', at })),
  { weight: 6, arbitrary: fc.constantFrom(1, 5, 30).map((people): Event => ({ kind: 'Enter', people })) },
  { weight: 6, arbitrary: fc.nat(7).map((at): Event => ({ kind: 'End', at })) },
);

const life = fc.record({
  nodes: fc.integer({ min: 1, max: 4 }),
  more: fc.nat(3),
  surge: fc.constantFrom<ClusterSpec['updates']['maxSurge']>(
    { kind: 'Nodes', value: 1 },
    { kind: 'Nodes', value: 2 },
    { kind: 'Percent', value: 50 },
  ),
  withCanary: fc.boolean(),
  strategy: fc.constantFrom<ClusterSpec['placement']['strategy']>('Packed', 'Spread'),
  events: fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), event), { minLength: 4, maxLength: 25 }),
});

type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

function begun({ nodes, more, surge, withCanary, strategy }: Life): Story {
  const spec = aSpec({
    minNodes: nodes,
    maxNodes: nodes + more,
    placement: { strategy, ceiling: 0.9, priority: 16 },
    updates: {
      maxSurge: surge,
      canary: withCanary ? { share: 0.3, durationMs: 60_000 } : undefined,
      paused: false,
    },
  });
  const story = new Story({ spec, nodes, revisions: ['r1'] }).breaks('broken').at(0);
  for (let at = 0; at < nodes; at += 1) story.change(`c-media-${at}`, { kubeNode: `worker-${at}` });
  return story.at(20);
}

function happen(story: Story, what: Event): void {
  switch (what.kind) {
    case 'Revise':
      story.revise(what.revision);
      return;
    case 'Pause':
      story.respec({ updates: { ...story.input.spec.updates, paused: what.paused } });
      return;
    case 'Machine':
      story.departs(`worker-${what.at}`, what.goes ? 'cordoned' : undefined, what.inS);
      return;
    case 'Restart':
      story.restart();
      return;
    case 'Enter':
      if ((story.decision.steering?.open.length ?? 0) > 0)
        story.enter(what.people, `room-${story.done.length}`);
      return;
    case 'Vanish':
    case 'End':
      end(story, what);
  }
}

function end(story: Story, { kind, at }: Extract<Event, { kind: 'Vanish' | 'End' }>): void {
  const view = story.decision.nodes[at];
  if (view === undefined || view.state === 'Leaving') return;
  if (kind === 'End') story.clear(view.node.name);
  else if (story.decision.nodes.length > 1) story.vanish(view.node.name);
}

/** What must hold after each second. */
function check(story: Story, most: number): void {
  const { decision, input } = story;
  const staying = decision.nodes.filter(({ state }) => state !== 'Leaving').length;
  expect(staying).toBeLessThanOrEqual(most + surgeOf(input.spec.updates, decision.desired));
  const up = decision.nodes.filter(({ node }) => node.phase === 'Up');
  if (up.length > 0 && decision.steering !== undefined) {
    expect(decision.steering.open.length + Number(decision.steering.closed.length === 0)).toBeGreaterThan(0);
  }
  const cut = story.done.filter(({ action }) => action.kind === 'EvictNode' || action.kind === 'EndWedged');
  expect(cut).toEqual([]);
}

/** As many as are wanted, none to be replaced, and all of what is good. */
function isDone(story: Story, least: number): boolean {
  const { nodes, updates, desired } = story.decision;
  const good = updates?.phase === 'Stopped' ? updates.fallbackRevision : updates?.revision;
  const isSettled = updates?.phase === 'Stopped' || updates?.phase === 'Idle';
  const isAllGood = nodes.every(({ node }) => node.pod.revision === good && !isOwnWish(node));
  const isGoodEnough = updates?.phase === 'Stopped' || isAllGood;
  const noneFailed = nodes.every(
    ({ node }) => updates?.phase === 'Idle' || node.pod.revision !== updates?.revision,
  );
  return isSettled && isGoodEnough && noneFailed && nodes.length === Math.max(least, desired);
}

test('whatever happens: limits hold, one node is open, and once it is quiet all nodes are made from what is good', () => {
  fc.assert(
    fc.property(life, (drawn) => {
      const story = begun(drawn);
      const most = drawn.nodes + drawn.more;
      let atS = 20;
      for (const [seconds, what] of drawn.events) {
        if (story.names.length > 0) happen(story, what);
        for (const untilS = atS + seconds; atS < untilS; atS += 1) check(story.at(atS + 1), most);
      }
      for (const at of [0, 1, 2, 3]) story.departs(`worker-${at}`, undefined);
      happen(story, { kind: 'Pause', paused: false });
      // Rooms end one node after the other: where many end at once nobody leaves for half an hour.
      const longestS = atS + 5000;
      for (let turn = 0; atS < longestS && !isDone(story, drawn.nodes); atS += 20, turn += 1) {
        const view = story.decision.nodes[turn % story.decision.nodes.length];
        if (view?.node.phase === 'Up') story.clear(view.node.name);
        for (const { node } of story.decision.nodes) {
          if (node.phase === 'Up') story.serves(node.name, { joinsStarted: 50 });
        }
        check(story.at(atS + 20), most);
      }
      expect(isDone(story, drawn.nodes)).toBe(true);
    }),
    { seed: 20_261_121, numRuns: 40 },
  );
});
