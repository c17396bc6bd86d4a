/** A Media Node as a story knows it, and what the registry and the node itself tell of it. */
import type { PodObservation } from '../../src/core/observed.ts';
import type {
  NodeEntry,
  NodeMetricsReading,
  RoomPlacement,
  ServiceQuality,
} from '../../src/core/readings.ts';
import { aLoad, aPod, anEntry, ownWord } from './builders.ts';

export interface Machine {
  nodeId: string;
  pod: PodObservation;
  /** Room names and the people in them. */
  readonly rooms: Map<string, number>;
  /** Records of rooms that it does not have any more, and the people in them. */
  readonly leftBehind: Map<string, number>;
  /** Unix seconds at which rooms began, where that is known. */
  readonly begun: Map<string, number>;
  readyAtMs: number;
  marked: boolean;
  silent: boolean;
  lastHeartbeatMs: number;
  heartbeatsSeen: number;
  ownParticipants: number | undefined;
  companionJobs: number;
  ingests: number;
  /** Clients whose rooms live elsewhere. */
  relayed: number;
  /** Its server was told to stop. */
  signalled: boolean;
  startedAtSeconds: number;
  /** When the kubelet starts the container again. */
  restartAtMs: number | undefined;
  answers: boolean;
  /** It runs and reports, and its Pod is not Ready. */
  failsProbes: boolean;
  quality: ServiceQuality | undefined;
  goneAtMs: number | undefined;
}

/** A node that has just come up. `atMs` is the monotonic instant of its beginning and `bornMs` the same by the wall. */
export function aMachine(
  name: string,
  serial: number,
  { atMs, bornMs }: { readonly atMs: number; readonly bornMs: number },
): Machine {
  return {
    nodeId: `ND_${serial}`,
    pod: aPod(name, {
      uid: `uid-${serial}`,
      ip: `10.0.0.${serial}`,
      createdAtMs: bornMs,
      startedAtMs: bornMs + 1000,
    }),
    rooms: new Map(),
    leftBehind: new Map(),
    begun: new Map(),
    readyAtMs: atMs,
    marked: false,
    silent: false,
    lastHeartbeatMs: 0,
    heartbeatsSeen: 1,
    ownParticipants: undefined,
    companionJobs: 0,
    ingests: 0,
    relayed: 0,
    signalled: false,
    startedAtSeconds: Math.floor(bornMs / 1000) + 1,
    restartAtMs: undefined,
    answers: true,
    failsProbes: false,
    quality: undefined,
    goneAtMs: undefined,
  };
}

/** What the registry has of it. */
export function entryOf(machine: Machine, nowMs: number): NodeEntry {
  const participants = peopleOn(machine) + machine.relayed;
  return anEntry(machine.pod.name, {
    nodeId: machine.nodeId,
    ip: machine.pod.ip ?? '',
    state: machine.signalled ? 'ShuttingDown' : 'Serving',
    cordonMarked: machine.marked,
    load: aLoad({ participants, rooms: machine.rooms.size }),
    ageMs: nowMs - machine.lastHeartbeatMs,
    heartbeatsSeen: machine.heartbeatsSeen,
    startedAtSeconds: machine.startedAtSeconds,
  });
}

/** As the kubelet tells it, of a server that has had the time to start. */
export function noteReadiness(machine: Machine, hasStarted: boolean): void {
  const { pod, failsProbes } = machine;
  if (failsProbes) machine.pod = { ...pod, ready: false };
  else if (!pod.ready && hasStarted && pod.ended === undefined && !pod.deleting)
    machine.pod = { ...pod, ready: true, phase: 'Running' };
}

/** What it says itself when it is asked. */
export function testimonyOf(machine: Machine, atMs: number): NodeMetricsReading {
  if (!machine.answers) return { kind: 'Failed', why: 'no answer', atMs };
  const { nodeId, relayed: relayedSignals } = machine;
  const hosted = machine.ownParticipants ?? peopleOn(machine);
  const rooms = hosted === 0 ? 0 : Math.max(1, machine.rooms.size);
  const companions = [
    { name: 'egress', active: machine.companionJobs },
    ...(machine.ingests === 0 ? [] : [{ name: 'ingress', active: machine.ingests }]),
  ];
  if (machine.pod.ended !== undefined) return { kind: 'Failed', why: 'connection refused', companions, atMs };
  const participants = hosted + relayedSignals;
  const { quality } = machine;
  return ownWord(machine.pod.name, {
    quality,
    nodeId,
    participants,
    rooms,
    relayedSignals,
    companions,
    atMs,
  });
}

function peopleOn({ rooms }: Machine): number {
  return [...rooms.values()].reduce((sum, people) => sum + people, 0);
}

/** The rooms that the registry maps to it. */
export function roomsOf({ nodeId, rooms, leftBehind, begun }: Machine): readonly RoomPlacement[] {
  return [...rooms, ...leftBehind].map(([room, participants]) => ({
    room: `${nodeId}/${room}`,
    nodeId,
    participants,
    createdAtSeconds: begun.get(room),
  }));
}
