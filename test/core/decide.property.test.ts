/** What holds of every decision, whatever is observed. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Action } from '../../src/core/action.ts';
import { type DecideInput, type Decision, type NodeView, decide } from '../../src/core/decide.ts';
import { type MediaNode, liveRooms } from '../../src/core/media-nodes.ts';
import { coldMemory } from '../../src/core/memory.ts';
import { anySpec } from '../support/arbitrary-spec.ts';
import { glances, live } from '../support/arbitrary.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

interface Step {
  readonly input: DecideInput;
  readonly decision: Decision;
}

/** The seed is fixed so that a run today fails exactly where a run tomorrow does. */
const runs = { seed: 20_260_301, numRuns: 150 };

function always(holds: (step: Step) => void): void {
  fc.assert(
    fc.property(anySpec, glances, (spec, seen) => live(spec, seen).forEach(holds)),
    runs,
  );
}

const of = <K extends Action['kind']>(decision: Decision, kind: K) =>
  decision.actions.filter((action): action is Extract<Action, { kind: K }> => action.kind === kind);

function viewOf(decision: Decision, name: string): NodeView {
  const view = decision.nodes.find(({ node }) => node.name === name);
  if (view === undefined) throw new Error(`${name} is acted on and not shown`);
  return view;
}

describe('whatever is observed', () => {
  test('the desired number lies between minimum and maximum', () => {
    always(({ input: { spec }, decision }) => {
      expect(decision.desired).toBeGreaterThanOrEqual(spec.minNodes);
      expect(decision.desired).toBeLessThanOrEqual(spec.maxNodes);
    });
  });

  test('a node is removed only when it is closed, and empty by every source, and proven so twice', () => {
    let removed = 0;
    always(({ input, decision }) => {
      for (const { pod, evidence } of of(decision, 'RemoveNode')) {
        removed += 1;
        const { node } = viewOf(decision, pod.name);
        expect(liveRooms(node)).toEqual([]);
        expect(node).toMatchObject({
          participants: 0,
          entry: { cordonMarked: true, load: { participants: 0 } },
          metrics: { kind: 'Read', participants: 0, rooms: 0, companions: [{ active: 0 }] },
          pod: { protected: false, deleting: false, inService: false },
        });
        const [first, second] = evidence.proofs;
        expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(2000);
        expect(evidence.closedAtMs).toBeLessThan(first?.atMs ?? 0);
        expect(input.observed.ownWritesSeen).toBe(true);
      }
    });
    expect(removed).toBeGreaterThan(20);
  });

  test('a Pod is removed as failed only when it carries nothing', () => {
    let removed = 0;
    always(({ decision }) => {
      for (const { pod } of of(decision, 'RemoveFailed')) {
        removed += 1;
        const { node } = viewOf(decision, pod.name);
        const ended = ['Succeeded', 'Failed'].includes(node.pod.phase);
        const never = !node.pod.ready && !node.memory.served && (node.entry?.load.participants ?? 0) === 0;
        expect(ended || never).toBe(true);
      }
    });
    expect(removed).toBeGreaterThan(20);
  });

  test('a registry entry is removed only when its Pod is gone and it no longer reports', () => {
    let removed = 0;
    always(({ input, decision }) => {
      const { redis } = input.observed;
      for (const { nodeId } of of(decision, 'RemoveGhost')) {
        removed += 1;
        expect(nodeId).not.toBe('ND_other-7');
        expect(decision.nodes.map(({ node }) => node.entry?.nodeId)).not.toContain(nodeId);
        const entry = redis.kind === 'Read' ? redis.nodes.find((item) => item.nodeId === nodeId) : undefined;
        expect(entry?.kind === 'Node' && entry.ageMs > 6000).toBe(true);
      }
    });
    expect(removed).toBeGreaterThan(20);
  });

  test('one node that is up stays open', () => {
    always(({ decision: { steering, nodes } }) => {
      if (steering === undefined || steering.closed.length === 0) return;
      expect(nodes.some(({ node }) => steering.open.includes(node.entry?.nodeId ?? ''))).toBe(true);
      expect(steering.open.filter((id) => steering.closed.includes(id))).toEqual([]);
    });
  });

  test('nothing is done while Redis cannot be read, and in the modes that do nothing', () => {
    always(({ input, decision }) => {
      const { redis } = input.observed;
      const blind = redis.kind === 'Failed' || input.nowMs - redis.atMs > 10_000;
      if (blind) expect(decision).toMatchObject({ actions: [], steering: { open: [], closed: [] } });
      if (['DryRun', 'Paused'].includes(input.spec.mode)) expect(decision.actions).toEqual([]);
    });
  });

  test('no more Pods are asked for than the maximum allows, each under a name of its own', () => {
    always(({ input, decision }) => {
      const created = of(decision, 'CreatePod').map(({ name }) => name);
      const staying = decision.nodes.filter(({ node }) => node.phase !== 'Leaving').length;
      const names = [...created, ...input.observed.pods.map(({ name }) => name)];
      expect(new Set(names).size).toBe(names.length);
      if (created.length > 0) expect(staying + created.length).toBeLessThanOrEqual(input.spec.maxNodes);
    });
  });

  test('a cold memory removes no node and no entry, and shrinks only to the maximum', () => {
    always(({ input }) => {
      const cold = decide({ ...input, memory: coldMemory(input.nowMs) });
      expect([...of(cold, 'RemoveNode'), ...of(cold, 'RemoveGhost')]).toEqual([]);
      const serving = cold.nodes.filter(
        ({ node }) => node.phase === 'Up' && node.pod.cordonWish === undefined,
      );
      const { maxNodes, replicas: _ } = input.spec;
      expect(cold.desired).toBeGreaterThanOrEqual(Math.min(maxNodes, serving.length));
    });
  });

  test('the same input gives the same decision, with a memory that went through JSON too', () => {
    always(({ input, decision }) => {
      const memory: DecideInput['memory'] = JSON.parse(JSON.stringify(input.memory));
      expect(decide({ ...input, memory })).toEqual(decision);
    });
  });

  test('the order in which things are listed does not matter', () => {
    always(({ input, decision }) => {
      const { observed } = input;
      const { redis } = observed;
      const turned =
        redis.kind === 'Failed'
          ? redis
          : { ...redis, nodes: redis.nodes.toReversed(), rooms: redis.rooms.toReversed() };
      const again = decide({
        ...input,
        observed: { ...observed, pods: observed.pods.toReversed(), redis: turned },
      });
      expect(roomsSorted(again)).toEqual(roomsSorted(decision));
    });
  });
});

function roomsSorted(decision: Decision): Decision {
  const sorted = (node: MediaNode): MediaNode => {
    return { ...node, rooms: node.rooms.toSorted((a, b) => (a.room < b.room ? -1 : 1)) };
  };
  const { governor } = decision;
  const outlooks = governor?.outlooks.map((outlook) => ({ ...outlook, node: sorted(outlook.node) }));
  return {
    ...decision,
    nodes: decision.nodes.map((view) => ({ ...view, node: sorted(view.node) })),
    governor: governor === undefined ? undefined : { ...governor, outlooks: outlooks ?? [] },
  };
}

test('in a world where everything works, a fleet under a steady load comes to rest', () => {
  const people = fc.array(fc.nat(130), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(people, fc.nat(3), fc.nat(150), (loads, surplus, slots) => {
      const spec = aSpec({ headroom: { slots, share: 0.1, largestRoom: true } });
      const story = new Story({ spec, nodes: loads.length + surplus }).at(0);
      for (const [at, load] of loads.entries()) story.load(`c-media-${at}`, load);
      const before = story.at(180).done.length;
      expect(story.at(240).done).toHaveLength(before);
      expect(story.states()).not.toContain('Launching');
      expect(story.refusals().filter((reason) => !reason.startsWith('StillHas'))).toEqual([]);
    }),
    { ...runs, numRuns: 20 },
  );
});
