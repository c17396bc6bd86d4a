/** Which figures of a node hold, and what the size makes of them. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { carryProfile, settleCapacity, withoutProfile } from '../../src/core/capacity-use.ts';
import type { ProfileState } from '../../src/core/capacity-profile.ts';
import { demand } from '../../src/core/demand.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';
import { type Asked, aProfile, conference, theMachines, under } from '../support/a-profile.ts';
import { aNode, aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const given = aSpec().capacity;
const live = { name: 'live', publishers: 1, viewers: 500, lower95: 480 };
const first = 'c-media-0';

describe('a spec without a profile', () => {
  test('is left as it is, to the object', () => {
    const spec = aSpec();
    const sight = { reading: { kind: 'Missing', why: '' }, machines: theMachines, memory: {} } as const;
    expect(settleCapacity(spec, sight)).toBe(spec);
  });
});

describe('the participants of a node', () => {
  test.each<readonly [claim: string, spec: ClusterSpec, participants: number]>([
    ['are those of the lower bound', under(aProfile()), 80],
    ['may lie between two rooms', under(aProfile({ shapes: [{ ...conference, lower95: 2.55 }] })), 25],
    ['count viewers and those they watch', under(aProfile({ shapes: [live] })), 481],
    ['are those of the shape that gives the fewest', under(aProfile({ shapes: [live, conference] })), 80],
    [
      'are those of the shape that is asked for',
      under(aProfile({ shapes: [live, conference] }), { ref: { shape: 'live' } }),
      481,
    ],
    ['are twice as many on twice the processors', under(aProfile(), { ref: { cpus: 8 } }), 160],
    ['are half as many on half of them', under(aProfile(), { ref: { cpus: 2 } }), 40],
    [
      'are scaled by the machine where the template sets no limit',
      under(aProfile(), { ref: { cpus: undefined }, machines: { cpus: 2 } }),
      40,
    ],
    [
      'are not scaled by what the machine keeps for itself',
      under(aProfile(), { ref: { cpus: undefined }, machines: { cpus: 3.92 } }),
      80,
    ],
    ['are never fewer than two', under(aProfile({ shapes: [{ ...conference, lower95: 0.01 }] })), 2],
    [
      'are the given ones where the profile has no shape',
      under(aProfile(withoutShapes({ tracks: 900 }))),
      100,
    ],
  ])('%s', (_, spec, participants) => {
    expect(spec.capacity.participants).toBe(participants);
  });
});

describe('what becomes of a profile', () => {
  const cases: readonly (readonly [
    claim: string,
    profile: ReturnType<typeof aProfile> | undefined,
    asked: Asked,
    state: ProfileState,
    says: string,
  ])[] = [
    ['it holds where all fits', aProfile(), {}, 'Applied', 'The figures of profile m6in hold.'],
    ['it holds on a later patch', aProfile(), { machines: { serverVersion: 'v1.13.11-ov2' } }, 'Applied', ''],
    [
      'it holds while no server tells its version',
      aProfile(),
      { machines: { serverVersion: undefined } },
      'Applied',
      '',
    ],
    [
      'it is an estimate on other processors',
      aProfile(),
      { ref: { cpus: 8 } },
      'Estimated',
      'it was measured on 4 processors, a node has 8',
    ],
    [
      'it is an estimate on another machine type',
      aProfile({ match: { instanceType: 'm6in.xlarge' } }),
      { machines: { instanceTypes: ['c7g.xlarge', 'm6in.xlarge'] } },
      'Estimated',
      'it was measured on m6in.xlarge, nodes run on c7g.xlarge',
    ],
    [
      'it waits for approval',
      aProfile({ mode: 'Propose' }),
      {},
      'Proposed',
      'kubectl openvidu profile approve m6in',
    ],
    ['it is missing', undefined, {}, 'Missing', 'There is none.'],
    [
      'it is of another engine',
      aProfile(),
      { ref: { engine: 'mediasoup' } },
      'Unmatched',
      'measured with the engine pion, the nodes use mediasoup: give the cluster a profile for it',
    ],
    [
      'it is of another version',
      aProfile(),
      { machines: { serverVersion: '1.14.0' } },
      'Unmatched',
      'measured with version 1.13, the nodes run 1.14.0: give the cluster a profile for it',
    ],
    [
      'it is of a version that only begins alike',
      aProfile(),
      { machines: { serverVersion: '1.130.0' } },
      'Unmatched',
      '',
    ],
    [
      'it lacks the shape that is asked for',
      aProfile(),
      { ref: { shape: 'live' } },
      'Unusable',
      'has no shape live; it has conference-10: name one of those',
    ],
    [
      'it says nothing that counts',
      aProfile(withoutShapes({ memory: 0.8 })),
      {},
      'Unusable',
      'give it shapes or limits',
    ],
    [
      'it has drifted',
      aProfile(),
      { drift: { version: 'uid-profile/1', lookedMs: 0, off: 0.4, offPercent: 40 } },
      'Drifted',
      'use about 40 % more processor time than profile m6in foretells: run a new load test',
    ],
    [
      'another one had drifted',
      aProfile(),
      { drift: { version: 'uid-profile/0', lookedMs: 0, off: 0.4, offPercent: 40 } },
      'Applied',
      '',
    ],
  ];

  test.each(cases)('%s', (_, profile, asked, state, says) => {
    const { profile: use, capacity } = under(profile, asked);
    expect(use).toMatchObject({ name: 'm6in', state, finding: { message: expect.stringContaining(says) } });
    if (state !== 'Applied' && state !== 'Estimated' && state !== 'Drifted') expect(capacity).toEqual(given);
  });

  test('after a drift the lesser figures hold, and the processors count', () => {
    const drift = { version: 'uid-profile/1', lookedMs: 0, off: 0.4, offPercent: 40 };
    const many = { ...conference, lower95: 30, rooms: 30 };
    const spec = under(aProfile({ shapes: [many], limits: { cpu: 0.9, tracks: 700 } }), { drift });
    expect(spec.capacity).toEqual({ ...given, tracks: 700 });
    expect(under(aProfile(), { drift }).capacity.participants).toBe(80);
    expect(spec.targets).toContainEqual({ kind: 'Cpu', utilization: 0.7 * 0.9 });
  });
});

describe('the size', () => {
  const nodes = [first, 'c-media-1', 'c-media-2'].map((name) =>
    aNode(name, {
      load: {
        participants: 66,
        tracksIn: 10,
        tracksOut: 90,
        packetsInPerSecond: 1e4,
        packetsOutPerSecond: 4e4,
      },
    }),
  );
  const asked = (spec: ClusterSpec) => demand(spec, nodes, nodes);

  test('is another with another profile, and says by which', () => {
    const large = asked(under(aProfile()));
    const small = asked(under(aProfile({ shapes: [{ ...conference, rooms: 4, lower95: 4 }] })));
    expect(large).toMatchObject({ wanted: 4, because: { reason: 'LoadRequiresNodes' } });
    expect(large.because.message).toBe('198 participants at 70 % of 80 per node by profile m6in need 4.');
    expect(small.because.message).toBe('198 participants at 70 % of 40 per node by profile m6in need 8.');
  });

  test('says that a figure is an estimate', () => {
    const { because } = asked(under(aProfile(), { ref: { cpus: 8 } }));
    expect(because.message).toContain('of 160 per node by profile m6in (estimated) need 2.');
  });

  test('is raised by whichever limit of the profile is met first', () => {
    const costs = { cores: { base: 0.1, packetIn: 1e-5, packetOut: 2e-5 } };
    const limits = { tracks: 50, egressMbps: 1, packetsPerSecond: 10_000 };
    const told = asked(under(aProfile({ limits, costs }))).opinions.map(({ kind, atLeast }) => [
      kind,
      atLeast,
    ]);
    expect(told).toEqual([
      ['Participants', 4],
      ['Tracks', 9],
      ['Bandwidth', 0],
      ['Packets', 22],
      ['Cost', 2],
      ['Headroom', 1],
    ]);
  });

  test('is not lowered while one of these is unknown', () => {
    const silent = aNode('c-media-3', { load: { participants: 1, tracksOut: 1 } });
    const spec = under(aProfile({ limits: { packetsPerSecond: 10_000 } }));
    expect(demand(spec, nodes, nodes).mayLower).toBe(true);
    expect(demand(spec, [...nodes, silent], nodes).mayLower).toBe(false);
  });

  test('a target of the spec keeps its own share, and is not asked twice', () => {
    const targets = [{ kind: 'Tracks', utilization: 0.5 }] as const;
    const spec = under(aProfile({ limits: { tracks: 300 } }), { spec: { targets } });
    expect(spec.targets).toEqual(targets);
    expect(spec.capacity.tracks).toBe(300);
  });

  test.each<readonly [claim: string, spec: ClusterSpec, mayLower: boolean]>([
    ['a profile that is missing lets nothing go', under(undefined), false],
    ['one of another engine neither', under(aProfile(), { ref: { engine: 'mediasoup' } }), false],
    ['one that nobody approved changes nothing', under(aProfile({ mode: 'Propose' })), true],
    ['one in use lets nodes go', under(aProfile()), true],
  ])('%s', (_, spec, mayLower) => {
    const told = asked(spec);
    expect(told.mayLower).toBe(mayLower);
    expect(told.opinions.some(({ kind }) => kind === 'Profile')).toBe(!mayLower);
  });

  test('of a fleet whose profile goes missing is kept, and grows all the same', () => {
    const story = new Story({ spec: under(undefined), nodes: 3 }).at(10, 'min');
    expect(story.decision.desired).toBe(3);
    expect(story.decision.limitedBy?.message).toContain('asked of profile m6in, which cannot be used now');
    story.load(first, 230).at(11, 'min');
    expect(story.decision.desired).toBe(4);
  });

  test('of the governor names the profile as well', () => {
    const profile = aProfile({ shapes: [{ ...conference, rooms: 2, lower95: 2 }] });
    const story = new Story({ spec: under(profile), nodes: 1 }).at(1).load(first, 17).at(30);
    expect(story.decision.because.message).toMatch(/20.* by profile m6in/);
    expect(story.decision.desired).toBeGreaterThan(1);
  });
});

describe('a world of people alone', () => {
  test('goes on with the figures that hold, and asks for nothing that it does not have', () => {
    const costs = { cores: { packetOut: 1e-5 } };
    const spec = under(aProfile({ costs, limits: { packetsPerSecond: 10_000, tracks: 300 } }));
    const simulated = withoutProfile(spec);
    expect(simulated.capacity.participants).toBe(80);
    expect(simulated.targets.map(({ kind }) => kind)).toEqual(['Participants', 'Tracks']);
    expect(simulated).not.toHaveProperty('profileRef');
    expect(withoutProfile(aSpec({ minNodes: 3 }))).toEqual(aSpec({ minNodes: 3 }));
  });
});

describe('no profile', () => {
  const figure = fc.double({ noNaN: true, min: 1e-3, max: 1e6 });
  const shape = fc.record({ rooms: figure, lower95: figure, people: fc.integer({ min: 1, max: 1000 }) });
  const profile = fc.record({
    shapes: fc.array(shape, { maxLength: 3 }),
    cpus: fc.option(fc.double({ noNaN: true, min: 0.05, max: 256 }), { nil: undefined }),
    limits: fc.record(
      { cpu: fc.double({ noNaN: true, min: 0.05, max: 1 }), tracks: fc.integer({ min: 1, max: 1e6 }) },
      { requiredKeys: [] },
    ),
    nodeCpus: fc.option(fc.double({ noNaN: true, min: 0.05, max: 256 }), { nil: undefined }),
  });

  test('makes the capacity of a node nothing, or no number', () => {
    fc.assert(
      fc.property(profile, ({ shapes, cpus, limits, nodeCpus }) => {
        const made = aProfile({
          match: cpus === undefined ? {} : { cpus },
          limits,
          shapes: shapes.map(({ rooms, lower95, people }, at) => ({
            name: `shape-${at}`,
            rooms,
            lower95,
            participantsPerRoom: people,
          })),
        });
        const { capacity } = under(made, { ref: { cpus: nodeCpus }, machines: { cpus: undefined } });
        for (const value of Object.values(capacity)) {
          if (value !== undefined) expect(Number.isFinite(value) && value > 0).toBe(true);
        }
        expect(capacity.participants).toBeGreaterThanOrEqual(2);
      }),
    );
  });
});

describe('what somebody tries with another spec', () => {
  test('is tried under the profile that was in use', () => {
    const from = under(aProfile());
    const { profile: _, ...asked } = from;
    const to = {
      ...aSpec(),
      minNodes: 3,
      ...(asked.profileRef === undefined ? {} : { profileRef: asked.profileRef }),
    };
    expect(carryProfile(from, to)).toMatchObject({ minNodes: 3, capacity: { participants: 80 } });
  });

  test('is tried without it where it no longer asks for it', () => {
    const to = aSpec({ minNodes: 3 });
    expect(carryProfile(under(aProfile()), to)).toBe(to);
  });
});

function withoutShapes(limits: object): Parameters<typeof aProfile>[0] {
  return { shapes: [], limits };
}
