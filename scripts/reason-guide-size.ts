import type { ReasonGuide } from './reason-guide-entry.ts';

/** Why the fleet has, or wants, this size. */
export const sizeReasons = {
  LoadRequiresNodes: {
    places: ['size'],
    when: 'A target of `spec.autoscaling.targets` asks for more nodes than the other targets, the headroom and the governor: load ÷ (capacity of a node × `utilizationPercent`), rounded up.',
    meaning: 'The fleet is as large as its load. The message has the figures.',
    whatToDo: [
      'Nothing, if the figures are what you expect.',
      'If the nodes are far from busy at that load, measure what one carries and set `spec.mediaNodes.capacity.participants`, or raise `utilizationPercent`.',
      'Try the change first: `kubectl openvidu what-if -n NAMESPACE --set "autoscaling.targets[0].utilizationPercent=80"`.',
    ],
    seeAlso: ['HeadroomRequiresNodes', 'ReserveRequiresNodes'],
  },
  HeadroomRequiresNodes: {
    places: ['size'],
    when: 'Keeping the free slots of `spec.autoscaling.headroom` (at least one, always) takes more nodes than the load itself.',
    meaning:
      'New rooms find space at once. The price is one node more than the load alone would need, at most times.',
    whatToDo: [
      'Nothing, if you want this headroom.',
      'Otherwise lower `spec.autoscaling.headroom.slots` or `percent`, or set `largestRoom: false`.',
    ],
    seeAlso: ['ReserveRequiresNodes', 'LoadRequiresNodes'],
  },
  ReserveRequiresNodes: {
    places: ['size'],
    when: 'Placement is `Packed`, and the rooms that are expected to come while a node is launched, by the last minutes and by earlier days, need more free slots than there are.',
    meaning:
      'Capacity is made before the rooms come. The metrics `openvidu_operator_needed_slots` and `openvidu_operator_available_slots` show the forecast.',
    whatToDo: [
      'Nothing, if it happens before your peaks.',
      '`kubectl openvidu explain -n NAMESPACE` shows what it expects and why.',
      'If it errs, set `spec.autoscaling.forecast.mode: Observe`; then only the last minutes count.',
    ],
    seeAlso: ['HeadroomRequiresNodes', 'ScheduleRequiresNodes'],
  },
  RoomsHoldNodes: {
    places: ['size'],
    when: 'Placement is `Packed`, and as many nodes carry rooms as are wanted, although the load would fit on fewer.',
    meaning:
      'Rooms cannot be moved. The nodes that are not needed take no new rooms and leave as they become empty.',
    whatToDo: [
      'Nothing. `status.nodes[].expectedEmptyTime` says when each is likely to be empty.',
      'If a node stays for days, look at the `reason` beside it in `status.nodes`.',
    ],
    seeAlso: ['StillHasRooms', 'MediaNodeStandby'],
  },
  ScheduleRequiresNodes: {
    places: ['size', 'ScalingLimited=True'],
    when: 'A schedule of `spec.autoscaling.schedules` is open, or begins within half as long again as a launch takes and a minute, and its `minNodes` is more than the load needs.',
    meaning:
      'The nodes of a known peak are there when it begins. The message names the schedule and its end.',
    whatToDo: [
      'Nothing, if the peak is expected.',
      'If the time is wrong, check `timeZone`, `start` and `duration` of the schedule that is named.',
    ],
    seeAlso: ['AtMinimum', 'AtMaximum'],
  },
  AtMinimum: {
    places: ['size', 'ScalingLimited=True'],
    when: 'The load needs fewer nodes than `spec.mediaNodes.min`.',
    meaning: 'The minimum is what you pay for now. No room is affected.',
    whatToDo: ['Lower `spec.mediaNodes.min` if the fleet may be smaller at quiet times.'],
    seeAlso: ['ScheduleRequiresNodes'],
  },
  AtMaximum: {
    places: ['size', 'refusal', 'event', 'ScalingLimited=True'],
    when: 'More nodes are wanted than `spec.mediaNodes.max` allows. The Event comes when a launch finds no place, for instance because cordoned or failed Pods count towards the maximum.',
    meaning:
      'Every node is opened. Above the ceiling rooms still get in, but nodes are fuller than planned, and quality may suffer.',
    whatToDo: [
      'See whether nodes without use take up places: `kubectl openvidu status -n NAMESPACE`, states Cordoned, Suspect and Failed.',
      'Raise `spec.mediaNodes.max`: `kubectl -n NAMESPACE patch ovc CLUSTER --type=merge -p \'{"spec":{"mediaNodes":{"max":20}}}\'`. Check the quota and the machines for it first.',
    ],
    seeAlso: ['LoadRequiresNodes', 'MediaNodeFull'],
  },
  ReplicasRequested: {
    places: ['size'],
    when: 'The mode is `External`.',
    meaning:
      'An autoscaler of yours sets `spec.mediaNodes.replicas` through the scale subresource. The operator still picks who leaves, and when.',
    whatToDo: [
      'Nothing. If the number is wrong, look at that autoscaler: `kubectl -n NAMESPACE describe hpa`.',
      'To let the operator decide, set `spec.autoscaling.mode: Enforce`.',
    ],
  },
  Stabilizing: {
    places: ['size', 'ScalingLimited=True'],
    when: 'Another size is wanted, but not yet for as long as `behavior.scaleDown.stabilizationWindowSeconds` (300) or `behavior.scaleUp.stabilizationWindowSeconds` (0) says.',
    meaning: 'A short dip or a short peak does not move the fleet.',
    whatToDo: [
      'Nothing: it passes by itself.',
      'If the fleet follows too slowly, shorten the window in `spec.autoscaling.behavior`.',
    ],
    seeAlso: ['RateLimited'],
  },
  RateLimited: {
    places: ['size', 'ScalingLimited=True'],
    when: 'The policies of `spec.autoscaling.behavior` allow no larger step within their period, or `selectPolicy` is `Disabled`.',
    meaning:
      'The size follows in steps. Upwards that can leave rooms short of space for the length of a period.',
    whatToDo: [
      'Nothing, if it passes within a minute.',
      'If launches come too slowly, raise `value` in `behavior.scaleUp.policies`. The default allows 4 nodes, or twice the fleet, in 15 s.',
    ],
    seeAlso: ['Stabilizing'],
  },
  ColdStart: {
    places: ['size', 'ScalingLimited=True'],
    when: 'The operator started, or the data became fresh again, less than 10 s ago, and a smaller fleet is wanted.',
    meaning: 'A new operator may add nodes at once. It lets none go before it has watched.',
    whatToDo: [
      'Nothing. If it appears often, see why the operator restarts: `kubectl -n OPERATOR_NAMESPACE get pods`.',
    ],
    seeAlso: ['Stabilizing', 'RedisUnavailable'],
  },
  TargetsUnknown: {
    places: ['size', 'ScalingLimited=True'],
    when: 'A smaller fleet is wanted, but a figure of a target is missing for at least one node, a node has just fallen silent, or the view of the registry is old.',
    meaning: 'Unknown is not zero: the fleet may grow and may not shrink.',
    whatToDo: [
      'Find the silent node: `kubectl openvidu status -n NAMESPACE`, state Suspect.',
      'For targets of type Tracks and Bandwidth set `spec.mediaNodes.capacity.tracks` and `egressMbps`.',
    ],
    seeAlso: ['MediaNodeSuspect', 'HeartbeatStale'],
  },
  WithinLimits: {
    places: ['ScalingLimited=False'],
    when: 'No minimum, maximum, schedule, window or rate rule changes the wanted size.',
    meaning: 'The fleet has the size that its load asks for.',
    whatToDo: ['Nothing.'],
  },
} as const satisfies Readonly<Record<string, ReasonGuide>>;
