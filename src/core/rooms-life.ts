/**
 * How long the rooms of a node will live, worked out once as long as they are the same ones: most looks find that
 * nothing has happened, or that only people have come and left.
 */
import { Lately } from './lately.ts';
import { type Learned, type NameFacts, type NameTable, grownS } from './learned.ts';
import type { RoomPlacement } from './readings.ts';
import { factsOf } from './room-names.ts';
import {
  type KnownEnd,
  type Lives,
  addKnownLife,
  addLife,
  aheadCount,
  classOf,
  emptyByS,
  endedBy,
  extensionS,
  knownEndedBy,
  livesOf,
  pointAt,
} from './survival.ts';

/** Half of the width of the classes of age. Each node has its own beginnings, so that not all are reckoned in one pass. */
const lifeStepS = 30;

/** A room that may still grow. */
export interface YoungRoom {
  readonly createdAtSeconds: number;
  readonly participants: number;
  readonly facts: NameFacts | undefined;
}

/** What the lives of a node's rooms were reckoned with. */
export interface Ground {
  readonly lives: Lives;
  readonly names: NameTable;
  readonly wallS: number;
  readonly horizon: number;
  /** The same for how long slots are kept. */
  readonly keepHorizon: number;
}

export interface RoomsLife {
  readonly ground: Ground;
  /** The beginning of the node's step, and where in a step it lies. */
  readonly stepS: number;
  readonly offsetS: number;
  readonly rooms: readonly RoomPlacement[];
  /** Of each room what is known by its name, and the probabilities that it has ended by the horizons. */
  readonly facts: readonly (NameFacts | undefined)[];
  readonly ended: readonly number[];
  readonly endedLater: readonly number[];
  readonly endingSoon: number;
  readonly endingLater: number;
  /** Those that were young at the step. */
  readonly young: readonly YoungRoom[];
  readonly extensionS: number;
  readonly emptyInS: number | undefined;
  readonly latestInS: number | undefined;
}

/** Written anew for each node that is reckoned. */
const logEmpty = new Float64Array(aheadCount);

/**
 * The last one of each node, of the same list of rooms as long as none of them has changed. Mostly only people have come or
 * left since, which changes no life. Earlier ones are not kept: the journal holds on to lists of the past.
 */
const latest = new Lately<RoomsLife>();

/** How far ahead rooms that end are looked for: while a node is launched, and while slots are kept. */
export interface Ahead {
  readonly horizonS: number;
  readonly keepS: number;
}

export function groundOf({ hazard, names }: Learned, wallS: number, ahead: Ahead): Ground {
  const [horizon, keepHorizon] = [pointAt(ahead.horizonS), pointAt(ahead.keepS)];
  return { lives: livesOf(hazard), names, wallS, horizon, keepHorizon };
}

/** Lives are reckoned in steps, so that nodes on which nothing has happened are reckoned once a step. */
export function lifeOf(ground: Ground, rooms: readonly RoomPlacement[]): RoomsLife {
  const nodeId = rooms[0]?.nodeId ?? '';
  const before = latest.get(nodeId);
  const at = momentOf(ground, before?.offsetS ?? offsetOf(nodeId));
  const life = goneOn(before, at, rooms) ?? reckoned(at, rooms, before);
  if (life === before) return life;
  latest.set(nodeId, life, ground.wallS);
  return life;
}

/** When a node's rooms are reckoned, and with what. */
type Moment = Pick<RoomsLife, 'ground' | 'stepS' | 'offsetS'>;

function momentOf(ground: Ground, offsetS: number): Moment {
  const stepS = Math.floor((ground.wallS - offsetS) / lifeStepS) * lifeStepS + offsetS;
  return { ground, stepS, offsetS };
}

/** What was reckoned before, with the people of now; `undefined` where that does not hold any more. */
function goneOn(
  before: RoomsLife | undefined,
  { ground, stepS }: Moment,
  rooms: readonly RoomPlacement[],
): RoomsLife | undefined {
  if (before?.stepS !== stepS || !isSameGround(before.ground, ground)) return undefined;
  if (before.rooms === rooms) return before;
  return areSameRooms(before.rooms, rooms)
    ? { ...before, ...counted(stepS, rooms, before), rooms }
    : undefined;
}

/** The same for a node whoever asks and whenever. */
function offsetOf(nodeId: string): number {
  let sum = 0;
  for (let at = 0; at < nodeId.length; at += 1) sum = (31 * sum + nodeId.charCodeAt(at)) % 30_000;
  return (sum * lifeStepS) / 30_000;
}

function reckoned(at: Moment, rooms: readonly RoomPlacement[], before: RoomsLife | undefined): RoomsLife {
  const { ground, stepS } = at;
  const facts = factsOfAll(ground.names, rooms, before);
  const ends = rooms.map((room, index) =>
    room.participants === undefined ? undefined : endOf(at, room, facts[index]),
  );
  // Lists of their exact length: they live for half a minute, and there are two for every node.
  const ended = ends.map((end) => (end === undefined ? 0 : endedAt(ground, end, ground.horizon)));
  const endedLater = ends.map((end) => (end === undefined ? 0 : endedAt(ground, end, ground.keepHorizon)));
  logEmpty.fill(0);
  for (const end of ends) if (end !== undefined) addEnd(ground, end);
  return {
    ...at,
    rooms,
    facts,
    ended,
    endedLater,
    ...counted(stepS, rooms, { facts, ended, endedLater }),
    extensionS: extensionS(ground.lives, logEmpty),
    emptyInS: emptyByS(logEmpty, 0.5),
    latestInS: emptyByS(logEmpty, 0.95),
  };
}

/** What depends on the people in the rooms. */
function counted(
  stepS: number,
  rooms: readonly RoomPlacement[],
  { facts, ended, endedLater }: Pick<RoomsLife, 'facts' | 'ended' | 'endedLater'>,
): Pick<RoomsLife, 'endingSoon' | 'endingLater' | 'young'> {
  let endingSoon = 0;
  let endingLater = 0;
  const young: YoungRoom[] = [];
  for (let at = 0; at < rooms.length; at += 1) {
    const { participants, createdAtSeconds } = rooms[at] ?? {};
    if (participants === undefined) continue;
    endingSoon += participants * (ended[at] ?? 0);
    endingLater += participants * (endedLater[at] ?? 0);
    // A room of which nobody knows when it began counts with what it has, and lives as one that is grown.
    if (createdAtSeconds === undefined || stepS - createdAtSeconds >= grownS) continue;
    young.push({ createdAtSeconds, participants, facts: facts[at] });
  }
  return { endingSoon, endingLater, young };
}

/** By the class of its age, or about when it ends where its name tells that. */
type End = number | KnownEnd;

function endOf(
  { stepS, ground: { lives: by } }: Moment,
  { createdAtSeconds }: RoomPlacement,
  facts: NameFacts | undefined,
): End {
  const ageS = createdAtSeconds === undefined ? grownS : Math.max(0, stepS - createdAtSeconds);
  if (facts === undefined || ageS >= facts.lengthS) return classOf(by, ageS);
  return { leftS: facts.lengthS - ageS, spreadS: Math.max(60, Math.sqrt(facts.lengthVariance)) };
}

function addEnd({ lives: by }: Ground, end: End): void {
  if (typeof end === 'number') addLife(by, logEmpty, end);
  else addKnownLife(logEmpty, end);
}

/** The probability that the room has ended by a point ahead. */
function endedAt({ lives: by }: Ground, end: End, point: number): number {
  return typeof end === 'number' ? endedBy(by, end, point) : knownEndedBy(end, point);
}

function isSameGround(a: Ground, b: Ground): boolean {
  const isSameReach = a.horizon === b.horizon && a.keepHorizon === b.keepHorizon;
  return isSameReach && a.lives === b.lives && a.names === b.names;
}

/** Whether the rooms are the same ones in the same order, whoever is in them. */
function areSameRooms(before: readonly RoomPlacement[], rooms: readonly RoomPlacement[]): boolean {
  if (before.length !== rooms.length) return false;
  for (let at = 0; at < rooms.length; at += 1) {
    if (rooms[at] !== before[at] && !isSameRoom(rooms[at], before[at])) return false;
  }
  return true;
}

function isSameRoom(a: RoomPlacement | undefined, b: RoomPlacement | undefined): boolean {
  if (a?.room !== b?.room || a?.createdAtSeconds !== b?.createdAtSeconds) return false;
  return (a?.participants === undefined) === (b?.participants === undefined);
}

const nothingKnown: readonly undefined[] = [];

/** Names are looked up once a table, and carried over from what was known of the node before. */
function factsOfAll(
  names: NameTable,
  rooms: readonly RoomPlacement[],
  before: RoomsLife | undefined,
): readonly (NameFacts | undefined)[] {
  if (names.count === 0) return nothingKnown;
  if (before === undefined || before.ground.names !== names) {
    return rooms.map(({ room }) => factsOf(names, room));
  }
  if (before.rooms === rooms) return before.facts;
  let ahead = 0;
  return rooms.map(({ room }, at) => {
    // Rooms that have ended leave gaps, which are skipped.
    while (at + ahead < before.rooms.length && before.rooms[at + ahead]?.room !== room) ahead += 1;
    return at + ahead < before.rooms.length ? before.facts[at + ahead] : factsOf(names, room);
  });
}
