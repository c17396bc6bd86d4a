import { describe, expect, test } from '@jest/globals';
import { silentLog } from '../../src/base/log.ts';
import { ShadowWatch } from '../../src/operator/shadow-watch.ts';
import type { ShadowReport } from '../../src/simulate/shadow.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

function start(mode: 'DryRun' | 'Enforce' = 'DryRun') {
  const story = new Story({ spec: aSpec({ mode }), nodes: 2 }).at(1);
  const reports: (ShadowReport | undefined)[] = [];
  const watch = new ShadowWatch({ log: silentLog, onReport: (report) => void reports.push(report) });
  let second = 1;
  const live = async (seconds: number) => {
    for (const end = second + seconds; second < end; ) {
      second += 1;
      story.at(second);
      watch.see(story.input, story.decision);
      // One turn of the event loop is what a shadow needs to catch up with one second.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { story, watch, reports, live };
}

describe('the shadow in the status', () => {
  test('begins with the first pass in mode DryRun', async () => {
    const { watch, live } = start();

    await live(1);

    expect(watch.status).toEqual({
      sinceTime: '2026-03-01T12:00:02.000Z',
      nodes: expect.any(Number),
      actualNodes: 2,
      nodeHours: 0,
      actualNodeHours: 0,
      overloadPercent: 0,
      actualOverloadPercent: 0,
      launches: 0,
      actualLaunches: 0,
      roomsCut: 0,
      actualRoomsCut: 0,
    });
  });

  test('is renewed once a minute, so that passes do not become writes', async () => {
    const { watch, live } = start();
    await live(1);
    const first = watch.status;

    await live(58);
    expect(watch.status).toBe(first);

    await live(3);
    expect(watch.status?.actualNodeHours).toBeCloseTo((2 * 60) / 3600, 2);
  });

  test('is renewed at once when a node has gone and a room was cut with it', async () => {
    const { story, watch, live } = start();
    story.load('c-media-1', 5);
    await live(3);
    story.vanish('c-media-1');

    await live(1);

    expect(watch.status).toMatchObject({ actualNodes: 1, actualRoomsCut: 1, roomsCut: 0 });
  });

  test('begins anew with a changed spec', async () => {
    const { story, watch, live } = start();
    await live(70);
    story.respec({ maxNodes: 9 });

    await live(1);

    expect(watch.status).toMatchObject({ sinceTime: '2026-03-01T12:01:12.000Z', actualNodeHours: 0 });
  });

  test('ends with the mode', async () => {
    const { story, watch, reports, live } = start();
    await live(5);
    story.respec({ mode: 'Enforce' });

    await live(1);

    expect(watch.status).toBeUndefined();
    expect(reports.at(-1)).toBeUndefined();
  });

  test('is not there in other modes', async () => {
    const { watch, reports, live } = start('Enforce');

    await live(5);

    expect(watch.status).toBeUndefined();
    expect(reports).toEqual([]);
  });
});

test('what would be and what is are two series of each metric, and both go with the trial', async () => {
  const metrics = createMetrics({ version: 'test', nodeVersion: 'test' });
  const figures = { nodeHours: 1.5, overloadShare: 0.02, launches: 4, roomsCut: 0 };
  metrics.shadow('rooms/live', {
    wouldBe: { ...figures, nodes: 2 },
    actual: { ...figures, nodes: 5, roomsCut: 1 },
  });

  const text = await metrics.text();
  const labels = 'cluster_namespace="rooms",cluster="live"';
  expect(text).toContain(`openvidu_operator_shadow_nodes{${labels},fleet="shadow"} 2`);
  expect(text).toContain(`openvidu_operator_shadow_nodes{${labels},fleet="actual"} 5`);
  expect(text).toContain(`openvidu_operator_shadow_rooms_cut{${labels},fleet="actual"} 1`);

  metrics.shadow('rooms/live', undefined);
  expect(await metrics.text()).not.toMatch(/shadow_\w+\{/);
});
