import type { ReasonGuide } from './reason-guide-entry.ts';

/** Reasons that conditions alone have. */
export const conditionReasons = {
  SpecInvalid: {
    places: ['lastDecision', 'event', 'ScalingActive=False', 'Degraded=True', 'Progressing=True'],
    when: 'Something in the spec cannot be used, and only the operator can see it: a Secret or key that is missing, a template that would cut rooms, a companion that cannot be asked, a time zone that does not exist. The Event comes where nothing can be decided at all; Progressing has it only while such a fleet is being deleted.',
    meaning:
      'The operator goes on with the connections it has and the more cautious value. A fleet that it has no connections for waits, its nodes untouched.',
    whatToDo: [
      'The message begins with the field and ends with the remedy. `kubectl -n NAMESPACE edit ovc CLUSTER`.',
    ],
    seeAlso: ['FieldsNotYetEffective'],
  },
  FieldsNotYetEffective: {
    places: ['FieldsEffective=False'],
    when: 'A field is set that this version accepts and does nothing with: a target of type Prometheus.',
    meaning: 'The rest of the spec takes effect.',
    whatToDo: ['Take the fields away that the message names, or wait for a version that has them.'],
    seeAlso: ['AllFieldsEffective'],
  },
  AllFieldsEffective: {
    places: ['FieldsEffective=True'],
    when: 'No field is set that this version only accepts.',
    meaning: 'What you wrote is what happens.',
    whatToDo: ['Nothing.'],
    seeAlso: ['FieldsNotYetEffective'],
  },
  NodesReady: {
    places: ['Ready=True'],
    when: 'At least `spec.mediaNodes.min` nodes are Ready and registered, cordoned ones too, and at least one takes new rooms.',
    meaning: 'Rooms can begin.',
    whatToDo: ['Nothing.'],
    seeAlso: ['TooFewNodesReady'],
  },
  TooFewNodesReady: {
    places: ['Ready=False'],
    when: 'Fewer nodes than `spec.mediaNodes.min` are Ready and registered, or none takes new rooms.',
    meaning: 'With `0 serving` in the message new rooms may fail. Rooms that run are not affected.',
    whatToDo: [
      'In the first minutes of a fleet: nothing, nodes are Launching.',
      '`kubectl openvidu status -n NAMESPACE` shows which node is in which state; the conditions Degraded and DataFresh say why.',
    ],
    seeAlso: ['LaunchesFailing', 'RedisUnavailable', 'DryRun'],
  },
  DataFresh: {
    places: ['DataFresh=True'],
    when: 'Redis was read less than 10 s ago, and no two nodes fell silent together.',
    meaning: 'Decisions rest on what is there.',
    whatToDo: ['Nothing.'],
    seeAlso: ['RedisUnavailable', 'HeartbeatsStopped'],
  },
  ScalingEnforced: {
    places: ['ScalingActive=True'],
    when: 'The mode is Enforce or External, the spec has no fault, and the data is fresh. The message says so where Kubernetes Nodes are not watched.',
    meaning: 'Decisions are carried out.',
    whatToDo: [
      'Nothing.',
      'If machines are not watched and should be: upgrade the chart with `rbac.kubernetesNodes=true`.',
    ],
    seeAlso: ['DryRun', 'Paused', 'SpecInvalid'],
  },
  NodesChanging: {
    places: ['Progressing=True'],
    when: 'At least one node is Launching or Leaving.',
    meaning: 'The fleet is on its way to another size or another spec.',
    whatToDo: ['Nothing.'],
    seeAlso: ['NothingChanging'],
  },
  NothingChanging: {
    places: ['Progressing=False'],
    when: 'No node is Launching or Leaving.',
    meaning: 'The fleet stands.',
    whatToDo: ['Nothing.'],
    seeAlso: ['NodesChanging'],
  },
  PlacementSteered: {
    places: ['PlacementGoverned=True'],
    when: 'The operator closes and opens nodes, and nothing speaks against relying on it.',
    meaning: 'New rooms go to the nodes in state Serving.',
    whatToDo: ['Nothing.'],
    seeAlso: ['PlacementNotSteered', 'ServerUnverified', 'CordonNotHolding'],
  },
  PlacementNotSteered: {
    places: ['refusal', 'PlacementGoverned=False'],
    when: 'Every node is to be closed and one stays open all the same; or nothing is steered, because Redis cannot be read, several nodes are silent, or the mode is DryRun or Paused.',
    meaning: 'Rooms are placed by the media servers. Nobody is turned away for want of an open node.',
    whatToDo: [
      'The message says which of these it is.',
      'If a node stays open although it is cordoned: let another serve. Take a cordon away, or raise `spec.mediaNodes.max`.',
    ],
    seeAlso: ['RedisUnavailable', 'AtMaximum', 'ServerUnverified'],
  },
  SelectorFits: {
    places: ['SelectorSuitable=True'],
    when: '`node_selector` of the configuration is the default of the operator, or as good.',
    meaning: 'The media servers spread new rooms well among the open nodes.',
    whatToDo: ['Nothing.'],
    seeAlso: ['SelectorAdvice'],
  },
  SelectorAdvice: {
    places: ['SelectorSuitable=False'],
    when: '`spec.mediaNodes.config.node_selector` has a `kind`, `sort_by` or `algorithm` that herds rooms onto one node, misreads the load of containers, or is unknown to the servers.',
    meaning:
      'Rooms are placed all the same, less well. With an unknown word new rooms fail, or servers do not start.',
    whatToDo: [
      'Write what the message says, or take `node_selector` away: the defaults are `kind: any`, `sort_by: clients`, `algorithm: twochoice`.',
    ],
    seeAlso: ['SelectorFits'],
  },
  OnlyOwnNodes: {
    places: ['RegistryExclusive=True'],
    when: 'All media servers in Redis are Pods of this OpenViduCluster, and no other one names the same Redis.',
    meaning: 'The fleet is alone with its rooms.',
    whatToDo: ['Nothing.'],
    seeAlso: ['RegistryShared', 'ForeignNodes'],
  },
  AllUpdated: {
    places: ['Updated=True'],
    when: 'All nodes are made from the template and configuration in the spec.',
    meaning: 'No rolling change is going on.',
    whatToDo: ['Nothing.'],
    seeAlso: ['UpdateRolling'],
  },
  UpdateRolling: {
    places: ['Updated=False'],
    when: 'Nodes made from an earlier spec are there, and the change is neither on trial, paused nor stopped.',
    meaning:
      'They are replaced: a new node first, then an old one is closed, becomes empty and leaves. `status.updates` has the counts and the expected end.',
    whatToDo: [
      'Nothing.',
      'To hold it: `kubectl -n NAMESPACE patch ovc CLUSTER --type=merge -p \'{"spec":{"updates":{"paused":true}}}\'`.',
    ],
    seeAlso: ['UpdateSurgeLimit', 'UpdatePaused', 'AllUpdated'],
  },
  NothingWrong: {
    places: ['Degraded=False'],
    when: 'The spec has no fault, launches work, and no node is Failed, Lost or Suspect.',
    meaning: 'The fleet is well.',
    whatToDo: ['Nothing.'],
  },
  LaunchesFailing: {
    places: ['Degraded=True'],
    when: 'The API server refuses Pods (`LaunchFailed`), or a launch waits after failures (`LaunchBackoff`).',
    meaning: 'The fleet cannot grow as it should. Nodes that serve are not affected.',
    whatToDo: [
      'The message has the cause, or the Event `MediaNodeFailed` before it.',
      '`kubectl -n NAMESPACE describe pods -l openvidu.io/cluster=CLUSTER` for the words of the kubelet and the scheduler.',
    ],
    seeAlso: ['LaunchFailed', 'LaunchBackoff', 'MediaNodeFailed'],
  },
} as const satisfies Readonly<Record<string, ReasonGuide>>;
