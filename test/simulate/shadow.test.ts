import { describe, expect, test } from '@jest/globals';
import { Shadow, type ShadowReport } from '../../src/simulate/shadow.ts';
import { aSpec } from '../support/builders.ts';
import { Story } from '../support/story.ts';

const spec = aSpec({
  mode: 'DryRun',
  scaleDown: { stabilizationMs: 30_000, selectPolicy: 'Max', policies: [] },
});

/** A fleet that runs under somebody else's rules, and its shadow. */
class Trial {
  readonly story: Story;
  readonly failures: unknown[] = [];
  readonly #shadow: Shadow;
  #second = 1;

  constructor(nodes: number) {
    this.story = new Story({ spec, nodes }).at(1);
    this.#shadow = new Shadow({
      spec,
      onFailure: (error) => this.failures.push(error),
      pause: () => Promise.resolve(),
    });
  }

  async for(seconds: number): Promise<this> {
    for (const end = this.#second + seconds; this.#second < end; ) {
      this.#second += 1;
      this.story.at(this.#second);
      this.#shadow.see(this.story.input, this.story.decision);
      await this.#shadow.settled();
    }
    return this;
  }

  get report(): ShadowReport {
    const report = this.#shadow.report();
    if (report === undefined) throw new Error('there is no report');
    return report;
  }

  get isSilent(): boolean {
    return this.#shadow.report() === undefined;
  }
}

describe('a shadow', () => {
  test('of a fleet that is too large would have let nodes go, and counts both in node-hours', async () => {
    const trial = new Trial(5);
    trial.story.load('c-media-0', 20);

    const { wouldBe, actual } = (await trial.for(1800)).report;

    expect(actual).toMatchObject({ nodes: 5, launches: 0, roomsCut: 0, overloadShare: 0 });
    expect(actual.nodeHours).toBeCloseTo(2.5, 2);
    expect(wouldBe.nodes).toBeLessThan(4);
    expect(wouldBe.nodeHours).toBeLessThan(0.8 * actual.nodeHours);
    expect(wouldBe.roomsCut).toBe(0);
    expect(trial.failures).toEqual([]);
  });

  test('of a fleet that is too small would have launched, and have crowded fewer people', async () => {
    const trial = await new Trial(1).for(10);
    for (let room = 0; room < 12; room += 1) {
      trial.story.load('c-media-0', 10, `room-${room}`);
      await trial.for(60);
    }

    const { wouldBe, actual } = (await trial.for(600)).report;

    expect(actual.overloadShare).toBeGreaterThan(0.5);
    expect(wouldBe.launches).toBeGreaterThan(0);
    expect(wouldBe.overloadShare).toBeLessThan(0.1);
    expect(wouldBe.nodeHours).toBeGreaterThan(actual.nodeHours);
  });

  test('begins with as many nodes as there are', async () => {
    expect((await new Trial(4).for(1)).report).toMatchObject({
      wouldBe: { nodes: 4, launches: 0 },
      actual: { nodes: 4 },
    });
  });

  test('counts rooms that went with a node that was killed, and none of a node that ended in order', async () => {
    const trial = new Trial(3);
    trial.story.load('c-media-1', 10).load('c-media-2', 10);
    await trial.for(5);
    trial.story.load('c-media-2', 0);
    await trial.for(5);
    trial.story.vanish('c-media-2');
    await trial.for(5);
    expect(trial.report.actual).toMatchObject({ nodes: 2, roomsCut: 0 });

    trial.story.vanish('c-media-1');
    await trial.for(5);

    expect(trial.report.actual).toMatchObject({ nodes: 1, roomsCut: 1 });
    expect(trial.report.wouldBe.roomsCut).toBe(0);
  });

  test('lets the rooms of a moment ago go on while Redis cannot be read', async () => {
    const trial = new Trial(2);
    trial.story.load('c-media-0', 30);
    await trial.for(20);
    trial.story.redis(false);
    await trial.for(120);
    trial.story.redis(true);
    await trial.for(20);

    expect(trial.report.actual.nodeHours).toBeCloseTo((2 * 159) / 3600, 2);
    expect(trial.report.wouldBe.roomsCut).toBe(0);
    expect(trial.failures).toEqual([]);
  });

  test('has nothing to tell before it has seen anything', () => {
    expect(new Trial(1).isSilent).toBe(true);
  });
});
