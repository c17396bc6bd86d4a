/** What no fault and no person explains: each sentence is a promise of the operator that was broken. */
import type { PodLife, Receipt } from '../fleet.ts';
import type { Scene } from './scene.ts';
import { mostWanted } from '../pod-count.ts';

/** The most Pods beyond the largest size that the fleets of a night may have. */
export const nightSurge = 2;

/** Longer than a heartbeat and than any pass takes: until then a node that has just come may be the only open one. */
const closedForMs = 8000;

/** Looks all the time whether new rooms would find a node. */
export class Doorman {
  #closedSinceMs: number | undefined;
  readonly found: string[] = [];

  async look({ fleet, ledger }: Scene): Promise<void> {
    const nowMs = Date.now();
    const entries = await fleet.registry().catch(() => undefined);
    const isOpen =
      entries === undefined || entries.size === 0 || [...entries.values()].some((one) => !one.closed);
    if (isOpen || ledger.hasGeneral(nowMs, nowMs)) {
      this.#closedSinceMs = undefined;
      return;
    }
    this.#closedSinceMs ??= nowMs;
    if (nowMs - this.#closedSinceMs < closedForMs) return;
    this.found.push(
      `every node was closed to new rooms for ${closedForMs / 1000} s, at ${new Date(nowMs).toISOString()}`,
    );
    this.#closedSinceMs = undefined;
  }
}

export async function judge(scene: Scene, fromMs: number): Promise<readonly string[]> {
  const { fleet } = scene;
  const span = { fromMs, toMs: Date.now() };
  const lives = fleet.lives();
  const { atMs, pods } = mostWanted(lives.map(asServer), span);
  const allowed = scene.most + nightSurge;
  return [
    ...judgePeople(scene),
    ...scene.traffic
      .removedUnder(lives.filter(({ uid }) => !scene.ledger.taken.has(uid)))
      .map((room) => `removed under people: ${room}`),
    ...judgeRecordings(scene, lives),
    ...(pods.length > allowed ? [tooMany(atMs, pods, allowed)] : []),
    ...judgeReceipts(scene, lives, await fleet.receipts()),
  ];
}

/** A Pod whose server was killed is replaced at once, and goes when its companions let it: it counts for as long as it served. */
function asServer(life: PodLife): PodLife {
  return { ...life, goneAtMs: life.endedAtMs ?? life.goneAtMs };
}

function tooMany(atMs: number, pods: readonly PodLife[], allowed: number): string {
  const names = pods.map(({ name }) => name).join(', ');
  return `${pods.length} Pods at once at ${new Date(atMs).toISOString()}, where ${allowed} are allowed: ${names}`;
}

function judgePeople({ traffic, ledger }: Scene): readonly string[] {
  const hosts = new Map(traffic.lives().map(({ name, hosts: ids }) => [name, ids]));
  const unexplained = ({ room, atMs }: { readonly room: string; readonly atMs: number }): boolean =>
    !ledger.explains(atMs, hosts.get(room) ?? []);
  const { cut, joinsFailed } = traffic.tally();
  const moved = traffic.movedRooms().filter(({ joinedAtMs = 0, endedAtMs = Date.now(), hosts: ids }) => {
    const general = ledger.hasGeneral(joinedAtMs, endedAtMs);
    return !general && !ledger.faults.some(({ nodeIds }) => ids.some((id) => nodeIds?.has(id) === true));
  });
  return [
    ...cut.filter(unexplained).map(({ room, why }) => `cut: a participant of ${room}: ${why}`),
    ...moved.map(({ name, hosts: ids }) => `moved: ${name} on ${ids.join(', then ')}`),
    ...joinsFailed
      .filter(({ atMs }) => !ledger.faults.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs))
      .map(({ room, why }) => `join failed: ${room}: ${why}`),
  ];
}

/** Whoever begins to record between the last look and the removal can be seen by nobody. */
const unseenMs = 5000;

function judgeRecordings({ ledger }: Scene, lives: readonly PodLife[]): readonly string[] {
  return lives.flatMap(({ uid, name, deleteAskedAtMs = Infinity }) => {
    if (ledger.taken.has(uid)) return [];
    const held = ledger.recordings.some(
      (one) => one.uid === uid && deleteAskedAtMs > one.fromMs + unseenMs && deleteAskedAtMs < one.toMs,
    );
    return held ? [`${name} (uid ${uid}) was removed while it recorded`] : [];
  });
}

/** Every server that ran and was removed has a receipt with two proofs; one that had ended before is not removed from people. */
function judgeReceipts(
  { fleet, ledger }: Scene,
  lives: readonly PodLife[],
  receipts: readonly Receipt[],
): readonly string[] {
  return lives.flatMap(({ uid, name, deleteAskedAtMs, endedAtMs = Infinity }) => {
    const served = fleet.nodeIdsOf(uid).size > 0;
    if (deleteAskedAtMs === undefined || !served || ledger.taken.has(uid) || endedAtMs <= deleteAskedAtMs)
      return [];
    const receipt = receipts.find((one) => one.uid === uid);
    const removal = `${name} (uid ${uid}), told to end at ${new Date(deleteAskedAtMs).toISOString()}, was removed`;
    if (receipt === undefined) return [`${removal} without a receipt; ${toldOf(name, fleet)}`];
    const proofs = 'proofs' in receipt ? receipt.proofs.length : 0;
    return proofs >= 2 ? [] : [`${removal} with ${proofs} proofs: ${receipt.because}`];
  });
}

function toldOf(name: string, fleet: Scene['fleet']): string {
  const told = fleet.events().filter(({ note }) => note.includes(name));
  const words = told.map(({ eventTime, reason, note }) => `${eventTime} ${reason}: ${note}`);
  return `the Events say: ${words.join(' | ')}`;
}
