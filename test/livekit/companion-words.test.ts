/** Each page was held against the source of the program that serves it; the lines are named in `companion-pages.ts`. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { activeJobs, type CompanionWord, strongest } from '../../src/livekit/companion-words.ts';
import { agentWorker, egressMetrics, egressStatus, ingressMetrics } from '../../lab/companion-pages.ts';

const jobs = (kind: Exclude<CompanionWord['kind'], 'Metric'>, page: string) => activeJobs({ kind }, page);

describe('an egress', () => {
  test.each<readonly [claim: string, page: string, active: number]>([
    ['is idle before its first request', egressMetrics({ requests: {}, active: 0 }), 0],
    ['is idle after its last one', egressMetrics({ requests: { web: 0, track: 0 }, active: 0 }), 0],
    ['is at work on all kinds of requests', egressMetrics({ requests: { web: 1, track: 2 }, active: 3 }), 3],
    ['is at work before its handler runs', egressMetrics({ requests: {}, active: 1 }), 1],
    [
      'that drains is idle when nothing is left',
      egressMetrics({ requests: { web: 0 }, active: 0, disabled: true, terminating: true }),
      0,
    ],
    [
      'that drains is at work until then',
      egressMetrics({ requests: { web: 1 }, active: 1, disabled: true, terminating: true }),
      1,
    ],
    [
      'of a time when `available` was about free processors is idle without requests',
      'livekit_egress_available{node_id="NE_a"} 0\nlivekit_egress_requests{type="web"} 0',
      0,
    ],
  ])('%s', (_, page, active) => {
    expect(jobs('EgressMetrics', page)).toBe(active);
  });

  test.each([
    [egressStatus(), 0],
    [egressStatus('EG_a'), 1],
    [egressStatus('EG_a', 'EG_b'), 2],
  ])('lists what it does: %s', (page, active) => {
    expect(jobs('EgressStatus', page)).toBe(active);
  });
});

describe('an ingress', () => {
  test.each([
    ['is idle before its first session', ingressMetrics({}), 0],
    ['is idle after its last one', ingressMetrics({ rtmp: 0 }), 0],
    ['is idle though it has no processors left to take one', ingressMetrics({ rtmp: 0 }, false), 0],
    ['is at work on all kinds of sessions', ingressMetrics({ rtmp: 1, whip: 2 }), 3],
  ])('%s', (_, page, active) => {
    expect(jobs('IngressMetrics', page)).toBe(active);
  });
});

describe('an agent', () => {
  test.each([
    ['is idle where its worker tells no jobs, because zero is left out', agentWorker(0), 0],
    ['is at work', agentWorker(3), 3],
    [
      'is idle by a worker that writes zero',
      '{"worker_type":"JT_ROOM","active_jobs":0,"sdk_version":"1"}',
      0,
    ],
  ])('%s', (_, page, active) => {
    expect(jobs('AgentWorker', page)).toBe(active);
  });
});

describe('any other companion', () => {
  const word = { kind: 'Metric', metric: 'app_jobs' } as const;

  test.each([
    ['app_jobs{kind="a"} 1\napp_jobs{kind="b"} 2', 3],
    ['app_jobs 0', 0],
    ['app_jobs 0.5', 1],
    ['app_jobs -1', undefined],
    ['app_jobs NaN', undefined],
    ['app_jobs_total 4', undefined],
  ])('tells by its metric: %j', (page, active) => {
    expect(activeJobs(word, page)).toBe(active);
  });
});

describe('a page of somebody else is no word at all', () => {
  const words = ['EgressMetrics', 'EgressStatus', 'IngressMetrics', 'AgentWorker'] as const;
  const pages = {
    EgressMetrics: egressMetrics({ requests: {}, active: 0 }),
    EgressStatus: egressStatus(),
    IngressMetrics: ingressMetrics({}),
    AgentWorker: agentWorker(0),
  };
  const others = words.flatMap((kind) =>
    words.filter((other) => other !== kind).map((other) => [kind, other] as const),
  );

  test.each(others)('%s is not %s', (kind, other) => {
    expect(jobs(kind, pages[other])).toBeUndefined();
  });

  test.each(['', 'OK', 'Healthy', '<html>404</html>', 'null', '[]', '{}', '"x"', '{"CpuLoad":"x"}'])(
    '%j is none of them',
    (page) => {
      for (const kind of words) expect(jobs(kind, page)).toBeUndefined();
    },
  );

  test('whatever it is, reading it does not fail', () => {
    const kinds = fc.constantFrom(...words);
    fc.assert(
      fc.property(kinds, fc.oneof(fc.string(), fc.json()), (kind, page) => {
        const active = jobs(kind, page);
        expect(active === undefined || active >= 0).toBe(true);
      }),
    );
  });
});

test('one honest word is enough, and work that any page shows is work', () => {
  expect(strongest([])).toBeUndefined();
  expect(strongest([undefined, undefined])).toBeUndefined();
  expect(strongest([undefined, 0])).toBe(0);
  expect(strongest([0, 2])).toBe(2);
});
