import { describe, expect, test } from '@jest/globals';
import type { Action } from '../../src/core/action.ts';
import type { NodeMetricsReading } from '../../src/core/readings.ts';
import { ClusterLoop } from '../../src/reconcile/reconcile.ts';
import { aPod, anEntry, ownWord } from '../support/builders.ts';
import { FakePorts, refusal, specNow } from '../support/fake-ports.ts';

const first = 'c-media-0';
const second = 'c-media-1';

function world(nodes: number): { readonly fake: FakePorts; readonly loop: ClusterLoop } {
  const fake = new FakePorts();
  const names = Array.from({ length: nodes }, (_, at) => `c-media-${at}`);
  fake.pods = names.map((name) => aPod(name));
  fake.entries = names.map((name) => anEntry(name));
  return { fake, loop: new ClusterLoop('c', fake.ports) };
}

/** Answers at once, in the words of the node. */
function answering(fake: FakePorts): void {
  fake.metrics = (ip) =>
    Promise.resolve(ownWord(`c-media-${ip.split('.').at(-1) ?? ''}`, { atMs: fake.nowMs }));
}

/** One pass a second; the marks of the cordon follow the steering and heartbeats go on. */
async function live(fake: FakePorts, loop: ClusterLoop, seconds: number): Promise<void> {
  for (let at = 0; at < seconds; at += 1) {
    fake.nowMs += 1000;
    const closed = fake.steered.at(-1)?.closed ?? [];
    fake.entries = fake.entries.flatMap((entry) =>
      entry.kind === 'Node'
        ? [
            {
              ...entry,
              cordonMarked: closed.includes(entry.nodeId),
              heartbeatsSeen: entry.heartbeatsSeen + 1,
            },
          ]
        : [],
    );
    await loop.pass(specNow());
    await loop.evidenceSettled();
    for (const action of fake.acts.splice(0)) carryOut(fake, action);
  }
}

function carryOut(fake: FakePorts, action: Action): void {
  if (action.kind === 'SetInService') {
    fake.pods = fake.pods.map((pod) =>
      pod.name === action.pod.name ? { ...pod, inService: action.inService } : pod,
    );
  }
  if (action.kind === 'RemoveNode') {
    fake.pods = fake.pods.filter(({ name }) => name !== action.pod.name);
    fake.entries = fake.entries.filter(({ nodeId }) => nodeId !== action.evidence.nodeId);
  }
}

describe('a pass', () => {
  test('steers, acts and leaves word of both', async () => {
    const { fake, loop } = world(1);
    const { decision } = await loop.pass(specNow({ minNodes: 2 }));
    expect(fake.steered).toEqual([{ open: ['ND_c-media-0'], closed: [] }]);
    expect(fake.acts).toMatchObject([{ kind: 'CreatePod', name: second }]);
    expect(fake.told).toEqual(['MediaNodeLaunched']);
    expect([fake.decisions, fake.statuses, loop.last]).toEqual([[decision], [decision], decision]);
  });

  test('launches while Redis still takes the steering, and ends when it has', async () => {
    const { fake } = world(1);
    const taken = Promise.withResolvers<void>();
    const media = { ...fake.ports.media, steer: async () => await taken.promise };
    const loop = new ClusterLoop('c', { ...fake.ports, media });
    let ended = false;
    const pass = loop.pass(specNow({ minNodes: 2 })).then(() => (ended = true));
    await new Promise(setImmediate);
    expect([fake.acts.map(({ kind }) => kind), ended]).toEqual([['CreatePod'], false]);
    taken.resolve();
    expect(await pass).toBe(true);
  });

  test('with nothing to do tells nothing and writes nothing but its own note', async () => {
    const { fake, loop } = world(1);
    for (let at = 0; at < 5; at += 1) await loop.pass(specNow());
    expect([fake.acts, fake.told]).toEqual([[], []]);
    expect(loop.last?.refusals).toEqual([]);
  });

  test('carries its memory to the next one', async () => {
    const { fake, loop } = world(3);
    const spreading = specNow({ placement: { strategy: 'Spread', ceiling: 0.9, priority: 16 } });
    const desired: number[] = [];
    for (let at = 0; at < 4; at += 1) {
      desired.push((await loop.pass(spreading)).decision.desired);
      fake.nowMs += 5000;
    }
    expect(desired).toEqual([3, 3, 1, 1]);
  });

  test('does not act while Redis cannot be read, and warns once', async () => {
    const { fake, loop } = world(1);
    fake.redisWorks = false;
    for (let at = 0; at < 4; at += 1) await loop.pass(specNow({ minNodes: 3 }));
    expect(fake.acts).toEqual([]);
    expect(fake.events.filter(({ reason }) => reason === 'RedisUnavailable')).toMatchObject([
      { severity: 'Warning' },
    ]);
    expect(fake.steered.at(-1)).toEqual({ open: [], closed: [] });
  });

  test('leaves the registry as it is when several nodes fall silent', async () => {
    const { fake, loop } = world(3);
    await loop.pass(specNow());
    const before = fake.steered.length;
    fake.entries = [anEntry(first), anEntry(second, { ageMs: 9000 }), anEntry('c-media-2', { ageMs: 9000 })];
    const { decision } = await loop.pass(specNow());
    expect(decision.refusals).toMatchObject([{ reason: 'HeartbeatsStopped' }]);
    expect(fake.steered).toHaveLength(before);
  });

  test('rejects on a defect, which is no refusal', async () => {
    const { fake, loop } = world(0);
    fake.refuse = () => new TypeError('a defect');
    await expect(loop.pass(specNow())).rejects.toThrow('a defect');
  });
});

describe('a launch that is refused', () => {
  test('is a finding with the words of the API server, one warning, and a reason to wait', async () => {
    const { fake, loop } = world(0);
    fake.refuse = () => refusal();
    const { decision, wakeAtMs } = await loop.pass(specNow());
    const message = 'c-media-0 could not be launched: pods "c-media-0" is forbidden: exceeded quota';
    expect(decision.refusals).toContainEqual({ reason: 'LaunchFailed', message });
    expect(fake.events).toEqual([{ reason: 'LaunchFailed', severity: 'Warning', message }]);
    expect(wakeAtMs).toBe(fake.nowMs + 1000);
  });

  test('is tried again after 2 s, 4 s, 8 s, and counts once however many Pods were refused', async () => {
    const { fake, loop } = world(0);
    const tried: number[] = [];
    fake.refuse = ({ kind }) => {
      if (kind === 'CreatePod' && tried.at(-1) !== fake.nowMs) tried.push(fake.nowMs);
      return refusal();
    };
    const startMs = fake.nowMs;
    for (let at = 0; at < 35; at += 1) {
      await loop.pass(specNow({ minNodes: 3 }));
      fake.nowMs += 1000;
    }
    expect(tried.map((atMs) => (atMs - startMs) / 1000)).toEqual([0, 2, 6, 14, 30]);
  });

  test('is told to wait in between', async () => {
    const { fake, loop } = world(0);
    fake.refuse = () => refusal();
    await loop.pass(specNow());
    fake.nowMs += 500;
    const { decision } = await loop.pass(specNow());
    expect(decision.refusals.map(({ reason }) => reason)).toContain('LaunchBackoff');
  });

  test('is forgotten with the first launch that works', async () => {
    const { fake, loop } = world(0);
    fake.refuse = () => refusal();
    await loop.pass(specNow());
    fake.refuse = () => undefined;
    fake.nowMs += 2000;
    await loop.pass(specNow());
    const { decision } = await loop.pass(specNow());
    expect(decision.refusals.map(({ reason }) => reason)).not.toContain('LaunchBackoff');
  });

  test('does not hold up the others of its pass', async () => {
    const { fake, loop } = world(0);
    fake.refuse = (action) => (action.kind === 'CreatePod' && action.name === first ? refusal() : undefined);
    await loop.pass(specNow({ minNodes: 2 }));
    expect(fake.acts).toMatchObject([{ kind: 'CreatePod', name: second }]);
  });
});

describe('another step that is refused', () => {
  const outOfService = async (stale: boolean): Promise<FakePorts> => {
    const { fake, loop } = world(1);
    fake.pods = [aPod(first, { inService: false })];
    fake.refuse = () => refusal('conflict', stale);
    await loop.pass(specNow());
    return fake;
  };

  test('is a warning', async () => {
    expect((await outOfService(false)).events).toMatchObject([
      { reason: 'ActionRefused', severity: 'Warning' },
    ]);
  });

  test('is tried again after a second, then after two, and is told once each time', async () => {
    const { fake, loop } = world(1);
    fake.pods = [aPod(first, { inService: false })];
    const tried: number[] = [];
    fake.refuse = () => {
      tried.push(fake.nowMs);
      return refusal('forbidden', false);
    };
    const startMs = fake.nowMs;
    for (let pass = 0; pass < 40; pass += 1) {
      const { decision } = await loop.pass(specNow());
      expect(decision.refusals.map(({ reason }) => reason)).toContain('ActionRefused');
      fake.nowMs += 100;
    }
    expect(tried.map((atMs) => atMs - startMs)).toEqual([0, 1000, 3000]);
    expect(fake.events.filter(({ reason }) => reason === 'ActionRefused')).toHaveLength(3);
  });

  test('because its object had changed is nothing to tell', async () => {
    const fake = await outOfService(true);
    expect(fake.told).toEqual([]);
    expect(fake.decisions[0]?.refusals).toEqual([]);
  });
});

describe('evidence', () => {
  test('is asked in the background: a node that never answers holds up no pass', async () => {
    const { fake, loop } = world(2);
    for (let at = 0; at < 3; at += 1) {
      fake.nowMs += 6000;
      await loop.pass(specNow());
    }
    expect(fake.decisions).toHaveLength(3);
    expect(fake.metricsAsked).toEqual(['10.0.0.0', '10.0.0.1']);
    expect(fake.woken).toBe(0);
  });

  test('that arrives asks for another pass', async () => {
    const { fake, loop } = world(1);
    let answer: (reading: NodeMetricsReading) => void = () => undefined;
    fake.metrics = () => new Promise((resolve) => (answer = resolve));
    await loop.pass(specNow());
    expect(fake.woken).toBe(0);
    answer(ownWord(first));
    await loop.evidenceSettled();
    expect(fake.woken).toBe(1);
  });

  test('that is a failure to answer does not', async () => {
    const { fake, loop } = world(1);
    fake.metrics = () => Promise.resolve({ kind: 'Failed', why: 'timeout', atMs: fake.nowMs });
    await loop.pass(specNow());
    await loop.evidenceSettled();
    expect(fake.woken).toBe(0);
  });

  test('lets an empty surplus node go, and nobody asks the server API when none is to go', async () => {
    const { fake, loop } = world(2);
    answering(fake);
    await loop.pass(specNow());
    await live(fake, loop, 59);
    // It stands by, and is not to go: nobody has to be asked, and steering is nothing to tell.
    expect([fake.serverApiAsked, fake.told, fake.steered.at(-1)?.closed]).toEqual([[], [], ['ND_c-media-1']]);
    await live(fake, loop, 30);
    expect(fake.pods.map(({ name }) => name)).toEqual([first]);
    expect(fake.told).toEqual(['MediaNodeStandby', 'ScaledDown', 'MediaNodeLeaving']);
    expect(fake.serverApiAsked.length).toBeGreaterThan(0);
  });

  test('of the server API is asked every 5 s while somebody may go, and by one request at a time', async () => {
    const { fake, loop } = world(2);
    answering(fake);
    fake.pods = fake.pods.map((pod) => ({ ...pod, protected: true }));
    fake.readServerApi = () => Promise.resolve({ kind: 'Read', rooms: [], atMs: fake.nowMs });
    await live(fake, loop, 61 + 41);
    expect(fake.serverApiAsked.length).toBeGreaterThanOrEqual(5);
    expect(fake.serverApiAsked.length).toBeLessThanOrEqual(9);
    expect(fake.serverApiAsked[0]).toEqual(['10.0.0.0', '10.0.0.1']);
  });

  test('is asked for again after a defect in the adapter, which nobody waits for in vain', async () => {
    const { fake, loop } = world(2);
    answering(fake);
    const drained = {
      by: 'Person' as const,
      why: 'ana: new kernel',
      sinceMs: undefined,
      leaveWhenEmpty: true,
    };
    fake.pods = fake.pods.map((pod) =>
      pod.name === second ? { ...pod, cordonWish: drained, protected: true } : pod,
    );
    fake.readServerApi = () => Promise.reject(new TypeError('a defect'));
    await live(fake, loop, 30);
    const failed = fake.serverApiAsked.length;
    expect(failed).toBeGreaterThan(1);
    fake.readServerApi = () => Promise.resolve({ kind: 'Read', rooms: [], atMs: fake.nowMs });
    await live(fake, loop, 6);
    expect(fake.serverApiAsked.length).toBeGreaterThan(failed);
  });

  test('is judged by the list of Pods that it was gathered for, not by one that comes later', async () => {
    const { fake, loop } = world(1);
    fake.ownWritesSeen = false;
    const passing = loop.pass(specNow());
    fake.ownWritesSeen = true;
    await passing;
    fake.pods = [aPod(first, { phase: 'Failed' })];
    fake.ownWritesSeen = false;
    const later = loop.pass(specNow());
    fake.ownWritesSeen = true;
    await later;
    expect(fake.acts.filter(({ kind }) => kind === 'RemoveFailed')).toEqual([]);
  });
});
