/** What a second decision says, when something is changed that must not matter, or that may matter in one way only. */
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import type { DecideInput } from '../../src/core/decide-input.ts';
import type { Decision } from '../../src/core/decision.ts';
import { decide } from '../../src/core/decide.ts';
import { coldMemory } from '../../src/core/memory.ts';
import { hasEnded } from '../../src/core/loss.ts';
import type { Observed } from '../../src/core/observed.ts';
import type { NodeEntry, RedisReading, RoomPlacement } from '../../src/core/readings.ts';
import { roomKey } from '../../src/core/room-names.ts';
import type { Step } from '../support/arbitrary.ts';
import { type Claim, Judge } from '../support/claims.ts';

type Read = Extract<RedisReading, { kind: 'Read' }>;

/** What is done and wanted, without what it was made from. */
function outcome({ desired, actions, steering, nodes, because, memory, wakeAtMs }: Decision): string {
  const states = nodes.map(({ node, state, finding }) => [node.name, state, finding?.reason]);
  return JSON.stringify({ desired, actions, steering, states, because, memory, wakeAtMs });
}

const plain = (decision: Decision): unknown => JSON.parse(JSON.stringify(decision));
const deeds = ({ desired, actions, steering }: Decision) => JSON.stringify({ desired, actions, steering });

const removals = ({ actions }: Decision) =>
  actions.filter(({ kind }) => kind === 'RemoveNode' || kind === 'EvictNode').length;

const withObserved = (input: DecideInput, changes: Partial<Observed>): DecideInput => ({
  ...input,
  observed: { ...input.observed, ...changes },
});

/** The same with another reading of the registry; `undefined` where there is none. */
function withRead(input: DecideInput, change: (redis: Read) => RedisReading): DecideInput | undefined {
  const { redis } = input.observed;
  return redis.kind === 'Read' ? withObserved(input, { redis: change(redis) }) : undefined;
}

function withRooms(input: DecideInput, change: (room: RoomPlacement) => RoomPlacement) {
  return withRead(input, (redis) => ({ ...redis, rooms: redis.rooms.map(change) }));
}

function withEntries(input: DecideInput, change: (entry: NodeEntry) => readonly NodeEntry[]) {
  return withRead(input, (redis) => ({ ...redis, nodes: redis.nodes.flatMap(change) }));
}

/**
 * Ways in which something becomes unknown. The entries of nodes that leave are left alone: to take itself out of the
 * registry is the last thing that such a server does, and it never goes back to another state.
 * Nor is a contradiction by the server API hidden: Redis and the node's own word are two sources without it.
 */
type Hiding = (step: Step) => DecideInput | undefined;

const hidings: readonly Hiding[] = [
  ({ input }) => withRead(input, ({ atMs }) => ({ kind: 'Failed', why: 'timeout', atMs })),
  hidingEntries(() => []),
  hidingEntries(({ nodeId }) => [{ kind: 'Undecodable', nodeId, why: 'truncated' }]),
  hidingEntries((entry) => (entry.nodeId.endsWith('0') ? [] : [entry])),
  hidingEntries((entry) => (entry.kind === 'Node' ? [{ ...entry, ageMs: 8000 }] : [entry])),
  hidingEntries((entry) => (entry.kind === 'Node' ? [{ ...entry, state: 'Unknown' }] : [entry])),
  ({ input }) => withObserved(input, { metrics: {} }),
  ({ input }) => withObserved(input, { ownWritesSeen: false }),
  ({ input }) =>
    contradicts(input.observed)
      ? undefined
      : withObserved(input, { serverApi: { kind: 'Failed', why: 'timeout', atMs: input.nowMs } }),
];

function hidingEntries(change: (entry: NodeEntry) => readonly NodeEntry[]): Hiding {
  return ({ input, decision }) => {
    const leaving = decision.nodes.flatMap(({ node }) =>
      node.phase === 'Leaving' ? [node.entry?.nodeId] : [],
    );
    return withEntries(input, (entry) => (leaving.includes(entry.nodeId) ? [entry] : change(entry)));
  };
}

const contradicts = ({ serverApi }: Observed): boolean =>
  serverApi?.kind === 'Read' && serverApi.rooms.some(({ participants }) => participants > 0);

/** Thirty people more on the first node that is up, in a room that has grown. */
function withMorePeople({ input, decision }: Step): DecideInput | undefined {
  const busy = decision.nodes.find(({ node }) => node.phase === 'Up')?.node.entry;
  if (busy === undefined) return undefined;
  const { nodeId } = busy;
  const createdAtSeconds = input.wallMs / 1000 - 7200;
  return withRead(input, (redis) => ({
    ...redis,
    nodes: redis.nodes.map((entry) => {
      if (entry.kind !== 'Node' || entry.nodeId !== nodeId) return entry;
      return { ...entry, load: { ...entry.load, participants: entry.load.participants + 30 } };
    }),
    rooms: [...redis.rooms, { room: 'more', nodeId, participants: 30, createdAtSeconds }],
  }));
}

const claims: readonly Claim[] = [
  {
    says: 'the same input gives the same decision, and is not changed by it',
    holds: ({ input, decision }) => {
      const before = JSON.stringify(input);
      return JSON.stringify(decide(input)) === JSON.stringify(decision) && JSON.stringify(input) === before;
    },
  },
  {
    says: 'an input that went through JSON gives the identical decision, as the journal needs it',
    holds: ({ input, decision }) => {
      const again: DecideInput = JSON.parse(JSON.stringify(input));
      return isDeepStrictEqual(plain(decide(again)), plain(decision));
    },
  },
  {
    says: 'so does one in which rooms have their keys for names, but for those names',
    holds: ({ input, decision }) => {
      const salt = input.learned?.names.salt ?? 0;
      const hashed = withRooms(input, (placement) => ({ ...placement, room: roomKey(placement.room, salt) }));
      if (hashed === undefined || input.observed.serverApi?.kind === 'Read') return undefined;
      return outcome(decide(hashed)) === outcome(decision);
    },
  },
  {
    says: 'a second look at the same moment wants the same and does the same',
    holds: ({ input, decision }) => deeds(decide({ ...input, memory: decision.memory })) === deeds(decision),
  },
  {
    says: 'the order in which things are listed does not matter',
    holds: ({ input, decision }) => {
      const turned = withRead(withObserved(input, { pods: input.observed.pods.toReversed() }), (redis) => ({
        ...redis,
        nodes: redis.nodes.toReversed(),
        rooms: redis.rooms.toReversed(),
      }));
      return turned === undefined ? undefined : outcome(decide(turned)) === outcome(decision);
    },
  },
  {
    says: 'a cold memory removes nothing but what processes that have ended left, and wants no fewer nodes than there are but for the maximum',
    holds: ({ input }) => {
      const cold = decide({ ...input, memory: coldMemory(input.nowMs) });
      const ended = new Set(
        cold.nodes.flatMap(({ node }) => (hasEnded(node.pod) ? [node.entry?.nodeId] : [])),
      );
      const kept = cold.actions.every((action) => {
        if (action.kind === 'RemoveGhost') return ended.has(action.nodeId);
        return action.kind !== 'RemoveNode' && action.kind !== 'EvictNode' && action.kind !== 'EndWedged';
      });
      const there = cold.nodes.filter(({ node }) => node.phase === 'Up' && node.pod.cordonWish === undefined);
      // Those beyond the wanted number, while others are replaced or tried, are kept as well.
      return kept && cold.desired + cold.aside >= Math.min(input.spec.maxNodes, there.length);
    },
  },
  {
    says: 'what becomes unknown lets no more nodes go, and wants no fewer, than would have been so anyway',
    holds: (step) => {
      const { input, decision } = step;
      const { maxNodes, mode } = input.spec;
      const before = mode === 'External' ? 0 : (input.memory.desired ?? 0);
      const least = Math.min(before, decision.desired, maxNodes);
      return hidings.every((hide) => {
        const hidden = hide(step);
        if (hidden === undefined) return true;
        const blind = decide(hidden);
        return removals(blind) <= removals(decision) && blind.desired >= least;
      });
    },
  },
  {
    says: 'more people never want fewer nodes',
    holds: (step) => {
      const more = withMorePeople(step);
      return more === undefined ? undefined : decide(more).desired >= step.decision.desired;
    },
  },
  {
    says: 'a forecast that is only observed changes nothing',
    holds: ({ input }) => {
      const [off, observe] = (['Off', 'Observe'] as const).map((forecast) =>
        outcome(decide({ ...input, spec: { ...input.spec, forecast } })),
      );
      return off === observe;
    },
  },
];

const judge = new Judge({ seed: 20_270_101, hundreds: 15, of: 'last step' }, claims);

test.each(claims)('$says', (claim) => judge.sentence({ atLeast: 500, ...claim }));

test('every life was looked at', () => {
  expect(judge.steps).toBe(1500);
});
