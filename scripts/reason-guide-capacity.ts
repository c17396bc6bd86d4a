import type { ReasonGuide } from './reason-guide-entry.ts';

const given =
  'The figures of `spec.mediaNodes.capacity` hold. Because nobody knows whether they are right, the fleet may grow and does not become smaller.';

/** Reasons of the condition CapacityKnown, and of the conditions of an OpenViduCapacityProfile. */
export const capacityReasons = {
  CapacityGiven: {
    places: ['CapacityKnown=True'],
    when: '`spec.mediaNodes.capacity.profileRef` is not set.',
    meaning: 'A node is taken to carry what `spec.mediaNodes.capacity` says.',
    whatToDo: ['Nothing. To have it measured, see [Capacity profiles](../../how-to/capacity-profiles.md).'],
    seeAlso: ['ProfileApplied'],
  },
  ProfileApplied: {
    places: ['CapacityKnown=True', 'event'],
    when: 'The profile that the spec names is approved and was measured on nodes like these.',
    meaning: 'A node is taken to carry what the profile says. Reasons for the size name it.',
    whatToDo: ['Nothing.'],
    seeAlso: ['ProfileEstimated', 'ProfileDrifted'],
  },
  ProfileEstimated: {
    places: ['CapacityKnown=True', 'profile', 'event'],
    when: 'The profile was measured on another number of processors or another machine type than the nodes have.',
    meaning:
      'Its figures are scaled by the processors. Sent megabits are never scaled up, because more processors make no wider network.',
    whatToDo: ['Run a load test on a node of this fleet for figures of its own.'],
    seeAlso: ['ProfileApplied'],
  },
  ProfileProposed: {
    places: ['CapacityKnown=False', 'profile', 'event'],
    when: 'The mode of the profile is Propose.',
    meaning: 'The profile changes nothing: the figures of `spec.mediaNodes.capacity` hold.',
    whatToDo: [
      'Look at it: `kubectl openvidu profile show NAME -n NAMESPACE`.',
      'If it is as you expect: `kubectl openvidu profile approve NAME -n NAMESPACE`.',
    ],
    seeAlso: ['ProfileApproved'],
  },
  ProfileMissing: {
    places: ['CapacityKnown=False', 'profile', 'event'],
    when: 'There is no profile of the name in the namespace of the cluster, or the operator may not look.',
    meaning: given,
    whatToDo: [
      'See which there are: `kubectl openvidu profile list -n NAMESPACE`.',
      'Create it, or mend `spec.mediaNodes.capacity.profileRef.name`, or take `profileRef` away.',
      'If the kind is not known: upgrade the chart.',
    ],
    seeAlso: ['TargetsUnknown'],
  },
  ProfileUnmatched: {
    places: ['CapacityKnown=False', 'profile', 'event'],
    when: 'The profile names another engine, or another version of the media server, than the nodes have.',
    meaning: given,
    whatToDo: [
      'Run a load test with this version and engine, and name its profile.',
      'If you know that the figures still hold: widen `spec.match.livekitVersion` of the profile.',
    ],
    seeAlso: ['TargetsUnknown'],
  },
  ProfileUnusable: {
    places: ['CapacityKnown=False', 'profile', 'event'],
    when: 'The profile does not have the shape that `profileRef.shape` names, or says nothing of what a node carries.',
    meaning: given,
    whatToDo: ['Name one of the shapes that the message lists, or leave `shape` out.'],
    seeAlso: ['TargetsUnknown'],
  },
  ProfileDrifted: {
    places: ['CapacityKnown=False', 'profile', 'event'],
    when: 'For 15 minutes the nodes used over 20 % more or less processor time than the costs of the profile foretell. It ends when they have been within 10 % for as long. Nodes that should use less than a tenth of their processors are not looked at.',
    meaning:
      'Of each figure the lesser one of profile and spec holds, and the processors count as a target. Rooms go on.',
    whatToDo: [
      'See what else runs in the Pods or on the machines: egress, an agent, a noisy neighbour.',
      'Run a new load test and approve its profile.',
    ],
    seeAlso: ['ProfileApplied', 'ProfileHolds'],
  },
  ProfileApproved: {
    places: ['profile'],
    when: 'The mode of the profile is Apply.',
    meaning: 'Clusters that name it take their capacity from it.',
    whatToDo: ['Nothing.'],
    seeAlso: ['ProfileProposed'],
  },
  ProfileInUse: {
    places: ['profile'],
    when: 'At least one OpenViduCluster takes its capacity from the profile.',
    meaning: 'Changing it changes the size of those fleets.',
    whatToDo: ['Nothing.'],
    seeAlso: ['ProfileNotInUse'],
  },
  ProfileNotInUse: {
    places: ['profile'],
    when: 'No OpenViduCluster in its namespace names the profile.',
    meaning: 'It has no effect.',
    whatToDo: ['Name it in `spec.mediaNodes.capacity.profileRef` of a cluster.'],
    seeAlso: ['ProfileInUse'],
  },
  ProfileHolds: {
    places: ['profile'],
    when: 'The profile is in use and has not drifted.',
    meaning: 'What was measured is what is seen.',
    whatToDo: ['Nothing.'],
    seeAlso: ['ProfileDrifted'],
  },
  EvidenceFresh: {
    places: ['profile'],
    when: 'The newest entry of `spec.evidence` is less than 180 days old.',
    meaning: 'The figures are of late.',
    whatToDo: ['Nothing.'],
    seeAlso: ['EvidenceOld'],
  },
  EvidenceOld: {
    places: ['profile'],
    when: 'The newest entry of `spec.evidence` is 180 days old or older.',
    meaning: 'The profile still holds. Servers and machines change, so it should be measured again.',
    whatToDo: ['Run a new load test and add its result.'],
    seeAlso: ['EvidenceFresh'],
  },
  EvidenceUnnamed: {
    places: ['profile'],
    when: '`spec.evidence` is empty.',
    meaning: 'Nobody can tell where the figures come from, nor how old they are.',
    whatToDo: ['Add an entry with the name and the date of the load test.'],
    seeAlso: ['EvidenceFresh'],
  },
} as const satisfies Readonly<Record<string, ReasonGuide>>;
