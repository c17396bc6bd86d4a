/**
 * Pods on machines over the simulated world of servers and rooms: what the API server, the kubelets and the scheduler
 * do. Whose fault an end is, is told to whoever watches: the operator answers for what it does, not for the rest.
 */
import type { RoomPlacement } from '../core/readings.ts';
import { type Random, chance, pick, wholeBetween } from '../workload/random.ts';
import { LifeMachine } from './life-machine.ts';
import { LifePod } from './life-pod.ts';
import type { RevisionFate } from './life-strokes.ts';
import type { World } from './world.ts';
import type { SimNode, SimRoom } from './world-node.ts';

/** What an empty server takes to stop. */
const stopsWithinMs = 2000;
/** Servers delete entries that are older when they start. */
const deadEntryMs = 5000;
const restartMs = 3000;
/** What was started and ends at once ends this long before it would have been ready, and before it registers. */
const crashesBeforeReadyMs = 1200;

export interface LifeFleetOptions {
  readonly world: World;
  readonly random: Random;
  readonly launchMs: number;
  readonly launchFailureShare: number;
  readonly podsPerMachine: number;
  /** Whether the kubelet starts an ended server again. */
  readonly restarts: boolean;
  readonly fateOf: (revision: string) => RevisionFate;
  /** Something that the API server shows is different. */
  onChanged(): void;
  /** A running server ended with all that it carried, because `by`. */
  onCut(pod: LifePod, process: SimNode, by: Doer): void;
}

/** Who is to answer for an end. */
export type Doer = 'Operator' | 'World';

/** A registry entry whose server runs no more. */
export interface Ghost {
  readonly pod: LifePod;
  readonly process: SimNode;
}

export class LifeFleet {
  readonly pods = new Map<string, LifePod>();
  readonly machines = new Map<string, LifeMachine>();
  readonly ghosts = new Map<string, Ghost>();
  /** Rooms whose record was left behind by a server that ended without a word. */
  ghostRooms: readonly RoomPlacement[] = [];
  readonly #options: LifeFleetOptions;
  readonly #byProcess = new Map<SimNode, LifePod>();
  #serial = 0;

  constructor(options: LifeFleetOptions) {
    this.#options = options;
  }

  podOf(process: SimNode): LifePod | undefined {
    return this.#byProcess.get(process);
  }

  /** A Pod as the API server makes it; `isReady`: it has been there before the beginning. */
  create(name: string, revision: string, isReady = false): void {
    const { world, fateOf } = this.#options;
    this.#serial += 1;
    const quality = fateOf(revision) === 'FailsJoins' ? 'Bad' : 'Good';
    const make = { name, serial: this.#serial, revision, machine: this.#schedule(), quality } as const;
    const pod = new LifePod({ ...make, createdAtMs: world.nowMs });
    this.pods.set(name, pod);
    if (isReady) this.#adopt(pod, world.found());
    else this.#start(pod);
    this.touch(pod);
  }

  /** As `kubectl delete` does it: one signal, and all the time that the rooms need. */
  delete(pod: LifePod): void {
    if (pod.deleting) return;
    pod.deleting = true;
    this.touch(pod);
    this.signal(pod);
    this.#settle(pod);
  }

  /** What still runs then is killed. */
  deleteWithin(pod: LifePod, graceMs: number, by: Doer): void {
    const { world } = this.#options;
    this.delete(pod);
    world.calendar.enter(world.nowMs + graceMs, () => {
      if (!this.#isThere(pod)) return;
      pod.jobs = [];
      this.kill(pod, by);
      this.#settle(pod);
    });
  }

  /** Tells the server to stop, once. */
  signal(pod: LifePod): void {
    const { process } = pod;
    if (process === undefined || process.state === 'Gone') return;
    if (pod.hangs && process.state === 'Ready') this.#options.world.wedge(process);
    this.#options.world.leave(process, stopsWithinMs);
  }

  /** Ends the server's process, with all that it carries. */
  kill(pod: LifePod, by: Doer): void {
    const { process } = pod;
    if (process === undefined || process.state === 'Gone') return;
    this.#options.onCut(pod, process, by);
    this.#options.world.remove(process, true);
  }

  /** The machine is gone with all that ran on it; the API server learns of its Pods' end a while later. */
  destroy(machine: LifeMachine): void {
    const { world, random } = this.#options;
    machine.alive = false;
    const lost = [...this.pods.values()].filter((pod) => pod.make.machine === machine);
    for (const pod of lost) {
      pod.jobs = [];
      this.kill(pod, 'World');
      this.touch(pod);
    }
    world.calendar.enter(world.nowMs + wholeBetween(random, 0, 60_000), () => {
      this.machines.delete(machine.name);
      for (const pod of lost) this.#vanish(pod);
      this.#options.onChanged();
    });
  }

  touch(pod: LifePod): void {
    pod.changed();
    this.#options.onChanged();
  }

  /** What the world says of a server. */
  processChanged(process: SimNode): void {
    const pod = this.#byProcess.get(process);
    if (pod === undefined) return;
    if (process.registeredAtMs === this.#options.world.nowMs) this.#sweepDeadEntries();
    if (process.state === 'Gone') this.#processEnded(pod, process);
    this.#options.onChanged();
  }

  /** Keeps the record of a room whose server ended without deleting it. */
  noteCut(room: SimRoom): void {
    this.ghostRooms = [...this.ghostRooms, room.record];
  }

  #start(pod: LifePod): void {
    const { world, random, launchMs, launchFailureShare, fateOf } = this.#options;
    const fate = fateOf(pod.make.revision);
    const doomed = fate === 'NeverStarts' || (pod.restarts === 0 && chance(random, launchFailureShare));
    const ownMs = Math.round(launchMs * (0.8 + 0.4 * random()));
    const process = world.launch({ doomed, launchMs: ownMs });
    this.#adopt(pod, process);
    if (fate !== 'Crashes' || doomed) return;
    world.calendar.enter(world.nowMs + Math.max(600, ownMs - crashesBeforeReadyMs), () =>
      world.remove(process, true),
    );
  }

  #adopt(pod: LifePod, process: SimNode): void {
    pod.process = process;
    this.#byProcess.set(process, pod);
  }

  #processEnded(pod: LifePod, process: SimNode): void {
    const { world, restarts } = this.#options;
    this.#byProcess.delete(process);
    pod.process = undefined;
    if (process.startedAtMs !== undefined) {
      const word = process.lost ? { exitCode: 137, reason: 'Error' } : { exitCode: 0, reason: 'Completed' };
      const how = { ...word, atMs: world.startWallMs + world.nowMs };
      pod.ended = { how, atMs: world.nowMs };
    }
    if (process.lost && process.registeredAtMs !== undefined) this.ghosts.set(process.id, { pod, process });
    pod.changed();
    this.#settle(pod);
    if (!restarts || pod.deleting) return;
    world.calendar.enter(world.nowMs + restartMs * 2 ** Math.min(4, pod.restarts), () => this.#restart(pod));
  }

  #restart(pod: LifePod): void {
    if (!this.#isThere(pod) || pod.deleting || !pod.make.machine.alive || pod.process !== undefined) return;
    pod.restarts += 1;
    this.#start(pod);
    this.touch(pod);
  }

  /** A Pod that is deleted is gone when nothing runs in it. */
  #settle(pod: LifePod): void {
    const { world } = this.#options;
    if (!pod.deleting || pod.process !== undefined || !pod.make.machine.alive) return;
    const lastMs = Math.max(0, ...pod.jobs);
    if (lastMs <= world.nowMs) this.#vanish(pod);
    else world.calendar.enter(lastMs, () => this.#settle(pod));
  }

  #vanish(pod: LifePod): void {
    if (!this.#isThere(pod)) return;
    pod.gone = true;
    this.pods.delete(pod.name);
    this.#options.onChanged();
  }

  #isThere(pod: LifePod): boolean {
    return this.pods.get(pod.name) === pod;
  }

  #schedule(): LifeMachine {
    const { podsPerMachine, random } = this.#options;
    const open = [...this.machines.values()].filter(
      (machine) => machine.isOpen && this.#podsOn(machine) < podsPerMachine,
    );
    if (open.length > 0) return pick(random, open);
    const machine = new LifeMachine(`machine-${this.#serial}`);
    this.machines.set(machine.name, machine);
    return machine;
  }

  #podsOn(machine: LifeMachine): number {
    let count = 0;
    for (const pod of this.pods.values()) count += Number(pod.make.machine === machine);
    return count;
  }

  /** A server that starts deletes every entry that looks dead to it, of the living, too. */
  #sweepDeadEntries(): void {
    const { world } = this.#options;
    const { registry, nowMs } = world;
    for (const [id, { process }] of this.ghosts) {
      if (nowMs - registry.lastBeatMs(process) > deadEntryMs) this.ghosts.delete(id);
    }
    for (const process of world.nodes) {
      if (process.registeredAtMs === undefined) continue;
      if (nowMs - registry.lastBeatMs(process) > deadEntryMs) registry.unlist(process);
    }
  }
}
