/**
 * The figures of a log in the plainest way: the state after each event is looked at as a whole, and every sum is made
 * in floating point. Shares no line with the product's own, which it is held against.
 */
import type { SimEvent } from '../../src/simulate/events.ts';
import type { SimFigures } from '../../src/simulate/measures.ts';

interface Life {
  readonly node: string;
  n: number;
}

export function recompute(events: readonly SimEvent[], capacity: number): SimFigures {
  const lastT = events.at(-1)?.t ?? 0;
  const nodes = new Set<string>();
  const rooms = new Map<string, Life>();
  let [nodeS, boundS, loadS, overloadS, unavoidableS, peakNodes] = [0, 0, 0, 0, 0, 0];
  events.forEach((event, at) => {
    if (event.e === 'launch') nodes.add(event.node);
    if (event.e === 'remove') nodes.delete(event.node);
    if (event.e === 'room') rooms.set(event.room, { node: event.node, n: 0 });
    const room = event.e === 'load' ? rooms.get(event.room) : undefined;
    if (room !== undefined && event.e === 'load') room.n = event.n;
    if (event.e === 'end') rooms.delete(event.room);
    peakNodes = Math.max(peakNodes, nodes.size);
    const seconds = (events[at + 1]?.t ?? event.t) - event.t;
    const people = [...rooms.values()];
    const total = sum(people.map(({ n }) => n));
    const onNode = (node: string) => sum(people.filter((life) => life.node === node).map(({ n }) => n));
    const over = people.filter((life) => onNode(life.node) > 0.9 * capacity + 1e-9);
    const huge = people.filter(({ n }) => n > 0.9 * capacity + 1e-9);
    nodeS += nodes.size * seconds;
    boundS += Math.max(1, Math.ceil(total / (0.7 * capacity) - 1e-9)) * seconds;
    loadS += total * seconds;
    overloadS += sum(over.map(({ n }) => n)) * seconds;
    unavoidableS += sum(huge.map(({ n }) => n)) * seconds;
  });
  const drains = drainsOf(events).toSorted((a, b) => a - b);
  const removals = events.filter((event) => event.e === 'remove' && event.lost !== true);
  return {
    rooms: events.filter(({ e }) => e === 'room').length,
    nodeHours: round(nodeS / 3600, 4),
    boundNodeHours: round(boundS / 3600, 4),
    ratio: round(boundS === 0 ? 0 : nodeS / boundS, 4),
    overloadShare: round(loadS === 0 ? 0 : overloadS / loadS, 6),
    unavoidableOverloadShare: round(loadS === 0 ? 0 : unavoidableS / loadS, 6),
    roomsCut: sum(removals.map((removal) => cutBy(events, removal))),
    participantsCut: sum(removals.map((removal) => (removal.e === 'remove' ? removal.cut : 0))),
    launches: events.filter(({ e }) => e === 'launch').length,
    directionChangesPerDay: round(lastT === 0 ? 0 : turns(events) / (lastT / 86_400), 3),
    peakNodes,
    drainMinutesP50: round((drains[Math.ceil(0.5 * drains.length) - 1] ?? 0) / 60, 3),
    drainMinutesP95: round((drains[Math.ceil(0.95 * drains.length) - 1] ?? 0) / 60, 3),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function round(value: number, digits: number): number {
  return Number(`${Math.round(Number(`${value}e${digits}`))}e-${digits}`);
}

function turns(events: readonly SimEvent[]): number {
  const steps = events
    .filter((event) => (event.e === 'launch' && event.t > 0) || (event.e === 'remove' && event.lost !== true))
    .map(({ e }) => e);
  return steps.filter((step, at) => at > 0 && steps[at - 1] !== step).length;
}

/** Rooms that live on the node when it is removed: they end after it. */
function cutBy(events: readonly SimEvent[], removal: SimEvent): number {
  if (removal.e !== 'remove') return 0;
  const at = events.indexOf(removal);
  const begun = events
    .slice(0, at)
    .flatMap((event) => (event.e === 'room' && event.node === removal.node ? [event.room] : []));
  const over = new Set(events.slice(0, at).flatMap((event) => (event.e === 'end' ? [event.room] : [])));
  return begun.filter((room) => !over.has(room)).length;
}

function drainsOf(events: readonly SimEvent[]): readonly number[] {
  return events.flatMap((removal, at) => {
    if (removal.e !== 'remove' || removal.lost === true) return [];
    const cordon = events
      .slice(0, at)
      .findLast((event) => event.e === 'cordon' && event.node === removal.node);
    if (cordon === undefined) return [];
    const rooms = new Set(
      events.flatMap((event) => (event.e === 'room' && event.node === removal.node ? [event.room] : [])),
    );
    const last = events.findLast((event) => event.e === 'end' && rooms.has(event.room));
    return [Math.max(0, (last?.t ?? 0) - cordon.t)];
  });
}
