/**
 * How long the rooms of a node will live, worked out once as long as they are the same ones: most looks find that
 * nothing has happened, or that only people have come and left.
 */
import { type Learned, type NameFacts, type NameTable, grownS } from './learned.ts';
import type { RoomPlacement } from './readings.ts';
import { factsOf } from './room-names.ts';
import {
  type KnownEnd,
  type Lives,
  addKnownLife,
  addLife,
  aheadCount,
  emptyByS,
  endedBy,
  extensionS,
  knownEndedBy,
  livesOf,
  pointAt,
} from './survival.ts';

/** Half of the width of the classes of age. */
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
  readonly stepS: number;
  readonly horizon: number;
  /** The same for how long slots are kept. */
  readonly keepHorizon: number;
}

export interface RoomsLife {
  readonly ground: Ground;
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

/** By the rooms of a node: the same list as long as none of them has changed. */
const lives = new WeakMap<readonly RoomPlacement[], RoomsLife>();
/** The last one of each node. Mostly only people have come or left since, which changes no life. */
const latest = new Map<string, RoomsLife>();
const mostLatest = 5000;

/** How far ahead rooms that end are looked for: while a node is launched, and while slots are kept. */
export interface Ahead {
  readonly horizonS: number;
  readonly keepS: number;
}

export function groundOf({ hazard, names }: Learned, wallS: number, ahead: Ahead): Ground {
  const stepS = Math.floor(wallS / lifeStepS) * lifeStepS;
  const [horizon, keepHorizon] = [pointAt(ahead.horizonS), pointAt(ahead.keepS)];
  return { lives: livesOf(hazard), names, stepS, horizon, keepHorizon };
}

/** Lives are reckoned in steps, so that nodes on which nothing has happened are reckoned once a step. */
export function lifeOf(ground: Ground, rooms: readonly RoomPlacement[]): RoomsLife {
  const known = lives.get(rooms);
  if (known !== undefined && isSameGround(known.ground, ground)) return known;
  const nodeId = rooms[0]?.nodeId ?? '';
  const before = known ?? latest.get(nodeId);
  const life =
    before !== undefined && isSameGround(before.ground, ground) && areSameRooms(before.rooms, rooms)
      ? { ...before, ...counted(ground, rooms, before), rooms }
      : reckoned(ground, rooms, before);
  lives.set(rooms, life);
  if (latest.size > mostLatest) latest.clear();
  latest.set(nodeId, life);
  return life;
}

function reckoned(ground: Ground, rooms: readonly RoomPlacement[], before: RoomsLife | undefined): RoomsLife {
  const facts = factsOfAll(ground.names, rooms, before);
  const ended: number[] = [];
  const endedLater: number[] = [];
  logEmpty.fill(0);
  for (let at = 0; at < rooms.length; at += 1) {
    const room = rooms[at];
    const end = room?.participants === undefined ? undefined : endOf(ground, room, facts[at]);
    if (end !== undefined) addEnd(ground, end);
    ended.push(end === undefined ? 0 : endedAt(ground, end, ground.horizon));
    endedLater.push(end === undefined ? 0 : endedAt(ground, end, ground.keepHorizon));
  }
  return {
    ground,
    rooms,
    facts,
    ended,
    endedLater,
    ...counted(ground, rooms, { facts, ended, endedLater }),
    extensionS: extensionS(ground.lives, logEmpty),
    emptyInS: emptyByS(logEmpty, 0.5),
    latestInS: emptyByS(logEmpty, 0.95),
  };
}

/** What depends on the people in the rooms. */
function counted(
  { stepS }: Ground,
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

/** By its age, or about when it ends where its name tells that. */
type End = number | KnownEnd;

function endOf({ stepS }: Ground, { createdAtSeconds }: RoomPlacement, facts: NameFacts | undefined): End {
  const ageS = createdAtSeconds === undefined ? grownS : Math.max(0, stepS - createdAtSeconds);
  if (facts === undefined || ageS >= facts.lengthS) return ageS;
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
  const isSameStep = a.stepS === b.stepS && a.horizon === b.horizon && a.keepHorizon === b.keepHorizon;
  return isSameStep && a.lives === b.lives && a.names === b.names;
}

/** Whether the rooms are the same ones in the same order, whoever is in them. */
function areSameRooms(before: readonly RoomPlacement[], rooms: readonly RoomPlacement[]): boolean {
  if (before.length !== rooms.length) return false;
  return rooms.every((room, at) => {
    const was = before[at];
    if (was === room) return true;
    const isAlive = room.participants !== undefined;
    return (
      was?.room === room.room &&
      was.createdAtSeconds === room.createdAtSeconds &&
      (was.participants !== undefined) === isAlive
    );
  });
}

/** Names are looked up once a table, and carried over from what was known of the node before. */
function factsOfAll(
  names: NameTable,
  rooms: readonly RoomPlacement[],
  before: RoomsLife | undefined,
): readonly (NameFacts | undefined)[] {
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
