/** What is not known for sure at the moment of a decision, and what follows from it. */
import { sayDuration } from '../base/duration.ts';
import { listed } from '../base/listed.ts';
import type { DecideInput } from './decide-input.ts';
import type { Decision } from './decision.ts';
import { counted, sentence } from './words.ts';

/** A reading older than this is worth a word. */
const oldReadingMs = 3000;

type Doubt = (input: DecideInput, decision: Decision) => readonly string[];

/** Whole sentences; none where everything is known. */
export function uncertainties(input: DecideInput, decision: Decision): readonly string[] {
  return doubts.flatMap((doubt) => doubt(input, decision));
}

const doubts: readonly Doubt[] = [
  redisReading,
  oldView,
  unreadableEntries,
  silentNodes,
  incompleteTargets,
  roomsWithoutRecord,
  nodesThatDoNotAnswer,
  serverApi,
  cacheBehind,
  freeze,
];

function redisReading({ observed, nowMs }: DecideInput): readonly string[] {
  const { redis } = observed;
  if (redis.kind === 'Failed')
    return [`Redis cannot be read (${redis.why}), so nothing is known of the rooms.`];
  const ageMs = nowMs - redis.atMs;
  return ageMs <= oldReadingMs ? [] : [`Redis was last read ${sayDuration(ageMs)} ago.`];
}

function oldView(_: DecideInput, { governor }: Decision): readonly string[] {
  if (governor?.blind !== true) return [];
  return [
    'What is seen is, or was a moment ago, older than 2 s; until that has passed more Media Nodes serve than are needed.',
  ];
}

function unreadableEntries({ observed }: DecideInput): readonly string[] {
  if (observed.redis.kind !== 'Read') return [];
  return observed.redis.nodes.flatMap((entry) =>
    entry.kind === 'Undecodable'
      ? [`The entry ${entry.nodeId} in Redis cannot be read: ${sentence(entry.why)}`]
      : [],
  );
}

function silentNodes(_: DecideInput, { nodes }: Decision): readonly string[] {
  const silent = nodes.filter(({ state }) => state === 'Suspect').map(({ node }) => node.name);
  if (silent.length === 0) return [];
  return [
    `${listed(silent)} ${silent.length === 1 ? 'does' : 'do'} not report: the load there is the last one known.`,
  ];
}

function incompleteTargets(_: DecideInput, { demand }: Decision): readonly string[] {
  return (demand?.opinions ?? [])
    .filter(({ complete }) => !complete)
    .map(({ kind, message }) =>
      kind === 'Profile'
        ? `${message} So the fleet may not become smaller.`
        : `${kind} cannot be measured on every Media Node, so the fleet may not become smaller.`,
    );
}

/** Mappings that a join left behind when it failed: they are no rooms, and whoever counts in Redis will see more. */
function roomsWithoutRecord({ observed }: DecideInput): readonly string[] {
  if (observed.redis.kind !== 'Read') return [];
  const dead = observed.redis.rooms.filter((room) => room.participants === undefined).length;
  if (dead === 0) return [];
  return [
    `${counted(dead, 'room name')} in Redis ${dead === 1 ? 'has' : 'have'} no record of participants, and ${dead === 1 ? 'is' : 'are'} not counted as rooms.`,
  ];
}

function nodesThatDoNotAnswer({ observed }: DecideInput): readonly string[] {
  return Object.entries(observed.metrics).flatMap(([name, reading]) =>
    reading.kind === 'Failed' ? [`${name} does not answer for itself: ${sentence(reading.why)}`] : [],
  );
}

function serverApi({ observed }: DecideInput): readonly string[] {
  if (observed.serverApi?.kind !== 'Failed') return [];
  return [`The server API does not answer as second source: ${sentence(observed.serverApi.why)}`];
}

function cacheBehind({ observed }: DecideInput): readonly string[] {
  return observed.ownWritesSeen
    ? []
    : ['The view of the Pods does not show the last own write yet, so nothing is removed.'];
}

function freeze({ memory, nowMs }: DecideInput): readonly string[] {
  const untilMs = memory.frozenUntilMs;
  if (untilMs === undefined || untilMs <= nowMs) return [];
  return [
    `Many Media Nodes lost their load at once; nothing is removed for another ${sayDuration(untilMs - nowMs)}.`,
  ];
}
