/** The loop under a capacity profile: it is looked up at each pass, and its figures are those that are decided on. */
import { describe, expect, test } from '@jest/globals';
import { driftMs } from '../../src/core/capacity-drift.ts';
import type { CapacityProfile, ProfileReading } from '../../src/core/capacity-profile.ts';
import type { DecideInput } from '../../src/core/decide-input.ts';
import type { Decision } from '../../src/core/decision.ts';
import { ClusterLoop } from '../../src/reconcile/reconcile.ts';
import { replay } from '../../src/reconcile/replay.ts';
import { aProfile, aRef, conference } from '../support/a-profile.ts';
import { aLoad, aPod, aRoom, aSpec, anEntry } from '../support/builders.ts';
import { FakePorts, specNow } from '../support/fake-ports.ts';

const costs = { cores: { base: 0.1, participant: 0.03 } };
const spec = aSpec({ profileRef: aRef, minNodes: 2 });

interface World {
  profile: CapacityProfile | undefined;
  readonly fake: FakePorts;
  readonly inputs: DecideInput[];
  /** Passes, one in 5 s, with nodes that use this share of their processors. */
  live(seconds: number, cpuLoad: number): Promise<Decision>;
}

function aWorld(profile: CapacityProfile | undefined): World {
  const fake = new FakePorts();
  const names = ['c-media-0', 'c-media-1'];
  fake.pods = names.map((name) => aPod(name));
  fake.rooms = names.map((name) => aRoom(name, { participants: 40 }));
  const inputs: DecideInput[] = [];
  const read = (): ProfileReading =>
    world.profile === undefined
      ? { kind: 'Missing', why: 'There is none.' }
      : { kind: 'Read', profile: world.profile };
  const record: typeof fake.ports.record = {
    ...fake.ports.record,
    decision: (input, decision, tookMs) => {
      inputs.push(input);
      fake.ports.record.decision(input, decision, tookMs);
    },
  };
  const loop = new ClusterLoop('c', { ...fake.ports, record, profiles: { read } });
  const world: World = {
    profile,
    fake,
    inputs,
    live: async (seconds, cpuLoad) => {
      let last: Decision | undefined;
      for (let at = 0; at < seconds; at += 5) {
        fake.nowMs += 5000;
        const load = aLoad({ participants: 40, rooms: 1, cpuLoad });
        fake.entries = names.map((name) => anEntry(name, { load, heartbeatsSeen: 100 + at }));
        last = (await loop.pass(specNow(spec))).decision;
      }
      if (last === undefined) throw new Error('no pass was made');
      return last;
    },
  };
  return world;
}

describe('the loop', () => {
  test('decides on the figures of the profile, and anew when it changes', async () => {
    const world = aWorld(aProfile());
    expect((await world.live(20, 0.3)).desired).toBe(2);
    world.profile = aProfile({ shapes: [{ ...conference, rooms: 2, lower95: 2 }] });
    const decision = await world.live(20, 0.3);
    expect(decision.desired).toBeGreaterThanOrEqual(6);
    expect(decision.because.message).toContain('by profile m6in');
    expect(world.inputs.map((input) => input.spec.capacity.participants).at(-1)).toBe(20);
  });

  test('hands on an equal spec as long as nothing about the profile has changed', async () => {
    const world = aWorld(aProfile());
    await world.live(60, 0.3);
    expect(new Set(world.inputs.map((input) => JSON.stringify(input.spec))).size).toBe(1);
  });

  test('falls back when the nodes use more than is foretold, and takes the profile up again', async () => {
    const world = aWorld(aProfile({ costs }));
    const minutes = driftMs / 1000;
    expect((await world.live(minutes - 60, 0.5)).capacity?.profile.state).toBe('Applied');
    expect((await world.live(120, 0.5)).capacity?.profile.state).toBe('Drifted');
    expect((await world.live(minutes - 60, 1.3 / 4)).capacity?.profile.state).toBe('Drifted');
    expect((await world.live(900, 1.3 / 4)).capacity?.profile.state).toBe('Applied');
  });

  test('takes the machines to be as they were while Redis cannot be read', async () => {
    const world = aWorld(aProfile({ match: { livekitVersion: '1.12' } }));
    expect((await world.live(10, 0.3)).capacity?.profile.state).toBe('Unmatched');
    world.fake.redisWorks = false;
    expect((await world.live(10, 0.3)).capacity?.profile.state).toBe('Unmatched');
  });

  test('writes down all that a replay needs', async () => {
    const world = aWorld(aProfile({ costs }));
    await world.live(30, 0.5);
    const input = world.inputs.at(-1);
    const decision = world.fake.decisions.at(-1);
    if (input === undefined || decision === undefined) throw new Error('nothing was recorded');
    expect(replay({ input, decision })).toEqual({ identical: true, differences: [] });
  });
});
