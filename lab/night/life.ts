/** One life of one fleet: made, struck at random, brought to rest, judged, and deleted with people still on it. */
import { stream, wholeBetween, type Random } from '../../src/workload/random.ts';
import { CommandError, LabError, type Say } from '../exec.ts';
import { companion } from '../companion.ts';
import { containers, spreadOverMachines } from '../fleet-spec.ts';
import { Doorman, judge, nightSurge } from './judge.ts';
import { egressPort, Ledger } from './ledger.ts';
import { type FleetMade, Scene } from './scene.ts';
import { pickStroke } from './strokes.ts';
import type { Stage } from '../stage.ts';

export interface LifeWish {
  readonly stage: Stage;
  readonly seed: number;
  /** Of the life's strokes; rest and end come after it. */
  readonly lengthMs: number;
  readonly say: Say;
  readonly signal: AbortSignal;
}

export interface LifeTold {
  readonly seed: number;
  readonly strokes: number;
  readonly rooms: number;
  readonly participants: number;
  readonly removals: number;
  /** Participants whom faults cut. */
  readonly cutByFaults: number;
  readonly lost: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
}

const restMs = 180_000;
/** With two people each they fit on the smallest node, which is for four. */
const calmRooms = 2;
const stragglersEveryMs = 20_000;

export async function live(wish: LifeWish): Promise<LifeTold> {
  const { stage, seed, say, signal } = wish;
  const random = stream(seed, 'night');
  const made = await open(stage, seed, random);
  const traffic = await stage.startTraffic({
    fleet: made.fleet,
    rooms: 4,
    size: 2,
    lifeMs: [5000, 45_000],
    random: stream(seed, 'rooms'),
    prefix: `s${seed}`,
  });
  const scene = new Scene({ stage, made, traffic, ledger: new Ledger(), random, say, signal });
  const fromMs = Date.now();
  const doorman = new Doorman();
  const watching = setInterval(() => void doorman.look(scene), 1000);
  const violations: string[] = [];
  try {
    const count = await beStruck(scene, wish.lengthMs);
    await scene.mend(true);
    violations.push(...(await comeToRest(scene)));
    violations.push(...(await judge(scene, fromMs)), ...doorman.found);
    clearInterval(watching);
    violations.push(...(await beDeleted(scene)));
    return told(scene, { seed, strokes: count, violations });
  } finally {
    clearInterval(watching);
    await traffic.close();
  }
}

async function open(stage: Stage, seed: number, random: Random): Promise<FleetMade> {
  const min = wholeBetween(random, 1, 3);
  const max = min + wholeBetween(random, 0, 2);
  const hasCanary = random() < 0.4;
  const canary = hasCanary ? { canary: { percent: wholeBetween(random, 10, 50), duration: '15s' } } : {};
  const companions = random() < 0.5 ? [companion('egress', egressPort)] : [];
  const fleet = await stage.openFleet({
    name: `night-${seed}`,
    spec: {
      min,
      max,
      capacity: wholeBetween(random, 4, 12),
      headroomSlots: wholeBetween(random, 0, 4),
      scaleDownSeconds: wholeBetween(random, 2, 20),
      strategy: random() < 0.5 ? 'Packed' : 'Spread',
      changes: {
        mediaNodes: { template: { spec: { ...spreadOverMachines, ...containers({}, companions) } } },
        updates: { maxSurge: wholeBetween(random, 1, nightSurge), ...canary },
      },
    },
  });
  return { fleet, max, companions, hasCanary };
}

/** @returns how many strokes there were */
async function beStruck(scene: Scene, lengthMs: number): Promise<number> {
  const endMs = Date.now() + lengthMs;
  let count = 0;
  while (Date.now() < endMs && !scene.signal.aborted) {
    await scene.pause(wholeBetween(scene.random, 2000, 12_000));
    await scene.mend();
    const stroke = pickStroke(scene);
    scene.ledger.count(stroke.what);
    count += 1;
    const more = await stroke.strike(scene);
    scene.say(`  ${stroke.what}${more === '' ? '' : `: ${more}`}`);
  }
  return count;
}

/** With all faults over and a load that every fleet can bear, one reaches the size it wants, of one revision. */
async function comeToRest(scene: Scene): Promise<readonly string[]> {
  const { fleet, traffic, signal } = scene;
  await traffic.setLevel(calmRooms);
  traffic.renewGuests();
  const atRest = (): boolean => {
    const { status } = fleet;
    const pods = fleet.pods();
    return (
      status?.readyNodes === status?.desiredNodes &&
      pods.length === status?.readyNodes &&
      status.updates?.phase === 'Idle' &&
      fleet.condition('DataFresh').status === 'True'
    );
  };
  const looking = setInterval(() => void removeStragglers(scene), stragglersEveryMs);
  try {
    await fleet.until({ what: 'rest', timeoutMs: restMs, signal }, atRest);
    return [];
  } catch (error) {
    return signal.aborted ? [] : [`no rest: ${textOf(error)}`];
  } finally {
    clearInterval(looking);
  }
}

async function removeStragglers({ traffic, say }: Scene): Promise<void> {
  const removed = await traffic.removeStragglers().catch(() => []);
  for (const who of removed)
    say(`  removed by a person, because a server kept them after they had left: ${who}`);
}

/** The fleet stays while people are on it, and is gone soon after they went. */
async function beDeleted({ fleet, traffic, ledger, signal }: Scene): Promise<readonly string[]> {
  await fleet.kubectl(['delete', `ovc/${fleet.name}`, '--wait=false']);
  const before = traffic.tally().cut.length;
  await new Promise((resolve) => setTimeout(resolve, 8000));
  const cut = traffic.tally().cut.length - before;
  const unjust = traffic.removedUnder(fleet.lives().filter(({ uid }) => !ledger.taken.has(uid)));
  await traffic.stop();
  const broken = [
    ...(cut > 0 ? [`the deletion of the fleet cut ${cut} participants`] : []),
    ...unjust.map((room) => `removed under people by the deletion: ${room}`),
  ];
  try {
    await fleet.until(
      { what: 'the end of the fleet', timeoutMs: restMs, signal },
      () => fleet.pods().length === 0,
    );
    return broken;
  } catch (error) {
    return signal.aborted ? broken : [...broken, textOf(error)];
  }
}

function textOf(error: unknown): string {
  return error instanceof LabError || error instanceof CommandError ? error.message : String(error);
}

function told(
  { traffic, fleet, ledger }: Scene,
  more: Pick<LifeTold, 'seed' | 'strokes' | 'violations'>,
): LifeTold {
  const { rooms, participants, cut, lost } = traffic.tally();
  const removals = fleet.lives().filter(({ deleteAskedAtMs }) => deleteAskedAtMs !== undefined).length;
  return { ...more, rooms, participants, removals, lost, cutByFaults: cut.length, counts: ledger.counts };
}
