/**
 * Every reason code, with one sentence each. The same code appears in the condition, the Event, the log and
 * the metric; the reference page is generated from this table. Codes are never renamed.
 */
export const reasons = {
  // Why this size.
  LoadRequiresNodes: 'The load on the Media Nodes requires this many.',
  HeadroomRequiresNodes: 'The free slots asked for in spec.autoscaling.headroom require this many.',
  ReserveRequiresNodes: 'The rooms that are to be expected need so many free slots.',
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
  OthersNotReady:
    'A Media Node that is to stay is not ready, so one that would be needless stands in for it.',
  Protected: 'A person protects this Media Node with the annotation openvidu.io/protect.',
  Deleting: 'The OpenViduCluster is being deleted; its Media Nodes leave as they become empty.',
  UpdatePaused: 'A rolling change is held by spec.updates.paused.',
  UpdateStopped: 'The changed Media Nodes failed; new rooms and new nodes stay with the revision before.',
  CanaryObserved: 'Changed Media Nodes are on trial with a share of the new rooms.',
  UpdateSurgeLimit: 'As many Media Nodes as spec.updates.maxSurge allows are being replaced.',
  ReplacementAwaited: 'A Media Node that is to go still takes rooms until its replacement serves.',
  ServerUnverified: 'Closing and opening nodes was never tried on this version of the media server.',
  CordonNotHolding: 'New rooms were placed on closed Media Nodes, so placing is left to the media servers.',
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
  IngestContinues: 'An ingest that seems to run without end holds the Media Node; stop it, or move it.',
  DrainLate:
    'A Media Node takes longer to become empty than was to be expected, or than spec.drain.deadline allows.',
  EvictionNear:
    'The end of spec.drain.deadline is near; rooms that are left then will be cut, as onDeadline is Evict.',
  EvidenceMissing: 'The Media Node itself has not yet confirmed that it is empty.',
  EvidenceContradicts: 'Redis and the Media Node disagree on whether it is empty.',
  HeartbeatStale: 'The Media Node has not reported for longer than three heartbeats.',
  ProvenOnce: 'One observation shows the Media Node empty; a second one is awaited.',
  // What happened.
  MediaNodeLaunched: 'A Pod for a new Media Node was created.',
  MediaNodeReady: 'A Media Node is ready and registered, and takes rooms.',
  MediaNodeStandby: 'A Media Node takes no new rooms, because fewer are needed; its rooms go on.',
  MediaNodeFull:
    'A Media Node is full by what its rooms may come to want, and takes no new rooms while others have space.',
  MediaNodeServing: 'A Media Node takes new rooms again.',
  MediaNodeCordoned:
    'A person, a rolling change or maintenance wants no new rooms on a Media Node; its rooms go on.',
  MediaNodeUncordoned: 'A Media Node that was to take no new rooms may take them again.',
  MediaNodeLeaving: 'A Media Node was proven empty twice and is removed.',
  MediaNodeFailed: 'A Pod never became a Media Node, or its server has ended, and is replaced.',
  MediaNodeLost:
    'The server of a Media Node ended, or its Pod vanished, before it was let go; what it carried was cut.',
  MediaNodeEvicted:
    'A Media Node was removed at its deadline with rooms on it, because spec.drain.onDeadline is Evict.',
  MediaNodeWedged: 'A media server that was told to stop hung with nobody on it, and was ended.',
  MaintenanceStarted:
    'The machine of a Media Node is to be freed; it is replaced, closed and leaves when it is empty.',
  MaintenanceEnded: 'The machine of a Media Node may be used again; it takes rooms again.',
  MaintenanceDeadline:
    'The machine of a Media Node will be taken away at a known time; what is left then is cut.',
  UpdateStarted: 'A changed template or configuration is being rolled out.',
  UpdateProven: 'The changed Media Nodes serve well; the rest is replaced one by one.',
  UpdateFailed: 'The changed Media Nodes serve badly or do not start; the change is stopped.',
  UpdateFinished: 'All Media Nodes are made from the spec as it is.',
  GhostRooms:
    'Redis has records of rooms whose Media Node is gone or has them no more; a next join makes them anew.',
  RegistryShared: 'Another OpenViduCluster uses the same Redis and database, so their rooms are mixed.',
  ForeignNodes: 'Redis lists Media Nodes that are not Pods of this OpenViduCluster.',
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
  SelectorFits: 'The node selector of the media servers spreads rooms well.',
  SelectorAdvice: 'The node selector of the media servers herds rooms or misreads load.',
  OnlyOwnNodes: 'All Media Nodes in Redis are Pods of this OpenViduCluster.',
  CapacityGiven: 'The figures of spec.mediaNodes.capacity hold.',
  ProfileApplied: 'The figures of the capacity profile hold.',
  ProfileEstimated: 'The figures of the capacity profile hold, scaled from other machines.',
  ProfileProposed: 'The capacity profile is only proposed: it changes nothing until a person approves it.',
  ProfileMissing: 'The capacity profile that the spec names is not there, or may not be read.',
  ProfileUnmatched: 'The capacity profile was measured with another engine or version than the nodes have.',
  ProfileUnusable: 'The capacity profile does not say what the spec asks of it.',
  ProfileApproved: 'A person has set the mode of the profile to Apply.',
  ProfileInUse: 'The capacity of an OpenViduCluster comes from the profile.',
  ProfileNotInUse: 'No OpenViduCluster names the profile.',
  ProfileHolds: 'The nodes use about as much processor time as the profile foretells.',
  EvidenceFresh: 'The newest evidence of the profile is younger than half a year.',
  EvidenceOld: 'The newest evidence of the profile is older than half a year: run a new load test.',
  EvidenceUnnamed: 'The profile does not say which load test its figures come from.',
  ProfileDrifted: 'The nodes use more or less processor time than the capacity profile foretells.',
  AllUpdated: 'All Media Nodes are made from the spec as it is.',
  UpdateRolling: 'Media Nodes made from an earlier spec are being replaced.',
  NothingWrong: 'Nothing is wrong.',
  LaunchesFailing: 'Media Nodes fail to start.',
  // Load tests.
  ScenarioValid: 'The scenario can be carried out.',
  ScenarioInvalid: 'The scenario has faults; each is named with its place, its value and the remedy.',
  ScenarioMissing: 'The ConfigMap or key that holds the scenario does not exist yet.',
  TargetAwaited: 'A Media Node that can be tested, and that is closed for other rooms, is awaited.',
  TargetIsolated: 'The Media Node under test takes no other rooms and is no capacity of the fleet.',
  TargetExternal:
    'The server under test is no Media Node of an OpenViduCluster, so nobody keeps others off it.',
  TargetReturned: 'The Media Node was given back to its fleet.',
  GeneratorsAwaited: 'Not all generators are connected to the coordinator.',
  GeneratorsReady: 'All generators are connected to the coordinator.',
  GeneratorsEnded: 'The generators were stopped.',
  ResultAwaited: 'The coordinator has not written a result.',
  ResultStored: 'The result is stored.',
  LoadTestRunning: 'The load test has not ended.',
  LoadTestStarted: 'A load test was taken up.',
  LoadTestSucceeded: 'A load test has an answer.',
  LoadTestInconclusive: 'A load test ended without an answer that would hold.',
  LoadTestFailed: 'A load test could not be carried out.',
  LoadTestAborted: 'A person ended a load test.',
  ProfileNotPublished: 'The capacity profile that a load test gave could not be written.',
} as const satisfies Record<string, string>;

export type ReasonCode = keyof typeof reasons;

/** A reason with its facts, in one sentence. `node` names the Media Node it is about, if any. */
export interface Finding {
  readonly reason: ReasonCode;
  readonly message: string;
  readonly node?: string;
}
