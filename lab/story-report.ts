/** What the whole demo showed: sums, reaction times, and the promises that hold from the first to the last moment. */
import type { Crowd } from './crowd.ts';
import type { Fleet, PodLife, Receipt } from './fleet.ts';
import type { FleetSpec } from './fleet-spec.ts';
import type { Claim, Story } from './story.ts';

export interface Outcome {
  readonly lines: readonly string[];
  readonly claims: readonly Claim[];
  readonly held: boolean;
}

/** When each Media Node was first seen ready, by the name of its Pod. */
export type ReadyTimes = ReadonlyMap<string, number>;

export interface ReportParts {
  readonly fleet: Fleet;
  readonly story: Story;
  readonly spec: FleetSpec;
  readonly ready: ReadyTimes;
}

export async function outcome({ fleet, story, spec, ready }: ReportParts): Promise<Outcome> {
  const tally = story.crowd.tally();
  const lives = fleet.lives();
  const receipts = await fleet.receipts();
  const removed = lives.filter(({ deleteAskedAtMs }) => deleteAskedAtMs !== undefined);
  const claims: readonly Claim[] = [
    ...story.claims,
    { claim: `${tally.cut.length} participants were disconnected`, held: tally.cut.length === 0 },
    { claim: `${tally.joinsFailed.length} joins failed`, held: tally.joinsFailed.length === 0 },
    {
      claim: `each of ${removed.length} removals has a receipt with two proofs of nobody there`,
      held: removed.length > 0 && removed.every((life) => receipts.some((receipt) => proves(receipt, life))),
    },
    {
      claim: `never more than ${spec.max} Media Nodes at once`,
      held: mostAtOnce(lives) <= spec.max,
    },
  ];
  const held = claims.every((one) => one.held);
  const lines = [
    `rooms served            ${tally.rooms} with people, ${story.triedOnClosed} more made while a node was closed`,
    `participants            ${tally.participants} real, ${tally.reconnects} reconnects`,
    `joins that failed       ${tally.joinsFailed.length}`,
    `participants cut        ${tally.cut.length}`,
    `Media Nodes             ${lives.length} launched, ${removed.length} removed, most at once ${mostAtOnce(lives)}`,
    ...receipts.map((receipt) => `receipt                 ${sayReceipt(receipt)}`),
    ...reactions({ crowd: story.crowd, lives, spec, ready }),
    ...[...tally.cut, ...tally.joinsFailed].map((line) => `trouble                 ${line}`),
    '',
    ...claims.map((one) => `${one.held ? 'ok  ' : 'FAIL'} ${one.claim}`),
    '',
    held ? 'All promises held.' : 'A promise was broken: see FAIL above.',
  ];
  return { lines, claims, held };
}

function proves(receipt: Receipt, { uid }: PodLife): boolean {
  const nobody = receipt.proofs.every(
    (proof) => proof.redisParticipants === 0 && proof.roomsMapped === 0 && proof.ownParticipants === 0,
  );
  return receipt.uid === uid && receipt.proofs.length >= 2 && nobody;
}

function sayReceipt({ node, removedAt, proofs, because }: Receipt): string {
  return `${node} removed at ${removedAt}, proven empty ${proofs.length} times: ${because}`;
}

/** Pods that are leaving still run, but take nothing: they do not count. */
function mostAtOnce(lives: readonly PodLife[]): number {
  return Math.max(
    0,
    ...lives.map(
      ({ createdAtMs }) =>
        lives.filter(
          (other) =>
            other.createdAtMs <= createdAtMs &&
            (other.deleteAskedAtMs ?? Number.POSITIVE_INFINITY) > createdAtMs,
        ).length,
    ),
  );
}

interface ReactionParts {
  readonly crowd: Crowd;
  readonly lives: readonly PodLife[];
  readonly spec: FleetSpec;
  readonly ready: ReadyTimes;
}

/** From the join that made another node necessary to its Pod, and from the Pod to the first room it may take. */
function reactions({ crowd, lives, spec, ready }: ReactionParts): readonly string[] {
  return lives.slice(spec.min ?? 1, spec.max).map((life, at) => {
    const count = (spec.min ?? 1) + at + 1;
    const neededAtMs = crowd.reachedAtMs(loadThatNeeds(spec, count));
    const started = ready.get(life.name);
    const serving = started === undefined ? 'never served' : `served ${ms(started - life.createdAtMs)} later`;
    const reaction =
      neededAtMs === undefined || neededAtMs > life.createdAtMs
        ? 'created ahead of need'
        : `created ${ms(life.createdAtMs - neededAtMs)} after the join that needed it`;
    return `reaction                Media Node ${count}: ${reaction}, ${serving}`;
  });
}

function ms(value: number): string {
  return `${(value / 1000).toFixed(1)} s`;
}

const ceiling = 0.95;
const target = 0.7;

/** The fewest participants with which `count` nodes are needed: by the target, or by the free slots below the ceiling. */
function loadThatNeeds({ capacity, headroomSlots }: FleetSpec, count: number): number {
  const byTarget = Math.floor((count - 1) * capacity * target) + 1;
  const byHeadroom = (count - 1) * Math.floor(capacity * ceiling) - headroomSlots + 1;
  return Math.min(byTarget, byHeadroom);
}
