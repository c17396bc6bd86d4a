/**
 * One randomised life of a whole fleet under the operator's own loop, from one seed: load, faults, changes and persons.
 * Equal seeds give equal lives. What must hold is judged at every step; the first violation ends the life.
 */
import type { Action } from '../core/action.ts';
import type { DecideInput } from '../core/decide-input.ts';
import type { Decision } from '../core/decision.ts';
import { stream } from '../workload/random.ts';
import { noFaults } from './faults.ts';
import { LifeEvents } from './life-events.ts';
import { LifeFleet } from './life-fleet.ts';
import { LifeJudge } from './life-judge.ts';
import { LifeOperator, type MakeLoop, clusterName, productLoop } from './life-operator.ts';
import { type LifePlan, firstRevision } from './life-plan.ts';
import { LifePorts, type LifeWitness } from './life-ports.ts';
import { type LifeMoment, type LifeReport, statusesOf } from './life-report.ts';
import { LifeRegistry } from './life-registry.ts';
import type { RevisionFate } from './life-strokes.ts';
import { recommendedSelector } from './selection.ts';
import { TraceFeed } from './trace-feed.ts';
import { World } from './world.ts';

/** Monday 2026-01-05T08:00:00Z. */
const startWallMs = 1_767_600_000_000;
/** A fleet in which nothing was done or told for this long is at rest. */
const restMs = 600_000;
/** A fleet that does not come to rest within this after all that befalls it never will. */
const restlessMs = 3 * 3_600_000;
const decisionsKept = 30;

/** Lives a plan under the product's operator, or under another one. */
export async function live(plan: LifePlan, makeLoop: MakeLoop = productLoop): Promise<LifeReport> {
  return new Life(plan, makeLoop).live();
}

class Life {
  readonly #plan: LifePlan;
  readonly #world: World;
  readonly #fleet: LifeFleet;
  readonly #ports: LifePorts;
  readonly #operator: LifeOperator;
  readonly #judge: LifeJudge;
  readonly #actions: Partial<Record<Action['kind'], number>> = {};
  readonly #last: LifeMoment[] = [];
  #done: Action[] = [];
  #lastDeedMs = 0;
  #digest = 0;

  constructor(plan: LifePlan, makeLoop: MakeLoop) {
    this.#plan = plan;
    const fates = new Map<string, RevisionFate>([[firstRevision, 'Serves']]);
    const world = worldOf(plan);
    const fleet = this.#fleetIn(world, fates);
    const registry = new LifeRegistry(world, fleet);
    this.#world = world;
    this.#fleet = fleet;
    const ports = () => this.#ports.ports;
    this.#operator = new LifeOperator({ world, registry, ports, makeLoop, spec: plan.spec });
    this.#ports = new LifePorts({
      world,
      fleet,
      registry,
      restarts: plan.companions,
      keepsLearned: plan.strokes.some(({ kind }) => kind === 'OperatorAway'),
      witness: this.#witness(),
      wake: () => this.#operator.wake(),
    });
    const revisions = () => this.#ports.revisions;
    this.#judge = new LifeJudge({ world, fleet, revisions, spec: () => this.#operator.spec });
    this.#populate();
    const parts = { world, fleet, ports: this.#ports, operator: this.#operator, fates };
    const random = stream(plan.seed, 'life events');
    new LifeEvents({ ...parts, companions: plan.companions, random }).enter(plan.strokes);
    this.#operator.start();
  }

  #fleetIn(world: World, fates: ReadonlyMap<string, RevisionFate>): LifeFleet {
    const { seed, launchMs, launchFailureShare, podsPerMachine, companions } = this.#plan;
    return new LifeFleet({
      world,
      random: stream(seed, 'life fleet'),
      launchMs,
      launchFailureShare,
      podsPerMachine,
      restarts: companions,
      fateOf: (revision) => fates.get(revision) ?? 'Serves',
      onChanged: () => {
        this.#ports.changed();
        this.#operator.wake();
      },
      onCut: (pod, process, by) => this.#judge.cut(pod, process, by),
    });
  }

  #witness(): LifeWitness {
    return {
      onAction: (action, pod) => {
        this.#judge.action(action, pod);
        this.#acted(action);
      },
      onEvent: ({ message }) => {
        this.#lastDeedMs = this.#world.nowMs;
        this.#note(message);
      },
      onDecision: (input, decision) => this.#decided(input, decision),
    };
  }

  #populate(): void {
    const world = this.#world;
    const { initialNodes, trace, seed } = this.#plan;
    world.watcher = {
      onRoomStarted: () => this.#operator.onRoomStarted(),
      onRoomEnded: (node) => this.#operator.onRoomEnded(node),
      onPublished: (node, grew) => this.#operator.onPublished(node, grew),
      onNodeChanged: (node) => this.#fleet.processChanged(node),
    };
    const verdict = { kind: 'Proven', why: 'It has served for long.' } as const;
    this.#ports.revisions = [{ revision: firstRevision, createdAtMs: startWallMs, verdict }];
    for (let at = 0; at < initialNodes; at += 1) {
      this.#fleet.create(`${clusterName}-media-${at}`, firstRevision, true);
    }
    new TraceFeed(world, trace, seed);
    const comeBack = world.onCut;
    world.onCut = (room) => {
      this.#fleet.noteCut(room);
      comeBack?.(room);
    };
  }

  async live(): Promise<LifeReport> {
    const calmMs = this.#plan.lifeS * 1000;
    while (this.#judge.violations.length === 0) {
      const nextMs = Math.min(this.#world.calendar.nextAtMs, this.#operator.nextAtMs);
      if (nextMs > calmMs && this.#isOver(nextMs, calmMs)) break;
      await this.#step();
    }
    return this.#report();
  }

  /** Whether the end has come, which is judged, too. */
  #isOver(nextMs: number, calmMs: number): boolean {
    const quietMs = nextMs - Math.max(calmMs, this.#lastDeedMs);
    if (nextMs - calmMs > restlessMs) {
      this.#judge.atRest(false, `still acting after ${restlessMs / 60_000} min: ${this.#lastActions()}`);
      return true;
    }
    if (quietMs < restMs) return false;
    this.#judge.silent(statusesOf(this.#last));
    this.#world.startRoom('last', 1);
    this.#judge.end(this.#world.rooms.has('last'));
    return true;
  }

  async #step(): Promise<void> {
    const world = this.#world;
    const operatorMs = this.#operator.nextAtMs;
    const worldMs = world.calendar.nextAtMs;
    world.nowMs = Math.max(world.nowMs, Math.min(worldMs, operatorMs));
    if (operatorMs < worldMs) return this.#operator.step();
    world.calendar.take()?.();
    if (this.#operator.isAway) this.#judge.operatorAway();
    return undefined;
  }

  #acted(action: Action): void {
    this.#lastDeedMs = this.#world.nowMs;
    this.#actions[action.kind] = (this.#actions[action.kind] ?? 0) + 1;
    this.#done.push(action);
    this.#note(`${action.kind} ${'pod' in action ? action.pod.name : ''}`);
  }

  #decided(input: DecideInput, decision: Decision): void {
    this.#judge.decided(input);
    this.#last.push({ input, decision, done: this.#done });
    if (this.#last.length > decisionsKept) this.#last.shift();
    this.#done = [];
  }

  #lastActions(): string {
    return this.#last.flatMap(({ done }) => done.map(({ kind }) => kind)).join(', ');
  }

  #note(text: string): void {
    let hash = this.#digest;
    for (let at = 0; at < text.length; at += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
    this.#digest = (Math.imul(hash, 31) + this.#world.nowMs) | 0;
  }

  #report(): LifeReport {
    return {
      plan: this.#plan,
      violation: this.#judge.violations[0],
      passes: this.#operator.passes,
      actions: this.#actions,
      livedS: this.#world.nowMs / 1000,
      digest: this.#digest,
      last: this.#last,
    };
  }
}

function worldOf({ launchMs, seed }: LifePlan): World {
  return new World({
    launchMs,
    seed,
    selector: recommendedSelector,
    faults: noFaults,
    startWallMs,
    emit: () => undefined,
  });
}
