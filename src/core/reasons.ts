/**
 * Every reason code, with one sentence each. The same code appears in the condition, the Event, the log and
 * the metric; the reference page is generated from this table. Codes are never renamed.
 */
export const reasons = {
  // Why this size.
  LoadRequiresNodes: 'The load on the Media Nodes requires this many.',
  HeadroomRequiresNodes: 'The free slots asked for in spec.autoscaling.headroom require this many.',
  ReserveRequiresNodes: 'Free slots for the rooms that are to be expected require this many.',
  RoomsHoldNodes: 'As many Media Nodes have rooms; nodes leave as they become empty.',
  ScheduleRequiresNodes:
    'A schedule of spec.autoscaling.schedules is open, or about to open, and keeps this many.',
  AtMinimum: 'The load needs fewer Media Nodes than spec.mediaNodes.min.',
  AtMaximum: 'The load needs more Media Nodes than spec.mediaNodes.max.',
  ReplicasRequested: 'Mode External: spec.mediaNodes.replicas says how many.',
  Stabilizing: 'A stabilisation window holds the size until the wish has lasted long enough.',
  RateLimited: 'The rate rules of spec.autoscaling.behavior allow no larger step yet.',
  ColdStart: 'The operator has not watched long enough since its start to make the fleet smaller.',
  TargetsUnknown: 'A target cannot be measured, so the fleet may not become smaller.',
  WithinLimits: 'No limit holds the size back.',
  // Why nothing, or less, is done.
  DryRun: 'Mode DryRun: decisions are reported, nothing is done.',
  Paused: 'Mode Paused: nothing is decided and nothing is done.',
  RedisUnavailable: 'Redis cannot be read, so nothing is known of the rooms.',
  HeartbeatsStopped:
    'Several Media Nodes stopped reporting at once, which points at Redis or the message bus.',
  LoadDropped:
    'Many Media Nodes lost their load at once; a wave of returns is likely, so nothing is removed.',
  CacheBehind: 'The view of the Pods does not yet show the last own write, so nothing is removed.',
  LeavingLimit: 'As many Media Nodes as spec.drain.maxConcurrent allows are leaving.',
  Protected: 'A person protects this Media Node with the annotation openvidu.io/protect.',
  TooYoung: 'The container started too recently; a signal now could leave the server hanging.',
  LaunchBackoff: 'Recent launches failed, so the next one waits.',
  SpecInvalid: 'The spec has a fault that only the operator can see.',
  FieldsNotYetEffective: 'Some fields are accepted but do nothing in this version.',
  AllFieldsEffective: 'Every field that is set takes effect.',
  // Why a node is not (yet) removed.
  NotClosedYet: 'The Media Node still takes new rooms, or has only just stopped.',
  StillHasParticipants: 'Clients are on the Media Node, or signal through it.',
  StillHasRooms: 'A room lives on the Media Node.',
  CompanionBusy: 'A companion of the Media Node, such as egress or ingress, is at work.',
  SignallingRelayed: 'Clients of rooms elsewhere use the Media Node as their signalling front.',
  EvidenceMissing: 'The Media Node itself has not yet confirmed that it is empty.',
  EvidenceContradicts: 'Redis and the Media Node disagree on whether it is empty.',
  HeartbeatStale: 'The Media Node has not reported for longer than two heartbeats.',
  ProvenOnce: 'One observation shows the Media Node empty; a second one is awaited.',
  // What happened.
  MediaNodeLaunched: 'A Pod for a new Media Node was created.',
  MediaNodeReady: 'A Media Node is ready and registered, and takes rooms.',
  MediaNodeStandby: 'A Media Node takes no new rooms, because fewer are needed; its rooms go on.',
  MediaNodeFull: 'A Media Node has reached its ceiling and takes no new rooms while others have space.',
  MediaNodeServing: 'A Media Node takes new rooms again.',
  MediaNodeCordoned: 'A person wants no new rooms on a Media Node; its rooms go on.',
  MediaNodeUncordoned: 'A person lets a Media Node take new rooms again.',
  MediaNodeLeaving: 'A Media Node was proven empty twice and is removed.',
  MediaNodeFailed: 'A Pod never became a Media Node, or its server has ended, and is replaced.',
  MediaNodeLost: 'A Media Node vanished with its Pod before it was let go; what it carried was cut.',
  MediaNodeSuspect: 'A Media Node stopped reporting although its Pod runs.',
  LaunchFailed: 'The API server refused the Pod of a new Media Node.',
  ActionRefused: 'The API server refused a step; it is decided anew and tried again.',
  ScaledUp: 'The desired number of Media Nodes was raised.',
  ScaledDown: 'The desired number of Media Nodes was lowered.',
  // Conditions.
  NodesReady: 'Enough Media Nodes are ready.',
  TooFewNodesReady: 'Fewer Media Nodes are ready than spec.mediaNodes.min.',
  DataFresh: 'Redis was read and the Media Nodes report.',
  ScalingEnforced: 'Decisions are carried out.',
  NodesChanging: 'Media Nodes are being launched or are leaving.',
  NothingChanging: 'No Media Node is being launched or is leaving.',
  PlacementSteered: 'New rooms are steered to the serving Media Nodes.',
  PlacementNotSteered: 'New rooms are placed by the media servers alone.',
  NothingWrong: 'Nothing is wrong.',
  LaunchesFailing: 'Media Nodes fail to start.',
} as const satisfies Record<string, string>;

export type ReasonCode = keyof typeof reasons;

/** A reason with its facts, in one sentence. `node` names the Media Node it is about, if any. */
export interface Finding {
  readonly reason: ReasonCode;
  readonly message: string;
  readonly node?: string;
}
