/** Makes happen in a life what its plan says. */
import type { CordonWish } from '../core/observed.ts';
import type { ClusterSpec } from '../core/spec.ts';
import { type Random, pick } from '../workload/random.ts';
import type { LifeFleet } from './life-fleet.ts';
import type { LifeMachine } from './life-machine.ts';
import type { LifeOperator } from './life-operator.ts';
import type { LifePod } from './life-pod.ts';
import type { LifePorts } from './life-ports.ts';
import type { RevisionFate, Stroke } from './life-strokes.ts';
import type { World } from './world.ts';

export interface LifeParts {
  readonly world: World;
  readonly fleet: LifeFleet;
  readonly ports: LifePorts;
  readonly operator: LifeOperator;
  /** What becomes of nodes made from a revision. */
  readonly fates: Map<string, RevisionFate>;
  /** Whether there is anybody beside the media servers who could be at work. */
  readonly companions: boolean;
  /** Draws whom it befalls. */
  readonly random: Random;
}

type Handlers = { readonly [K in Stroke['kind']]: (stroke: Of<K>) => void };
type Of<K extends Stroke['kind']> = Extract<Stroke, { kind: K }>;

/** Three probes every two seconds, and one. */
const unreadyAfterS = 5;
const readyAgainS = 1.5;

export class LifeEvents {
  readonly #parts: LifeParts;
  readonly #handlers: Handlers;
  /** How often each thing that lasts is under way: of two that overlap the longer one counts. */
  readonly #underWay = new Map<string, number>();

  constructor(parts: LifeParts) {
    this.#parts = parts;
    this.#handlers = this.#handlersOf(parts);
  }

  enter(strokes: readonly Stroke[]): void {
    for (const stroke of strokes)
      this.#parts.world.calendar.enter(stroke.atS * 1000, () => this.#happen(stroke));
  }

  #happen(stroke: Stroke): void {
    // A stroke of one kind goes to the handler of that kind, which the type of the table says and no lookup can.
    const handle = this.#handlers[stroke.kind] as (stroke: Stroke) => void;
    handle(stroke);
  }

  #handlersOf({ fleet, ports, operator, companions }: LifeParts): Handlers {
    return {
      RedisAway: (spell) => this.#lasting(spell, (on) => this.#setRedis(!on)),
      RedisEmptied: () => this.#emptyRedis(),
      HeartbeatsStall: ({ nodes, forS }) => this.#onSome(nodes, (pod) => this.#stall(pod, forS)),
      OperatorAway: (spell) => this.#operatorAway(spell),
      ApiRefuses: (spell) => this.#lasting(spell, (on) => (ports.refuses = on ? spell.what : 'Nothing')),
      ViewStale: (spell) => this.#lasting(spell, (on) => ports.setStale(on)),
      MetricsSilent: ({ nodes, forS }) => this.#onSome(nodes, (pod) => (pod.mutedUntilMs = this.#msIn(forS))),
      Crash: ({ nodes }) => this.#onSome(nodes, (pod) => fleet.kill(pod, 'World')),
      MachineDies: () => this.#onMachine((machine) => fleet.destroy(machine)),
      MachineDeparts: (spell) => this.#onMachine((machine) => this.#depart(machine, spell)),
      Signal: () => this.#onSome(1, (pod) => fleet.signal(pod)),
      Wedge: () => this.#onSome(1, (pod) => (pod.hangs = true)),
      PersonCordons: (spell) => this.#onSome(1, (pod) => this.#cordon(pod, spell)),
      PersonDrains: (spell) => this.#onSome(1, (pod) => this.#cordon(pod, spell)),
      PersonProtects: ({ forS }) => this.#onSome(1, (pod) => this.#protect(pod, forS)),
      PersonDeletes: () => this.#onSome(1, (pod) => fleet.delete(pod)),
      CompanionWorks: ({ nodes, forS }) =>
        this.#onSome(companions ? nodes : 0, (pod) => (pod.jobs = [...pod.jobs, this.#msIn(forS)])),
      SignalsRelayed: (spell) => this.#onSome(1, (pod) => this.#relay(pod, spell)),
      NewRevision: ({ fate }) => this.#newRevision(fate),
      RevisionUndone: () => this.#undoRevision(),
      SpecChanges: (spell) => this.#changeSpec(spell),
      Deleted: () => operator.respec({ deleting: true }),
    };
  }

  /** A media server fails its probes while Redis is away; the kubelet tells that after a few of them, and their end after one. */
  #setRedis(reachable: boolean): void {
    const { world, fleet } = this.#parts;
    world.registry.setReachable(reachable);
    this.#later(reachable ? readyAgainS : unreadyAfterS, () => {
      for (const pod of fleet.pods.values()) {
        if (pod.unready === !world.registry.reachable) continue;
        pod.unready = !world.registry.reachable;
        fleet.touch(pod);
      }
    });
  }

  #onMachine(befall: (machine: LifeMachine) => void): void {
    const { fleet, random } = this.#parts;
    const machines = [...fleet.machines.values()].filter(({ isOpen }) => isOpen);
    if (machines.length > 0) befall(pick(random, machines));
  }

  #msIn(seconds: number): number {
    return this.#parts.world.nowMs + seconds * 1000;
  }

  #later(seconds: number, run: () => void): void {
    this.#parts.world.calendar.enter(this.#msIn(seconds), run);
  }

  #lasting(
    { kind, forS }: { readonly kind: string; readonly forS: number },
    set: (on: boolean) => void,
  ): void {
    const change = (by: number) => {
      const count = (this.#underWay.get(kind) ?? 0) + by;
      this.#underWay.set(kind, count);
      return count;
    };
    if (change(1) === 1) set(true);
    this.#later(forS, () => {
      if (change(-1) === 0) set(false);
      this.#parts.operator.wake();
    });
    this.#parts.operator.wake();
  }

  #onSome(count: number, befall: (pod: LifePod) => void): void {
    const { fleet, random } = this.#parts;
    for (let left = count; left > 0; left -= 1) {
      const there = [...fleet.pods.values()].filter((pod) => pod.process?.state === 'Ready' && !pod.deleting);
      if (there.length === 0) return;
      const pod = pick(random, there);
      befall(pod);
      fleet.touch(pod);
    }
  }

  #stall({ process }: LifePod, forS: number): void {
    if (process !== undefined) this.#parts.world.registry.stall(process, this.#msIn(forS));
  }

  #relay(pod: LifePod, { clients, forS }: Of<'SignalsRelayed'>): void {
    if (!pod.inService) return;
    pod.relayed += clients;
    this.#later(forS, () => (pod.relayed -= clients));
  }

  #cordon(pod: LifePod, stroke: Of<'PersonCordons' | 'PersonDrains'>): void {
    const { world, fleet } = this.#parts;
    const wish: CordonWish = {
      by: 'Person',
      why: 'a person',
      sinceMs: world.startWallMs + world.nowMs,
      leaveWhenEmpty: stroke.kind === 'PersonDrains',
    };
    pod.wish = wish;
    this.#later(stroke.forS, () => {
      if (pod.wish !== wish || pod.gone) return;
      pod.wish = undefined;
      fleet.touch(pod);
    });
  }

  #protect(pod: LifePod, forS: number): void {
    pod.protected = true;
    this.#later(forS, () => {
      pod.protected = false;
      this.#parts.fleet.touch(pod);
    });
  }

  #depart(machine: LifeMachine, { deadlineS, forS }: Of<'MachineDeparts'>): void {
    const { world, ports, operator, fleet } = this.#parts;
    const deadlineMs = deadlineS === undefined ? undefined : world.startWallMs + this.#msIn(deadlineS);
    machine.departure = {
      why: deadlineS === undefined ? 'cordoned' : 'spot interruption notice',
      deadlineMs,
    };
    const told = () => {
      ports.changed();
      operator.wake();
    };
    told();
    if (deadlineS !== undefined) {
      this.#later(deadlineS, () => machine.alive && fleet.destroy(machine));
      return;
    }
    this.#later(forS, () => {
      machine.departure = undefined;
      told();
    });
  }

  #emptyRedis(): void {
    const { world, fleet } = this.#parts;
    world.registry.empty(world.nodes);
    fleet.ghosts.clear();
    fleet.ghostRooms = [];
  }

  #operatorAway(stroke: Of<'OperatorAway'>): void {
    const { ports, operator } = this.#parts;
    this.#lasting(stroke, (on) => {
      if (on) return operator.stop();
      if (stroke.forgets) ports.loseLearned();
      operator.start();
    });
  }

  #newRevision(fate: RevisionFate): void {
    const { world, fates, ports, operator } = this.#parts;
    const revision = `rev-${fates.size}`;
    fates.set(revision, fate);
    const createdAtMs = world.startWallMs + world.nowMs;
    ports.revisions = [...ports.revisions, { revision, createdAtMs, verdict: undefined }];
    ports.changed();
    operator.respec({ revision });
  }

  #undoRevision(): void {
    const { ports, operator } = this.#parts;
    const before = ports.revisions.at(-2);
    if (before === undefined) return;
    // The last one is the one in the spec, also where it has been there before.
    ports.revisions = [...ports.revisions.filter((known) => known !== before), before];
    ports.changed();
    operator.respec({ revision: before.revision });
  }

  #changeSpec({ to, forS }: Of<'SpecChanges'>): void {
    const { operator } = this.#parts;
    const before = operator.spec;
    const back = Object.fromEntries(
      (Object.keys(to) as (keyof ClusterSpec)[]).map((key) => [key, before[key]]),
    );
    operator.respec(to);
    this.#later(forS, () => operator.respec(back));
  }
}
