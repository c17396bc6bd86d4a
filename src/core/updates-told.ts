/** What became different about changes of the nodes between two decisions, as Events tell it. */
import { isoFromMs } from '../base/iso-time.ts';
import type { Decision, DepartureView, UpdateView } from './decision.ts';
import type { Nearness } from './departures.ts';
import type { Finding } from './reasons.ts';
import { peopleInRooms } from './words.ts';

/** After a cold start only what is about to be cut. */
export function changesTold(before: Decision | undefined, now: Decision): readonly Finding[] {
  if (before === undefined) return now.departures.flatMap(deadline);
  return [...updateTold(before.updates, now.updates), ...machinesTold(before, now)];
}

function updateTold(before: UpdateView | undefined, now: UpdateView | undefined): readonly Finding[] {
  if (before === undefined || now === undefined) return [];
  const isOver = now.phase === 'Idle';
  if (!isOver && (before.phase === 'Idle' || before.revision !== now.revision)) {
    return [
      { reason: 'UpdateStarted', message: `The change to revision ${now.revision} begins. ${now.message}` },
    ];
  }
  if (!isOver || before.phase === 'Idle') return [];
  return [{ reason: 'UpdateFinished', message: now.message }];
}

function machinesTold(before: Decision, now: Decision): readonly Finding[] {
  if (before.departures.length + now.departures.length === 0) return [];
  const earlier = new Map(before.departures.map((view) => [view.uid, view]));
  const later = new Set(now.departures.map(({ uid }) => uid));
  const stayed = new Set(
    now.nodes.filter(({ state }) => state !== 'Leaving').map(({ node }) => node.pod.uid),
  );
  const ended = before.departures.filter(({ uid }) => !later.has(uid) && stayed.has(uid));
  return [
    ...now.departures.flatMap((view) => departureTold(earlier.get(view.uid), view)),
    ...ended.map(({ name, machine }): Finding => {
      const message = `${machine} may be used again: ${name} stays.`;
      return { reason: 'MaintenanceEnded', message, node: name };
    }),
  ];
}

const order: readonly Nearness[] = ['NoDeadline', 'Known', 'Near', 'Imminent'];

function departureTold(before: DepartureView | undefined, now: DepartureView): readonly Finding[] {
  const isNearer = order.indexOf(now.nearness) > order.indexOf(before?.nearness ?? 'NoDeadline');
  return [...(before === undefined ? [begun(now)] : []), ...(isNearer ? deadline(now) : [])];
}

function begun({ name, machine, why, rooms, participants }: DepartureView): Finding {
  const message = `${machine} is to be freed (${why}): ${name} is replaced, takes no new rooms then, and leaves when it is empty. It has ${peopleInRooms(participants, rooms)}.`;
  return { reason: 'MaintenanceStarted', message, node: name };
}

function deadline({ name, machine, deadlineMs, rooms, participants }: DepartureView): readonly Finding[] {
  if (deadlineMs === undefined) return [];
  const at = `${isoFromMs(deadlineMs).slice(0, 19).replace('T', ' ')} UTC`;
  const cut =
    participants + rooms === 0
      ? `${name} has nobody on it now`
      : `what is then left on ${name} is cut, as of now ${peopleInRooms(participants, rooms)}`;
  const message = `${machine} will be taken away at ${at}; ${cut}.`;
  return [{ reason: 'MaintenanceDeadline', message, node: name }];
}
