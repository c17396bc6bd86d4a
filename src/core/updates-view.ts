/** How far a change of the nodes has come, for the status, and which machines are to be freed, for Events. */
import type { Evacuation } from './evacuation.ts';
import type { DepartureView, UpdateView } from './decision.ts';
import { liveRoomCount } from './media-nodes.ts';
import type { NodeOutlook } from './outlook.ts';
import type { Finding } from './reasons.ts';
import type { UpdatePhase } from './updates.ts';

export function departureViews({ departing }: Evacuation): readonly DepartureView[] {
  return departing.map(({ node, machine, why, deadlineMs, nearness }) => ({
    name: node.name,
    uid: node.pod.uid,
    machine,
    why,
    deadlineMs,
    nearness,
    rooms: liveRoomCount(node),
    participants: node.participants,
  }));
}

export interface UpdateOutlook {
  /** When each node is likely to be empty, by name; a node without an entry is not known of. */
  readonly outlooks: readonly NodeOutlook[];
  readonly surge: number;
  readonly launchS: number;
  /** Rooms go to new nodes first, so that all old ones become empty meanwhile and not one after the other. */
  readonly isPacked: boolean;
  /** What holds the change, or is waited for. */
  readonly finding: Finding | undefined;
}

export function updateView({ change }: Evacuation, outlook: UpdateOutlook | undefined): UpdateView {
  const { phase, target, fallback, updated, outdated } = change;
  return {
    phase,
    revision: target,
    fallbackRevision: phase === 'Idle' || change.isTrusted ? undefined : fallback,
    updatedNodes: updated.size,
    outdatedNodes: outdated.size,
    endsInS: phase === 'Rolling' && outlook !== undefined ? endsInS(outdated, outlook) : undefined,
    message: outlook?.finding?.message ?? messageOf(phase, target, outdated.size),
  };
}

function messageOf(phase: UpdatePhase, target: string, outdated: number): string {
  if (phase === 'Idle') return `All Media Nodes are made from revision ${target}.`;
  if (phase !== 'Rolling') return `Revision ${target}: ${phase}.`;
  const nodes = outdated === 1 ? '1 Media Node is' : `${outdated} Media Nodes are`;
  return `${nodes} still to be replaced for revision ${target}.`;
}

/** As many at once as the surge allows, each after a launch, the soonest empty first. */
function endsInS(
  outdated: ReadonlySet<string>,
  { outlooks, surge, launchS, isPacked }: UpdateOutlook,
): number | undefined {
  const waits = outlooks.flatMap(({ node, emptyInS }) =>
    outdated.has(node.name) ? [emptyInS ?? Infinity] : [],
  );
  if (waits.length < outdated.size) return undefined;
  const ends = Array.from({ length: surge }, () => 0);
  for (const waitS of waits.toSorted((a, b) => a - b)) {
    const beganS = ends.shift() ?? 0;
    const readyS = beganS + launchS;
    ends.push(isPacked ? Math.max(readyS, waitS) : readyS + waitS);
    ends.sort((a, b) => a - b);
  }
  const lastS = ends.at(-1);
  return lastS === undefined || !Number.isFinite(lastS) ? undefined : lastS;
}
