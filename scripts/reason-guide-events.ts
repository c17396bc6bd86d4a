import type { ReasonGuide } from './reason-guide-entry.ts';

/** What happened. */
export const eventReasons = {
  MediaNodeLaunched: {
    places: ['event'],
    when: 'The API server accepted the Pod of a new node. The message says why it is launched.',
    meaning: 'It counts as capacity on order and takes no rooms yet.',
    whatToDo: [
      'Nothing. `MediaNodeReady` follows within `spec.mediaNodes.startupDeadline`, or `MediaNodeFailed`.',
    ],
    seeAlso: ['MediaNodeReady', 'MediaNodeFailed'],
  },
  MediaNodeReady: {
    places: ['event'],
    when: 'The Pod is Ready and its server is registered in Redis with a fresh heartbeat.',
    meaning: 'The node takes rooms, or stands by until it is needed.',
    whatToDo: ['Nothing.'],
    seeAlso: ['MediaNodeLaunched', 'MediaNodeStandby'],
  },
  MediaNodeStandby: {
    places: ['event'],
    when: 'A node that is more than the desired number was closed for new rooms.',
    meaning:
      'Its rooms go on and people can join them. It is opened again before a new node would be launched, and leaves once it is proven empty.',
    whatToDo: ['Nothing.'],
    seeAlso: ['MediaNodeServing', 'RoomsHoldNodes', 'MediaNodeLeaving'],
  },
  MediaNodeFull: {
    places: ['event'],
    when: 'What the rooms of the node are expected to want reached `spec.autoscaling.placement.ceilingPercent` of its capacity, and another node has space.',
    meaning: 'New rooms go elsewhere. People can still join the rooms on it.',
    whatToDo: [
      'Nothing.',
      'If nodes are called full while they have little to do, raise `spec.mediaNodes.capacity.participants`.',
    ],
    seeAlso: ['MediaNodeServing', 'AtMaximum'],
  },
  MediaNodeServing: {
    places: ['event'],
    when: 'A node that was told to be in standby, full, cordoned or suspect takes new rooms again.',
    meaning: 'Its space is used again.',
    whatToDo: ['Nothing.'],
    seeAlso: ['MediaNodeStandby', 'MediaNodeFull'],
  },
  MediaNodeCordoned: {
    places: ['event'],
    when: 'A wish on the Pod of a node, of a person, a rolling change or maintenance, was carried out. The message has its words.',
    meaning:
      'No new rooms; its rooms go on. It is no capacity, so it is replaced where that is needed. It leaves when empty if the wish is a drain.',
    whatToDo: [
      'Nothing.',
      'To take it back: `kubectl openvidu uncordon NODE -n NAMESPACE`. A rolling change or maintenance sets its wish anew.',
    ],
    seeAlso: ['MediaNodeUncordoned', 'MaintenanceStarted', 'UpdateRolling'],
  },
  MediaNodeUncordoned: {
    places: ['event'],
    when: 'The wish on the Pod of a node was taken away before it left.',
    meaning: 'The node is capacity again.',
    whatToDo: ['Nothing.'],
    seeAlso: ['MediaNodeCordoned'],
  },
  MediaNodeLeaving: {
    places: ['event'],
    when: 'The node was shown empty by Redis and by itself on two observations, the receipt was stored, and its Pod was deleted.',
    meaning:
      'Nobody was on it. Its server waits for whoever might have come in the last moment, up to `spec.drain.gracePeriod`.',
    whatToDo: ['Nothing. The proof: `kubectl openvidu receipts -n NAMESPACE --node NODE`.'],
    seeAlso: ['ProvenOnce', 'MediaNodeEvicted'],
  },
  MediaNodeFailed: {
    places: ['event', 'Degraded=True'],
    when: 'A Pod was not Ready and registered within `spec.mediaNodes.startupDeadline`, or its server ended before it had served. It is removed and replaced.',
    meaning: 'No room was on it. Launches that follow wait 2 s, doubling to 5 min.',
    whatToDo: [
      'The message has the words of the kubelet, such as ImagePullBackOff or Unschedulable.',
      '`kubectl -n NAMESPACE get events --field-selector involvedObject.name=NODE` shows what happened to the Pod.',
      'Mend the image, the resources, the quota or the address of Redis; raise `startupDeadline` where machines take long to come.',
    ],
    seeAlso: ['LaunchBackoff', 'LaunchesFailing', 'UpdateFailed'],
  },
  MediaNodeLost: {
    places: ['event', 'Degraded=True'],
    when: 'The server of a node that had served ended, or its Pod vanished, before it was let go.',
    meaning:
      'The rooms on it were cut; the message counts rooms and participants as last seen. Another node is launched in the same pass and the entry of the dead process is removed, so clients that reconnect make their rooms anew elsewhere.',
    whatToDo: [
      'The message says why it ended, such as OOMKilled: then raise the memory limit in `spec.mediaNodes.template`.',
      '`kubectl -n NAMESPACE logs NODE` while the Pod is there, with `--previous` where its container was started again.',
      'If a Kubernetes Node died, nothing here.',
    ],
    seeAlso: ['GhostRooms', 'MediaNodeSuspect', 'LaunchBackoff'],
  },
  MediaNodeEvicted: {
    places: ['event'],
    when: 'The deadline of a drain was over, `spec.drain.onDeadline` is `Evict`, and the node had been announced by `EvictionNear` for at least a minute.',
    meaning: 'Its rooms were cut, as the written policy says. The message and the receipt count them.',
    whatToDo: [
      'Nothing, if you wanted it.',
      'Otherwise set `spec.drain.onDeadline: Wait`, or a longer `spec.drain.deadline`.',
    ],
    seeAlso: ['EvictionNear', 'DrainLate'],
  },
  MediaNodeWedged: {
    places: ['event'],
    when: 'A server was told to stop and still runs, and Redis, the server itself and all companions have shown nobody on it for more than 30 s. It is ended.',
    meaning: 'A server that gets its signal in its first moments never ends by itself. Nobody was on it.',
    whatToDo: [
      'Nothing.',
      'If it happens often, find out who signals young Pods, such as a descheduler or a person with `kubectl delete pod`.',
    ],
    seeAlso: ['TooYoung', 'Protected'],
  },
  MaintenanceStarted: {
    places: ['event'],
    when: 'The Kubernetes Node of a Media Node got one of the known marks: a cordon, a taint or an annotation that says that the machine is to be freed.',
    meaning: 'Replacements are launched first, then the node is closed, and it leaves when it is empty.',
    whatToDo: [
      'Nothing. `kubectl drain` ends by itself when the last room on the machine has ended.',
      'If the mark is a mistake, take it away, for instance with `kubectl uncordon MACHINE`.',
    ],
    seeAlso: ['ReplacementAwaited', 'MaintenanceDeadline', 'MaintenanceEnded'],
  },
  MaintenanceEnded: {
    places: ['event'],
    when: 'The mark on the Kubernetes Node is gone, and the Media Node is still there.',
    meaning: 'It takes rooms again.',
    whatToDo: ['Nothing.'],
    seeAlso: ['MaintenanceStarted'],
  },
  MaintenanceDeadline: {
    places: ['event'],
    when: 'The end of the machine is known: at sight, again 5 min and 1 min before.',
    meaning:
      'Whoever takes the machine cuts what is left on it then. The operator cannot stop that. The message counts the rooms and participants of now.',
    whatToDo: [
      'Where the machine is yours, put the end off: `kubectl annotate node MACHINE openvidu.io/maintenance-deadline=2026-01-31T22:00:00Z --overwrite`.',
      'For spot machines: the notice is short. Run Media Nodes on machines that stay, with `nodeSelector` or affinity in `spec.mediaNodes.template`.',
    ],
    seeAlso: ['MaintenanceStarted', 'MediaNodeLost'],
  },
  UpdateStarted: {
    places: ['event'],
    when: 'The template or the configuration changed, so that nodes are made from an earlier spec.',
    meaning: 'New nodes come first, then old ones are closed, become empty and leave. No room is moved.',
    whatToDo: [
      "Nothing. `kubectl -n NAMESPACE get ovc CLUSTER -o jsonpath='{.status.updates}'` shows how far it is.",
    ],
    seeAlso: ['UpdateProven', 'UpdateFinished', 'UpdatePaused'],
  },
  UpdateProven: {
    places: ['event'],
    when: 'A changed node has served for 10 s, or the trial of `spec.updates.canary` was passed: its time is over, at least ten joins worked there, and nothing was measurably worse than elsewhere.',
    meaning: 'All nodes may be made from it, and new ones fall back on it when a later change fails.',
    whatToDo: ['Nothing.'],
    seeAlso: ['CanaryObserved', 'UpdateFinished'],
  },
  UpdateFailed: {
    places: ['event'],
    when: 'Changed nodes failed to start three times, or one ended while it served, or more joins or requests failed on them than elsewhere with less than 1 % doubt, or they lost at least 3 points more packets.',
    meaning: 'The change is stopped. New nodes are made from the last proven revision.',
    whatToDo: ['The message says what failed. Then as for `UpdateStopped`.'],
    seeAlso: ['UpdateStopped', 'MediaNodeFailed'],
  },
  UpdateFinished: {
    places: ['event'],
    when: 'The last node of an earlier spec has left, or the spec went back to the state that all nodes have.',
    meaning: 'All nodes are made from the spec as it is.',
    whatToDo: ['Nothing.'],
    seeAlso: ['AllUpdated'],
  },
  GhostRooms: {
    places: ['refusal', 'event'],
    when: 'Redis has had rooms with participants for more than a minute whose node is not registered any more, or tells of no room and of nobody.',
    meaning:
      'They were cut with their node, or ended while Redis was away, so that their server could not delete them. The next join makes such a room anew. The operator leaves the records alone. On a node that lives they no longer count, and do not hold it: before it leaves, it is asked itself, as ever.',
    whatToDo: [
      'Nothing, after a loss or an outage of Redis.',
      'If the number grows, find out what ends servers: Events `MediaNodeLost`, or media servers that are no Pods of this fleet.',
    ],
    seeAlso: ['MediaNodeLost', 'ForeignNodes'],
  },
  RegistryShared: {
    places: ['event', 'RegistryExclusive=False'],
    when: 'Another OpenViduCluster that this operator sees, and that is no trial, names the same Redis and database.',
    meaning: 'Rooms of one fleet are placed on nodes of the other. Sizes and placement of both are wrong.',
    whatToDo: [
      'The message names the others. Give each a Redis of its own, or with `spec.redis.standalone` another `db`.',
      'Do not move a running fleet to another Redis: the operator would not see the rooms of its old nodes any more. Make a new OpenViduCluster and delete the old one.',
    ],
    seeAlso: ['ForeignNodes', 'OnlyOwnNodes'],
  },
  ForeignNodes: {
    places: ['refusal', 'event', 'RegistryExclusive=False'],
    when: 'Media servers that are no Pods of this OpenViduCluster have been in Redis for 30 s.',
    meaning:
      'Rooms are placed on them too. They are never touched and count neither as capacity nor as load.',
    whatToDo: [
      'The message has their addresses. Find them: `kubectl get pods -A -o wide`.',
      'While you move from a Deployment to this operator, that is expected until the old servers are gone.',
      'Otherwise give each fleet a Redis or a database of its own.',
    ],
    seeAlso: ['RegistryShared'],
  },
  MediaNodeSuspect: {
    places: ['event', 'Degraded=True'],
    when: 'The heartbeat of a node that had served is overdue although its Pod runs.',
    meaning:
      'What is on it is unknown, so it is never a victim. For 15 s it still counts as capacity, then another node is launched. It counts towards `spec.mediaNodes.max`.',
    whatToDo: [
      '`kubectl -n NAMESPACE logs NODE` and `kubectl -n NAMESPACE describe pod NODE`: is the server hung, its machine gone, Redis out of its reach?',
      'Once you know that it serves nobody: `kubectl -n NAMESPACE delete pod NODE`.',
    ],
    seeAlso: ['HeartbeatStale', 'HeartbeatsStopped', 'MediaNodeLost'],
  },
  LaunchFailed: {
    places: ['refusal', 'event'],
    when: 'The API server refused to create the Pod of a new node.',
    meaning:
      'The fleet cannot grow. It is tried again after 2 s, doubling to 5 min. The condition Degraded has the reason LaunchesFailing.',
    whatToDo: [
      'The message names the field or the quota. Mend `spec.mediaNodes.template`, the ResourceQuota, or the admission policy.',
    ],
    seeAlso: ['LaunchBackoff', 'LaunchesFailing'],
  },
  ActionRefused: {
    places: ['refusal', 'event'],
    when: 'The API server, or Redis for the entry of a dead process, refused a step other than a launch, and not because the object had changed meanwhile.',
    meaning:
      'The step did not happen. It is decided anew from fresh data and tried again after 1 s, then twice as long each time, up to a minute. Where the receipt cannot be stored, the node is not removed.',
    whatToDo: [
      'The message names the step and the answer. A missing right is mended by upgrading the chart.',
      'For `RemoveNode`, see whether the ConfigMap `CLUSTER-receipts` can be written.',
    ],
    seeAlso: ['CacheBehind', 'LaunchFailed'],
  },
  ScaledUp: {
    places: ['event'],
    when: 'The desired number became larger. The message says from what, to what, and why.',
    meaning: 'Nodes in standby are opened first, then new ones are launched.',
    whatToDo: ['Nothing. `kubectl openvidu explain -n NAMESPACE` has the figures.'],
    seeAlso: ['ScaledDown', 'LoadRequiresNodes'],
  },
  ScaledDown: {
    places: ['event'],
    when: 'The desired number became smaller. The message says from what, to what, and why.',
    meaning:
      'Nodes that are not needed take no new rooms and leave when they are empty, however long that takes.',
    whatToDo: ['Nothing. `kubectl openvidu explain -n NAMESPACE` has the figures.'],
    seeAlso: ['ScaledUp', 'MediaNodeStandby'],
  },
} as const satisfies Readonly<Record<string, ReasonGuide>>;
