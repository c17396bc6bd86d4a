/** Each Media Node: why it is in its state, and what has to happen before that changes. */
import { sayDuration } from '../base/duration.ts';
import { listed } from '../base/listed.ts';
import type { DecideInput } from './decide-input.ts';
import type { Decision, NodeState, NodeView } from './decision.ts';
import { freeSlots } from './demand.ts';
import { counted, people, sentence } from './words.ts';
import { liveRoomCount, liveRooms } from './media-nodes.ts';
import type { CordonWish, WishBy } from './observed.ts';
import type { NodeOutlook } from './outlook.ts';
import type { ReasonCode } from './reasons.ts';

export interface NodeExplanation {
  readonly name: string;
  readonly state: NodeState;
  readonly rooms: number;
  readonly participants: number;
  /** Participants that it can still take in new rooms, up to its ceiling; 0 where it takes none. */
  readonly freeSlots: number;
  readonly reason: ReasonCode | undefined;
  /** One sentence: why it is in this state. */
  readonly why: string;
  /** One sentence: what has to happen before that changes; `undefined` where nothing is waited for. */
  readonly next: string | undefined;
}

export function explainNode(input: DecideInput, decision: Decision, view: NodeView): NodeExplanation {
  const { node, state, finding } = view;
  const seen: Seen = { input, decision, outlook: outlookOf(decision, node.name) };
  const told = unseen(seen, view) ?? sentences[state](seen, view);
  return {
    name: node.name,
    state,
    rooms: liveRoomCount(node),
    participants: node.participants,
    freeSlots: state === 'Serving' && input.observed.redis.kind === 'Read' ? slotsLeft(seen, view) : 0,
    reason: finding?.reason,
    why: sentence(inMode(input, told.why)),
    next: told.next === undefined ? undefined : sentence(told.next),
  };
}

/** In a trial nothing is closed or opened: what is decided is only what would be. */
function inMode({ spec }: DecideInput, why: string): string {
  return spec.mode === 'DryRun' ? why.replace(/^takes /, 'would take ') : why;
}

interface Seen {
  readonly input: DecideInput;
  readonly decision: Decision;
  /** What the governor expects of the node; `undefined` where it did not look. */
  readonly outlook: NodeOutlook | undefined;
}

function outlookOf({ governor }: Decision, name: string): NodeOutlook | undefined {
  return governor?.outlooks.find(({ node }) => node.name === name);
}

function slotsLeft({ input, outlook }: Seen, { node }: NodeView): number {
  return outlook === undefined ? freeSlots(input.spec, node) : Math.max(0, Math.floor(outlook.free));
}

interface Told {
  readonly why: string;
  readonly next?: string | undefined;
}

type Tell = (seen: Seen, view: NodeView) => Told;

const sentences: Readonly<Record<NodeState, Tell>> = {
  Serving: serving,
  Standby: standby,
  Cordoned: cordoned,
  Launching: launching,
  Leaving: leaving,
  Failed: failed,
  Suspect: suspect,
  Lost: failed,
};

/** Without Redis nothing is known of a server's load; only what its Pod tells still holds. */
function unseen({ input }: Seen, { node, state }: NodeView): Told | undefined {
  const isOfRedis = state === 'Serving' || state === 'Standby' || state === 'Suspect';
  if (input.observed.redis.kind !== 'Failed' || !isOfRedis) return undefined;
  return {
    why: `cannot be seen, because Redis cannot be read; it last had ${people(node.participants)}`,
    next: 'Until Redis answers it is neither closed, opened nor removed',
  };
}

function ceilingOf({ spec }: DecideInput): number {
  return Math.floor(spec.capacity.participants * spec.placement.ceiling);
}

function serving(seen: Seen, view: NodeView): Told {
  const { node } = view;
  const load = loadSaid(seen, view);
  const free = slotsLeft(seen, view);
  const wish = node.pod.cordonWish;
  if (wish !== undefined) {
    return {
      why: `takes new rooms although ${closedBy(wish)} (${wish.why}), because no other Media Node could`,
      next: 'It closes as soon as another Media Node serves',
    };
  }
  if (free === 0) {
    return {
      why: `takes new rooms although ${load}, because no other Media Node has more space`,
      next: 'It closes as soon as another Media Node has space',
    };
  }
  const slots = `so ${counted(free, 'slot')} ${free === 1 ? 'is' : 'are'} free`;
  return { why: `takes new rooms: ${load}, ${slots}${whyThisOne(seen)}` };
}

function loadSaid({ input, outlook }: Seen, { node }: NodeView): string {
  const carries = `it carries ${people(node.participants)} of the ${ceilingOf(input)} that its ceiling allows`;
  const expected = Math.ceil(Math.max(0, (outlook?.committed ?? 0) + (outlook?.deviation ?? 0)));
  return expected > node.participants
    ? `${carries} and is to be expected to want up to ${expected}`
    : carries;
}

/** Only where there was a choice: the governor opens the node on which a further room costs least. */
function whyThisOne({ decision }: Seen): string {
  const passedOver = decision.nodes.some(
    ({ node, state }) => state === 'Standby' && node.memory.standbySinceMs !== undefined,
  );
  if (!passedOver || decision.governor?.reserve === undefined) return '';
  return '; one more room costs least here, in machine time and in the risk of crowding';
}

function standby(seen: Seen, view: NodeView): Told {
  const { input, decision } = seen;
  const { memory } = view.node;
  if (memory.standbySinceMs === undefined) {
    return {
      why: `takes no new rooms while others have space, because it is full: ${loadSaid(seen, view)}`,
      next: 'It takes rooms again when enough people have left it, or when no other Media Node has space',
    };
  }
  const since = sayDuration(Math.max(0, input.nowMs - memory.standbySinceMs));
  if (isSurplus(decision, view)) {
    return {
      why: `takes no new rooms (for ${since}), because fewer Media Nodes are enough${roomsGoOn(view)}`,
      next: untilItLeaves(seen, view),
    };
  }
  return {
    why: `takes no new rooms (for ${since}), because other Media Nodes have space for them; it is kept with about ${slotsLeft(seen, view)} free slots in reserve${roomsGoOn(view)}`,
    next: `It takes rooms again when the others fill up, and can leave when it is empty and not needed${expectedEmpty(seen)}`,
  };
}

/** Whether more nodes are there than are wanted, and this is one of those to go. */
function isSurplus({ actions }: Decision, { node, finding }: NodeView): boolean {
  return (
    finding !== undefined || actions.some((action) => 'pod' in action && action.pod.uid === node.pod.uid)
  );
}

function expectedEmpty({ outlook }: Seen): string {
  const emptyInS = outlook?.emptyInS;
  if (emptyInS === undefined || emptyInS <= 0) return '';
  return `; by the lengths of rooms so far it is empty in ${sayDuration(emptyInS * 1000)} as likely as not`;
}

function roomsGoOn({ node }: NodeView): string {
  const rooms = liveRoomCount(node);
  if (rooms === 0) return '';
  return `; ${rooms === 1 ? 'its room goes' : `its ${rooms} rooms go`} on`;
}

const saysMoreThanRooms: readonly ReasonCode[] = ['EvictionNear', 'DrainLate', 'IngestContinues'];

/** What stands between a closed node and its removal, in the order in which it will be asked. */
function untilItLeaves(seen: Seen, view: NodeView): string {
  const { input } = seen;
  const { node, finding } = view;
  if (finding !== undefined && saysMoreThanRooms.includes(finding.reason)) return finding.message;
  const rooms = liveRooms(node);
  if (rooms.length > 0) {
    const which = listed(
      rooms
        .toSorted((a, b) => (b.participants ?? 0) - (a.participants ?? 0))
        .map((room) => roomSaid(input, room.room, room.participants ?? 0, room.createdAtSeconds)),
      3,
    );
    return `It can leave when ${which} ${rooms.length === 1 ? 'has' : 'have'} ended, and two observations show it empty${expectedEmpty(seen)}`;
  }
  if (finding === undefined) return 'It leaves now';
  return `It stays for now: ${finding.message}`;
}

function roomSaid(
  input: DecideInput,
  room: string,
  participants: number,
  createdAtSeconds: number | undefined,
): string {
  const ageMs = createdAtSeconds === undefined ? undefined : input.wallMs - createdAtSeconds * 1000;
  const age = ageMs === undefined || ageMs < 0 ? '' : `, ${sayDuration(ageMs)} old`;
  return `room ${room} (${people(participants)}${age})`;
}

const wishes: Readonly<Record<WishBy, string>> = {
  Person: 'a person cordoned it',
  Update: 'a rolling change replaces it',
  Maintenance: 'its machine is to be freed',
  LoadTest: 'a load test uses it',
};

function closedBy(wish: CordonWish | undefined): string {
  return wishes[wish?.by ?? 'Person'];
}

function cordoned(seen: Seen, view: NodeView): Told {
  const wish = view.node.pod.cordonWish;
  const why = `takes no new rooms, because ${closedBy(wish)}: ${wish?.why ?? 'no reason is known'}`;
  if (wish?.leaveWhenEmpty === true) {
    return { why: `${why}; it is to leave once it is empty`, next: untilItLeaves(seen, view) };
  }
  const ends = wish?.by === 'LoadTest' ? 'the load test has ended' : 'a person uncordons it';
  return { why, next: `It takes rooms again when ${ends}` };
}

function launching({ input }: Seen, { node }: NodeView): Told {
  const ageMs = Math.max(0, input.wallMs - node.pod.createdAtMs);
  const missing = [
    ...(node.pod.ready ? [] : ['its Pod is not ready']),
    ...(node.entry === undefined ? ['it is not registered in Redis'] : []),
    ...(node.pod.trouble === undefined ? [] : [node.pod.trouble]),
  ];
  const leftMs = input.spec.startupDeadlineMs - ageMs;
  return {
    why: `has been on its way for ${sayDuration(ageMs)} and counts as capacity on order: ${listed(missing)}`,
    next: `It counts as failed if it is not ready and registered in ${sayDuration(Math.max(0, leftMs))}`,
  };
}

function leaving(_: Seen, { node }: NodeView): Told {
  return {
    why: `was told to stop and takes nobody new; ${people(node.participants)} ${node.participants === 1 ? 'is' : 'are'} on it`,
    next: 'It is gone when its server has ended by itself',
  };
}

function failed(_: Seen, { node }: NodeView): Told {
  const trouble =
    node.pod.trouble ?? (node.memory.served ? 'its server has ended' : 'it did not register in time');
  if (node.pod.protected) {
    return { why: `is no Media Node: ${trouble}`, next: 'A person protects its Pod, so it stays' };
  }
  return { why: `is no Media Node: ${trouble}`, next: 'Its Pod is removed and replaced' };
}

function suspect({ input }: Seen, { node }: NodeView): Told {
  const sinceMs = node.memory.staleSinceMs ?? input.nowMs;
  const last = node.participants === 0 ? 'nobody' : people(node.participants);
  return {
    why: `does not report although its Pod runs (for ${sayDuration(Math.max(0, input.nowMs - sinceMs))}); it last had ${last}`,
    next: 'While it is silent it is neither counted on nor removed',
  };
}
