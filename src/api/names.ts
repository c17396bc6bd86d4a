/** Names that are part of the public API: they appear in manifests, selectors, dashboards and people's scripts. */

export const GROUP = 'openvidu.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}` as const;
export const KIND = 'OpenViduCluster';
export const PLURAL = 'openviduclusters';
export const SHORT_NAME = 'ovc';
export const LOAD_TEST_KIND = 'OpenViduLoadTest';
export const LOAD_TEST_PLURAL = 'openviduloadtests';

/** Owner of the fields that the operator applies. */
export const FIELD_MANAGER = 'openvidu-media-operator';

export const LABELS = {
  /** Name of the OpenViduCluster that a Pod or Service belongs to. */
  cluster: 'openvidu.io/cluster',
  /** Part that an object plays in the fleet; `COMPONENT_MEDIA_NODE` on the Pods. */
  component: 'openvidu.io/component',
  /** In the Service's selector. Taken from a Pod before it ends, so that nobody new signals through it. */
  signalling: 'openvidu.io/signalling',
  /** Name of the revision that a ControllerRevision keeps. */
  revision: 'openvidu.io/revision',
  /** Name of the OpenViduLoadTest that an object serves: its Jobs, their Pods and its Service. */
  loadTest: 'openvidu.io/load-test',
  /** On the Pod of a Media Node: name of the OpenViduLoadTest that it is lent to. It takes no other rooms meanwhile. */
  underTest: 'openvidu.io/under-test',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** Value of `LABELS.managedBy`. */
export const MANAGED_BY = 'openvidu-media-operator';
/** Value of `LABELS.component` on the Pods of Media Nodes. */
export const COMPONENT_MEDIA_NODE = 'media-node';
/** Value of `LABELS.signalling` while a Pod may be used as a signalling front. */
export const SIGNALLING_ON = 'true';

export const ANNOTATIONS = {
  /** Present on a Pod that a person cordoned; the value says who and why. */
  cordon: 'openvidu.io/cordon',
  /** Present on a Pod that a person drains: cordoned, and to leave once it is empty. The value says who and why. */
  drain: 'openvidu.io/drain',
  /** Who asked for the drain: `update` or `maintenance` for the operator itself; absent for a person. */
  drainBy: 'openvidu.io/drain-by',
  /** When the cordon was asked for, RFC 3339. */
  cordonedSince: 'openvidu.io/cordoned-since',
  /** When a new leader took the Pod over from an earlier one, RFC 3339. */
  claimed: 'openvidu.io/claimed',
  /** `PROTECTED` on a Pod that must never be removed. */
  protect: 'openvidu.io/protect',
  /** On a Pod template: where companions tell whether they are at work, for those that are not known by their names. */
  companions: 'openvidu.io/companions',
  /** On the Job of a load test's generators: the address of the coordinator that they dial. */
  coordinator: 'openvidu.io/coordinator',
  /** Revision of template and config that a Pod was made from. */
  revision: 'openvidu.io/revision',
  /** On a ControllerRevision: `Proven` or `Failed`. Taken away, the revision is tried anew. */
  verdict: 'openvidu.io/verdict',
  /** Why, in a sentence. */
  verdictWhy: 'openvidu.io/verdict-why',
  /** On a Kubernetes Node: its Media Nodes are to be moved off it. The value says why. */
  maintenance: 'openvidu.io/maintenance',
  /** On a Kubernetes Node: when it is taken away whatever runs there, RFC 3339. */
  maintenanceDeadline: 'openvidu.io/maintenance-deadline',
} as const;

/** Keeps an OpenViduCluster that is being deleted until its Media Nodes are empty, or until a time is over. */
export const RETAIN_FINALIZER = 'openvidu.io/retain';

/** Keeps an OpenViduLoadTest that is being deleted until its Media Node is given back, or until a minute is over. */
export const LOAD_TEST_FINALIZER = 'openvidu.io/load-test';

/** Value of `ANNOTATIONS.protect`. */
export const PROTECTED = 'true';

/** Selector for the Pods of one OpenViduCluster, as `status.selector` and as list queries want it. */
export function podSelector(cluster: string): string {
  return `${LABELS.cluster}=${cluster},${LABELS.component}=${COMPONENT_MEDIA_NODE}`;
}
