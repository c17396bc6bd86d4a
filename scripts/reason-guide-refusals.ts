import type { ReasonGuide } from './reason-guide-entry.ts';

/** Why nothing, or less, is done with the fleet as a whole. */
export const refusalReasons = {
  DryRun: {
    places: ['refusal', 'ScalingActive=False'],
    when: 'The mode is `DryRun`.',
    meaning: 'Decisions are shown in the status and in Events. No Pod is made or removed, no node is closed.',
    whatToDo: [
      'Read the trial: `kubectl openvidu status -n NAMESPACE`.',
      'To carry decisions out: `kubectl -n NAMESPACE patch ovc CLUSTER --type=merge -p \'{"spec":{"autoscaling":{"mode":"Enforce"}}}\'`.',
    ],
    seeAlso: ['Paused'],
  },
  Paused: {
    places: ['size', 'refusal', 'ScalingActive=False'],
    when: 'The mode is `Paused`.',
    meaning:
      'No node is launched or removed, rolling changes and maintenance stand still. Only nodes that a person, a rolling change or maintenance had closed stay closed.',
    whatToDo: [
      'When the reason for the pause is gone, set `spec.autoscaling.mode: Enforce`.',
      'To hold a rolling change alone, use `spec.updates.paused` instead.',
    ],
    seeAlso: ['DryRun', 'UpdatePaused'],
  },
  RedisUnavailable: {
    places: ['size', 'refusal', 'event', 'DataFresh=False', 'ScalingActive=False'],
    when: 'The last attempt to read Redis failed, or the last reading is older than 10 s.',
    meaning:
      'Rooms that run go on. Nothing is launched, removed or steered; all nodes open once Redis is back, and are closed again on fresh data. New rooms need Redis themselves, so they fail while it is away.',
    whatToDo: [
      'The message says why it cannot be read: address, password, TLS or time.',
      'Mend Redis. After a fail-over the operator finds the new primary through Sentinel by itself.',
      'Do not restart Media Nodes: a restart cuts rooms that still run.',
    ],
    seeAlso: ['HeartbeatsStopped', 'DataFresh'],
  },
  HeartbeatsStopped: {
    places: ['size', 'refusal', 'event', 'DataFresh=False', 'ScalingActive=False'],
    when: 'At least two nodes that had served stopped reporting within 10 s of each other, less than 10 min ago, and they are not all on one dead Kubernetes Node.',
    meaning:
      'It points at what the nodes share, so nothing is launched or removed. Closed nodes stay closed, unless all open ones are silent: then those that report are opened. After 10 min the silent nodes are taken for broken.',
    whatToDo: [
      'Check Redis publish/subscribe and the network between the Media Nodes and Redis.',
      'See whether a Kubernetes Node is gone: `kubectl get nodes`. If no Media Node elsewhere reports, deleting its Pods makes the replacement quicker.',
    ],
    seeAlso: ['RedisUnavailable', 'MediaNodeSuspect'],
  },
  LoadDropped: {
    places: ['refusal', 'node'],
    when: 'At least three nodes, and half of all that had people, lost at least half of them within 15 s, 30 people or more together, and most of these people are on no other node. Then no node is removed for 30 min.',
    meaning:
      'An outage elsewhere, such as a network or a login service, throws many people out at once. They come back together, and the nodes are there.',
    whatToDo: [
      'Find the outage. Cordons and launches go on meanwhile.',
      'Nothing has to be undone: the message says until when removals wait.',
    ],
    seeAlso: ['HeartbeatsStopped'],
  },
  CacheBehind: {
    places: ['refusal', 'node'],
    when: 'The list of Pods does not yet show the last write of the operator itself.',
    meaning: 'For a moment no node is removed, because two removals could be decided on one old view.',
    whatToDo: [
      'Nothing, if it passes within seconds.',
      'If it lasts, the watch of the API server is behind: see `openvidu_operator_watch_age_seconds` and the log of the operator.',
    ],
    seeAlso: ['ActionRefused'],
  },
  LeavingLimit: {
    places: ['refusal', 'node'],
    when: 'As many nodes as `spec.drain.maxConcurrent` (2) have been told to stop and have not gone. One that somebody else deleted while people are on it does not count.',
    meaning: 'Empty nodes leave a few at a time. No room waits for this.',
    whatToDo: [
      'Nothing, if those that leave go within a minute.',
      'If one hangs in state Leaving, see who is on it: `kubectl openvidu status -n NAMESPACE`.',
      'Raise `spec.drain.maxConcurrent` for large fleets.',
    ],
    seeAlso: ['MediaNodeWedged'],
  },
  OthersNotReady: {
    places: ['refusal', 'node'],
    when: 'A node that is to stay sends heartbeats, but its Pod is not Ready; a needless ready one would leave.',
    meaning:
      'Of the needless nodes as many stay as of the others are not ready, so that people reach as many as are asked for. No room waits for this.',
    whatToDo: [
      'Nothing, if the Pod becomes Ready within seconds.',
      'If it does not: `kubectl describe pod NODE -n NAMESPACE` tells what its readiness probe meets.',
      'If it never will: `kubectl openvidu drain NODE -n NAMESPACE` replaces it.',
    ],
    seeAlso: ['MediaNodeSuspect'],
  },
  Protected: {
    places: ['refusal', 'node'],
    when: 'The Pod has the annotation `openvidu.io/protect: "true"`, and the node would leave, be evicted or be ended otherwise.',
    meaning:
      'The operator never removes it: not when it is empty, not at a deadline, not for a rolling change.',
    whatToDo: ['When it may go: `kubectl openvidu unprotect NODE -n NAMESPACE`.'],
    seeAlso: ['MediaNodeWedged', 'EvictionNear'],
  },
  Deleting: {
    places: ['size', 'refusal', 'event', 'Progressing=True'],
    when: 'The OpenViduCluster has been deleted and `spec.deletion.policy` is `Retain`.',
    meaning:
      'Nothing is launched. Nodes are closed and leave as they become empty; one stays open while rooms live. It ends after `spec.deletion.timeout` (24 h) at the latest.',
    whatToDo: [
      'Nothing: the message says how many nodes and rooms are left, the Event says the last moment.',
      'To cut it short: `kubectl -n NAMESPACE patch ovc CLUSTER --type=merge -p \'{"spec":{"deletion":{"policy":"Delete"}}}\'`. The servers still wait for their participants, up to `spec.drain.gracePeriod`.',
    ],
    seeAlso: ['StillHasRooms'],
  },
  UpdatePaused: {
    places: ['refusal', 'Updated=False'],
    when: '`spec.updates.paused` is true and nodes made from an earlier spec are there.',
    meaning:
      'No further node is closed for the change. Those that are closed for it stay closed and leave when they are empty.',
    whatToDo: [
      'To go on: `kubectl -n NAMESPACE patch ovc CLUSTER --type=merge -p \'{"spec":{"updates":{"paused":false}}}\'`.',
    ],
    seeAlso: ['UpdateRolling', 'UpdateStopped'],
  },
  UpdateStopped: {
    places: ['refusal', 'Updated=False'],
    when: 'The revision in the spec was judged Failed: its nodes failed to start three times, one ended while it served, or they served measurably worse than the others.',
    meaning:
      'New nodes are made from `status.updates.fallbackRevision`. Old nodes that had been closed take rooms again; nodes of the failed revision are closed and leave when they are empty. No room was moved or cut for it.',
    whatToDo: [
      "Read why: `kubectl -n NAMESPACE get controllerrevision CLUSTER-REVISION -o jsonpath='{.metadata.annotations}'`, annotation `openvidu.io/verdict-why`.",
      'Mend `spec.mediaNodes.template` or `config`. Another state is another revision and is tried anew.',
      'To try the same state again, take the verdict away: `kubectl -n NAMESPACE annotate controllerrevision CLUSTER-REVISION openvidu.io/verdict-`.',
    ],
    seeAlso: ['UpdateFailed', 'CanaryObserved'],
  },
  CanaryObserved: {
    places: ['refusal', 'Updated=False'],
    when: 'The revision in the spec is not judged yet and there is a proven one to fall back on. The message says what is waited for: a node that serves, the end of `spec.updates.canary.duration`, or ten successful joins.',
    meaning:
      'Changed nodes get at most `spec.updates.canary.percent` of the new rooms, and the others stay. Without a canary this lasts only until the first changed node has served for 10 s.',
    whatToDo: [
      'Nothing. The trial ends by itself, with `UpdateProven` or `UpdateFailed`.',
      'If nobody joins there, wait for traffic or make rooms of your own: a trial needs ten joins.',
    ],
    seeAlso: ['UpdateProven', 'UpdateFailed'],
  },
  UpdateSurgeLimit: {
    places: ['refusal'],
    when: 'As many nodes as `spec.updates.maxSurge` allows are closed for a rolling change and not gone yet, and others wait for their turn.',
    meaning:
      'The change goes at the pace at which rooms end. `status.updates.expectedEndTime` says when that is likely to be.',
    whatToDo: ['Nothing.', 'To be quicker, raise `spec.updates.maxSurge`: more nodes run at once meanwhile.'],
    seeAlso: ['UpdateRolling'],
  },
  ReplacementAwaited: {
    places: ['node'],
    when: 'The machine of the node is to be freed and fewer other nodes serve than are desired.',
    meaning:
      'The node goes on taking rooms. A replacement is launched, beyond `spec.mediaNodes.max` by at most `spec.updates.maxSurge`.',
    whatToDo: [
      'Nothing, if a node is Launching.',
      'Otherwise see why none starts: `kubectl -n NAMESPACE get pods -l openvidu.io/cluster=CLUSTER`, and `LaunchBackoff` or `AtMaximum` in the conditions.',
    ],
    seeAlso: ['MaintenanceStarted', 'LaunchBackoff', 'AtMaximum'],
  },
  ServerUnverified: {
    places: ['refusal', 'PlacementGoverned=False'],
    when: 'The key `livekit_version` in Redis is missing or outside the verified versions, and `placement.unverifiedServers` is `Refuse`.',
    meaning:
      'No node is closed: the media servers place rooms alone, and a cordon keeps no room away. Scaling goes on, and empty nodes still leave with two proofs.',
    whatToDo: [
      'Compare the versions in the message with the image in `spec.mediaNodes.template`.',
      'If none of the version in Redis runs any more, write the one that does: `redis-cli SET livekit_version 1.13.5`.',
      'If you have tried it with your version: set `spec.autoscaling.placement.unverifiedServers: Allow`.',
    ],
    seeAlso: ['CordonNotHolding', 'PlacementSteered'],
  },
  CordonNotHolding: {
    places: ['refusal', 'PlacementGoverned=False'],
    when: 'Within 10 min at least three new rooms were placed on nodes that had been closed for a while, and more than half of what these would be given if nobody heeded that they are closed (their share of the nodes). Then no node is closed for an hour, or until the template changes.',
    meaning:
      'The media servers place rooms by other rules than those that were tried, or the application names the node itself. Nodes empty more slowly; nothing is cut.',
    whatToDo: [
      'If your application or a load test passes `node_id` when it makes rooms, that is why: set `spec.autoscaling.placement.unverifiedServers: Allow`, or stop doing so.',
      'Otherwise compare the image of the servers with the verified versions, and report it.',
    ],
    seeAlso: ['ServerUnverified'],
  },
  LaunchBackoff: {
    places: ['refusal'],
    when: 'A launch failed or was refused: the next one waits 2 s, then twice as long each time, up to 5 min. Ten minutes without a failure make it forgotten.',
    meaning:
      'No rush of Pods that fail. The replacement of a node that had served for a minute or more does not wait. The condition Degraded has the reason LaunchesFailing meanwhile.',
    whatToDo: [
      'Mend the cause. It is in the message, or in the Event `MediaNodeFailed` or `LaunchFailed` before it: image, resources, quota, Redis address, start-up time.',
      '`kubectl -n NAMESPACE describe pod NODE` and `kubectl -n NAMESPACE logs NODE` of one that fails.',
    ],
    seeAlso: ['LaunchesFailing', 'MediaNodeFailed', 'LaunchFailed'],
  },
} as const satisfies Readonly<Record<string, ReasonGuide>>;
