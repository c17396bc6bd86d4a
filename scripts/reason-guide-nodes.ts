import type { ReasonGuide } from './reason-guide-entry.ts';

/** Why a Media Node is not, or not yet, removed. */
export const nodeReasons = {
  TooYoung: {
    places: ['refusal', 'node'],
    when: "The container of the node's server started less than 10 s ago, or it is not known when.",
    meaning:
      'A signal in the first moments can leave a server hanging for ever, so it is not told to stop yet.',
    whatToDo: ['Nothing: it passes within seconds.'],
    seeAlso: ['MediaNodeWedged'],
  },
  NotClosedYet: {
    places: ['refusal', 'node'],
    when: 'The node is to leave, but its entry in the registry does not carry the mark that keeps new rooms away.',
    meaning: 'A room may be placed on it at any moment, so it cannot be proven empty.',
    whatToDo: [
      'Nothing, if it passes within seconds: each heartbeat takes the mark away and the operator sets it again.',
      'If it lasts, see `PlacementGoverned` in the conditions: the last open node is never closed.',
    ],
    seeAlso: ['PlacementNotSteered', 'ServerUnverified'],
  },
  StillHasParticipants: {
    places: ['refusal', 'node'],
    when: 'No room lives on the node, but by Redis clients are connected to it.',
    meaning: 'They have just left a room, or they signal through this node while their room is elsewhere.',
    whatToDo: [
      'Nothing: once the node is out of the Service they have `spec.drain.signallingGrace` (10 min) to leave.',
      'A shorter grace lets it go sooner; clients whose signalling ends resume it elsewhere.',
    ],
    seeAlso: ['SignallingRelayed', 'StillHasRooms'],
  },
  StillHasRooms: {
    places: ['refusal', 'node'],
    when: 'A live room is mapped to the node.',
    meaning: 'The node waits until the room has ended by itself. Nobody is moved or cut.',
    whatToDo: [
      'Nothing. `status.nodes[].expectedEmptyTime` and `latestEmptyTime` say when that is likely to be.',
      'For an end that you need, ask the people to leave, or delete the room with the API of LiveKit.',
      'A deadline for all drains is `spec.drain.deadline` with `onDeadline`.',
    ],
    seeAlso: ['DrainLate', 'IngestContinues', 'RoomsHoldNodes'],
  },
  CompanionBusy: {
    places: ['refusal', 'node'],
    when: 'A companion container of the Pod, such as egress, ingress or an agent, says that it has jobs, or says nothing.',
    meaning:
      'It may record a room of another node. The Pod stays until the companion itself says that it is idle.',
    whatToDo: [
      'The message names the companion and its jobs. Nothing, if the jobs are wanted.',
      'If it says that the companion has not told what it does, open its metrics or health port, or name the page with the annotation `openvidu.io/companions` on the Pod template.',
    ],
    seeAlso: ['IngestContinues', 'StillHasRooms'],
  },
  SignallingRelayed: {
    places: ['refusal', 'node'],
    when: 'The node itself tells of clients whose signalling it relays to rooms on other nodes, and `spec.drain.signallingGrace` is not over.',
    meaning: 'Their media is elsewhere. When the node goes, only their signalling has to be resumed.',
    whatToDo: [
      'Nothing: the node waits at most for the grace after it left the Service.',
      'Set a longer `spec.drain.signallingGrace` where your clients resume badly.',
    ],
    seeAlso: ['StillHasParticipants'],
  },
  IngestContinues: {
    places: ['refusal', 'node', 'event'],
    when: 'For more than 6 h nothing has held the node but an ingest: its ingress is at work, its other companions are idle, and its rooms have no more people than there are ingests.',
    meaning: 'A camera that streams without end holds the node for ever. It is not cut.',
    whatToDo: [
      'Stop the ingest and start it again: new ones go to an open node.',
      'Or let the node be: `kubectl openvidu uncordon NODE -n NAMESPACE`.',
    ],
    seeAlso: ['CompanionBusy', 'DrainLate'],
  },
  DrainLate: {
    places: ['refusal', 'node', 'event'],
    when: 'A drain lasts longer than was expected with 95 % certainty when it began, or, with `onDeadline: Wait`, longer than `spec.drain.deadline`.',
    meaning: 'It goes on waiting. Nobody is cut. The message says what holds the node.',
    whatToDo: [
      'Look at the rooms on it: `kubectl openvidu status -n NAMESPACE`.',
      'End the rooms that were forgotten, or take the drain back: `kubectl openvidu uncordon NODE -n NAMESPACE`.',
      'Where the machine must go by a fixed time, set `spec.drain.deadline` with `onDeadline: Evict`, knowing that it cuts.',
    ],
    seeAlso: ['EvictionNear', 'StillHasRooms'],
  },
  EvictionNear: {
    places: ['refusal', 'node', 'event'],
    when: '`onDeadline` is `Evict`, and less than 10 min are left of `spec.drain.deadline`; again in the last minute. Nobody is evicted who was not announced for a minute.',
    meaning:
      'At the instant in the message the Pod is removed with the rooms that are then on it. Their clients reconnect and make the rooms anew on another node.',
    whatToDo: [
      'To keep the rooms: `kubectl openvidu protect NODE -n NAMESPACE`, or `kubectl openvidu uncordon NODE -n NAMESPACE`.',
      'To wait everywhere: `kubectl -n NAMESPACE patch ovc CLUSTER --type=merge -p \'{"spec":{"drain":{"onDeadline":"Wait"}}}\'`.',
    ],
    seeAlso: ['MediaNodeEvicted', 'DrainLate'],
  },
  EvidenceMissing: {
    places: ['refusal', 'node'],
    when: 'Redis shows the node empty, but the node itself has not answered on its metrics port since it was closed.',
    meaning: 'One source is not enough. The node stays.',
    whatToDo: [
      'Let the operator reach `spec.mediaNodes.metricsPort` (6789) of the Pods: see the NetworkPolicies of the namespace.',
      'If the port asks for a login, name it in `spec.mediaNodes.metricsAuth`. A server keeps the password that it was started with: a Secret whose content was changed locks the operator out, so write the old one back and name another Secret.',
    ],
    seeAlso: ['EvidenceContradicts'],
  },
  EvidenceContradicts: {
    places: ['refusal', 'node'],
    when: 'Redis shows the node empty, and the node itself or the server API tells of rooms or participants.',
    meaning: 'Somebody may be there. The node stays until both agree.',
    whatToDo: [
      'Nothing, if it passes: somebody has just joined.',
      'If it lasts, look at the node: `kubectl -n NAMESPACE logs NODE`. `kubectl openvidu protect NODE -n NAMESPACE` keeps it while you look.',
    ],
    seeAlso: ['EvidenceMissing', 'GhostRooms'],
  },
  HeartbeatStale: {
    places: ['refusal', 'node'],
    when: 'The last heartbeat of the node is overdue, or another node fell silent less than 15 s ago: then none is removed.',
    meaning: 'What is on a silent node is unknown, so it is never a victim.',
    whatToDo: [
      'Nothing, if it passes.',
      'Otherwise see `MediaNodeSuspect`: the server, its machine, or its way to Redis.',
    ],
    seeAlso: ['MediaNodeSuspect', 'HeartbeatsStopped'],
  },
  ProvenOnce: {
    places: ['refusal', 'node'],
    when: 'One observation shows the node empty by all sources, and the second, at least one heartbeat later, has not come yet.',
    meaning: 'The node is about to leave.',
    whatToDo: ['Nothing: it takes a few seconds.'],
    seeAlso: ['MediaNodeLeaving'],
  },
} as const satisfies Readonly<Record<string, ReasonGuide>>;
