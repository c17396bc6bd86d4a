/** What each condition means. Which reasons it may have is in the guide of the reasons. */
import type { ConditionType } from '../src/api/conditions.ts';

export interface ConditionGuide {
  readonly whenTrue: string;
  readonly whenFalse: string;
  /** The status that deserves a look. */
  readonly unwell: 'True' | 'False' | 'None';
  /** What to do in that status, before the reason is looked at. */
  readonly whatToDo: string;
}

export const conditionGuide: Readonly<Record<ConditionType, ConditionGuide>> = {
  Ready: {
    whenTrue: 'At least `spec.mediaNodes.min` nodes are ready and at least one takes new rooms.',
    whenFalse: 'There are fewer, or none takes new rooms.',
    unwell: 'False',
    whatToDo:
      'See which nodes are there: `kubectl openvidu status -n NAMESPACE`. Then look at Degraded and DataFresh.',
  },
  DataFresh: {
    whenTrue: 'Redis was read lately and the nodes report.',
    whenFalse:
      'What is known is old or contradictory: nothing is launched, removed or steered. Rooms that run go on.',
    unwell: 'False',
    whatToDo: 'Mend Redis or the network to it. Do not restart Media Nodes.',
  },
  ScalingActive: {
    whenTrue: 'Decisions are carried out.',
    whenFalse: 'They are not, by a mode of the spec, a fault in it, or because the data is not fresh.',
    unwell: 'False',
    whatToDo:
      'In modes DryRun and Paused it is what you asked for. Otherwise mend the field or the connection that the message names.',
  },
  ScalingLimited: {
    whenTrue:
      'The fleet has another size than its load asks for, because a limit, a window, a rate rule or missing data holds it.',
    whenFalse: 'It has the size that its load asks for.',
    unwell: 'None',
    whatToDo:
      'Only the reason AtMaximum asks for somebody: raise `spec.mediaNodes.max`, or see what takes up the places.',
  },
  PlacementGoverned: {
    whenTrue: 'New rooms are steered to the serving nodes.',
    whenFalse:
      'The media servers place new rooms alone. Nothing is cut; nodes empty more slowly, and a cordon may not keep rooms away.',
    unwell: 'False',
    whatToDo: 'The message says why, and whether to set `spec.autoscaling.placement.unverifiedServers`.',
  },
  SelectorSuitable: {
    whenTrue: 'The node selector of the media servers suits containers that come and go.',
    whenFalse: 'It herds rooms or misreads the load. Rooms are placed all the same, only less well.',
    unwell: 'False',
    whatToDo: 'Write under `spec.mediaNodes.config.node_selector` what the message says.',
  },
  RegistryExclusive: {
    whenTrue: 'All media servers in Redis are nodes of this fleet.',
    whenFalse: 'Others are in the same Redis, so rooms of one fleet are placed on nodes of another.',
    unwell: 'False',
    whatToDo: 'Give each fleet a Redis or a database of its own.',
  },
  CapacityKnown: {
    whenTrue:
      'What a node carries is known as the spec asks: given there, or by the capacity profile that it names.',
    whenFalse:
      'The profile that the spec names is not used as it is. In all cases but ProfileProposed nothing is let go on figures that nobody has confirmed, or the cautious ones hold.',
    unwell: 'False',
    whatToDo:
      'Do what the message says. `kubectl openvidu profile show NAME -n NAMESPACE` shows the profile.',
  },
  Updated: {
    whenTrue: 'All nodes are made from the template and configuration in the spec.',
    whenFalse: 'A change is being rolled out, is on trial, is paused, or was stopped.',
    unwell: 'None',
    whatToDo:
      'Only the reason UpdateStopped asks for somebody. `kubectl rollout status` knows nothing of this: use `kubectl -n NAMESPACE wait ovc/CLUSTER --for=condition=Updated --timeout=24h`.',
  },
  Progressing: {
    whenTrue: 'Nodes are being launched or are leaving, or the fleet is being deleted.',
    whenFalse: 'Nothing of that is going on.',
    unwell: 'None',
    whatToDo: 'Nothing by itself.',
  },
  Degraded: {
    whenTrue: 'Something is wrong with the spec, with launches or with a node.',
    whenFalse: 'Nothing is wrong.',
    unwell: 'True',
    whatToDo: 'The message names the first thing that is not well. Rooms on other nodes are not affected.',
  },
  FieldsEffective: {
    whenTrue: 'Every field that is set takes effect.',
    whenFalse: 'Some fields are accepted and do nothing in this version. The message names them.',
    unwell: 'False',
    whatToDo: 'Take the fields away, or wait for a version that has them.',
  },
};
