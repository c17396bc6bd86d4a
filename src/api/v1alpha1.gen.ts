// Made from crds/ by scripts/gen-api.ts. Do not edit: change the schema and run it again.
import type { ObjectMeta } from './object-meta.ts';

/**
 * OpenViduCluster is a fleet of OpenVidu or LiveKit Media Nodes that share one Redis. The operator adds nodes before rooms need them and removes a node only when its rooms have ended by themselves.
 */
export interface OpenViduCluster {
  readonly apiVersion: 'openvidu.io/v1alpha1';
  readonly kind: 'OpenViduCluster';
  readonly metadata: ObjectMeta;
  readonly spec: ClusterSpec;
  readonly status?: ClusterStatus;
}
/**
 * What the fleet should be.
 */
export interface ClusterSpec {
  readonly redis: ClusterRedis;
  readonly server: ClusterServer;
  readonly mediaNodes: ClusterMediaNodes;
  readonly autoscaling: ClusterAutoscaling;
  readonly drain: ClusterDrain;
  readonly deletion: ClusterDeletion;
  readonly updates: ClusterUpdates;
}
/**
 * The Redis that the Media Nodes share. Set exactly one of standalone, sentinel and cluster.
 */
export interface ClusterRedis {
  readonly standalone?: ClusterRedisStandalone;
  readonly sentinel?: ClusterRedisSentinel;
  readonly cluster?: ClusterRedisCluster;
  readonly auth?: ClusterRedisAuth;
  readonly tls?: ClusterRedisTls;
}
/**
 * One Redis server.
 */
export interface ClusterRedisStandalone {
  /**
   * Host and port of the server, such as redis.openvidu.svc:6379.
   */
  readonly address: string;
  /**
   * Number of the logical database.
   */
  readonly db: number;
}
/**
 * A primary with replicas that Redis Sentinel watches.
 */
export interface ClusterRedisSentinel {
  /**
   * Name under which the Sentinels know the primary.
   */
  readonly masterName: string;
  /**
   * Host and port of each Sentinel, such as sentinel-0.openvidu.svc:26379.
   */
  readonly addresses: readonly string[];
  readonly auth?: ClusterRedisSentinelAuth;
}
/**
 * Credentials for the Sentinels themselves, where they differ from those of Redis.
 */
export interface ClusterRedisSentinelAuth {
  /**
   * User name for Redis ACLs. Leave it out for a plain password.
   */
  readonly username?: string;
  readonly passwordSecretRef: ClusterRedisSentinelAuthPasswordSecretRef;
}
/**
 * Key of a Secret in the same namespace that holds the password.
 */
export interface ClusterRedisSentinelAuthPasswordSecretRef {
  /**
   * Name of the Secret.
   */
  readonly name: string;
  /**
   * Key within the Secret.
   */
  readonly key: string;
}
/**
 * A Redis Cluster.
 */
export interface ClusterRedisCluster {
  /**
   * Host and port of some members from which the others are discovered.
   */
  readonly addresses: readonly string[];
}
/**
 * Credentials for Redis.
 */
export interface ClusterRedisAuth {
  /**
   * User name for Redis ACLs. Leave it out for a plain password.
   */
  readonly username?: string;
  readonly passwordSecretRef: ClusterRedisAuthPasswordSecretRef;
}
/**
 * Key of a Secret in the same namespace that holds the password.
 */
export interface ClusterRedisAuthPasswordSecretRef {
  /**
   * Name of the Secret.
   */
  readonly name: string;
  /**
   * Key within the Secret.
   */
  readonly key: string;
}
/**
 * Speak TLS to Redis. An empty object trusts the usual certificate authorities.
 */
export interface ClusterRedisTls {
  /**
   * Name that the certificate must carry, where it differs from the host in the address.
   */
  readonly serverName?: string;
  readonly caSecretRef?: ClusterRedisTlsCaSecretRef;
  readonly clientCertificateSecretRef?: ClusterRedisTlsClientCertificateSecretRef;
  /**
   * Accept any certificate. For trials only, because anybody on the path can read the traffic.
   */
  readonly insecureSkipVerify: boolean;
}
/**
 * Key of a Secret in the same namespace that holds the certificate authority in PEM.
 */
export interface ClusterRedisTlsCaSecretRef {
  /**
   * Name of the Secret.
   */
  readonly name: string;
  /**
   * Key within the Secret.
   */
  readonly key: string;
}
/**
 * Secret of type kubernetes.io/tls (keys tls.crt and tls.key) to present to Redis.
 */
export interface ClusterRedisTlsClientCertificateSecretRef {
  /**
   * Name of the Secret.
   */
  readonly name: string;
}
/**
 * How the operator talks to the server API, its second source for rooms and participants.
 */
export interface ClusterServer {
  /**
   * Address of the server API. By default a ready Media Node is asked at its Pod's address, without TLS. Set it where something else, such as TLS or a path, stands in front of the servers.
   */
  readonly url?: string;
  readonly credentialsSecretRef: ClusterServerCredentialsSecretRef;
}
/**
 * Secret in the same namespace that holds the API key and secret of the servers.
 */
export interface ClusterServerCredentialsSecretRef {
  /**
   * Name of the Secret.
   */
  readonly name: string;
  /**
   * Key within the Secret that holds the API key.
   */
  readonly apiKeyKey: string;
  /**
   * Key within the Secret that holds the API secret.
   */
  readonly apiSecretKey: string;
}
/**
 * The Media Nodes - how many there may be, what runs in them and how much one carries.
 */
export interface ClusterMediaNodes {
  /**
   * Fewest Media Nodes, ready or on their way, that the fleet ever has.
   */
  readonly min: number;
  /**
   * Most Media Nodes that the operator may run, apart from those of a rolling change.
   */
  readonly max: number;
  /**
   * Number of Media Nodes wanted by an autoscaler of your own through the scale subresource. Read only in mode External, and kept between min and max.
   */
  readonly replicas: number;
  readonly template: ClusterMediaNodesTemplate;
  readonly config?: ClusterMediaNodesConfig;
  readonly capacity: ClusterMediaNodesCapacity;
  /**
   * A node that is not Ready and registered in Redis after this time has failed. For example 5m.
   */
  readonly startupDeadline: string;
  /**
   * TCP port on which the media server takes signalling and API requests.
   */
  readonly signalPort: number;
  /**
   * TCP port on which the media server serves /metrics.
   */
  readonly metricsPort: number;
}
/**
 * Pod template of a Media Node. The container named openvidu, livekit or livekit-server, or else the first one, runs the media server; the others are its companions. The operator adds labels, probes, configuration, the grace period and the restart policy where they are not given. The policy is Never for a server alone, so that a Pod is one process, and Always beside companions.
 */
export interface ClusterMediaNodesTemplate {
  readonly metadata?: ClusterMediaNodesTemplateMetadata;
  readonly spec: ClusterMediaNodesTemplateSpec;
}
/**
 * Labels and annotations that the Pods get besides those of the operator.
 */
export interface ClusterMediaNodesTemplateMetadata {
  readonly labels?: ClusterMediaNodesTemplateMetadataLabels;
  readonly annotations?: ClusterMediaNodesTemplateMetadataAnnotations;
}
/**
 * Labels for each Pod.
 */
export interface ClusterMediaNodesTemplateMetadataLabels {
  readonly [k: string]: string;
}
/**
 * Annotations for each Pod.
 */
export interface ClusterMediaNodesTemplateMetadataAnnotations {
  readonly [k: string]: string;
}
/**
 * Pod specification as in a Deployment. The API server checks it when a Pod is made.
 */
export interface ClusterMediaNodesTemplateSpec {
  /**
   * Containers of the Pod, the media server's among them.
   */
  readonly containers: readonly ClusterMediaNodesTemplateContainer[];
  readonly [k: string]: unknown;
}
export interface ClusterMediaNodesTemplateContainer {
  /**
   * Name of the container, unique within the Pod.
   */
  readonly name: string;
  /**
   * Container image.
   */
  readonly image?: string;
  readonly [k: string]: unknown;
}
/**
 * Values of livekit.yaml, merged over those that the operator writes.
 */
export interface ClusterMediaNodesConfig {
  readonly [k: string]: unknown;
}
/**
 * How much one Media Node carries at 100 percent.
 */
export interface ClusterMediaNodesCapacity {
  /**
   * Participants that one node carries. A profile's figure wins over it.
   */
  readonly participants: number;
  /**
   * Published and subscribed tracks that one node carries, for a target of type Tracks.
   */
  readonly tracks?: number;
  /**
   * Megabits per second that one node may send, for a target of type Bandwidth.
   */
  readonly egressMbps?: number;
  readonly profileRef?: ClusterMediaNodesCapacityProfileRef;
}
/**
 * OpenViduCapacityProfile in the same namespace with measured figures, which win over those given here.
 */
export interface ClusterMediaNodesCapacityProfileRef {
  /**
   * Name of the profile.
   */
  readonly name: string;
}
/**
 * How the number of Media Nodes follows the load.
 */
export interface ClusterAutoscaling {
  /**
   * Enforce acts on decisions. DryRun decides and reports but changes nothing. External takes the number from spec.mediaNodes.replicas and still picks which node may leave and when. Paused keeps the nodes as they are.
   */
  readonly mode: 'Enforce' | 'DryRun' | 'External' | 'Paused';
  readonly dryRun?: ClusterAutoscalingDryRun;
  /**
   * What to hold the fleet to. Any target may raise the number of nodes; all must agree to lower it.
   */
  readonly targets: readonly ClusterAutoscalingTarget[];
  readonly headroom: ClusterAutoscalingHeadroom;
  readonly placement: ClusterAutoscalingPlacement;
  readonly behavior: ClusterAutoscalingBehavior;
  /**
   * Known peaks. While one is open the fleet has at least its minNodes, ready when it begins. The largest of those that are open holds; when it closes, the fleet becomes smaller by the ordinary rules. Not used in mode External.
   */
  readonly schedules?: readonly ClusterAutoscalingSchedule[];
  readonly forecast: ClusterAutoscalingForecast;
}
/**
 * What mode DryRun watches. Not read in other modes.
 */
export interface ClusterAutoscalingDryRun {
  readonly podSelector?: ClusterAutoscalingDryRunPodSelector;
}
/**
 * The Pods that run the media servers now, in the same namespace, under whatever scaler they have, such as a Deployment with a HorizontalPodAutoscaler. They are only watched. Nothing is written to them, to Redis or to anything else but this object's status, Events and a ConfigMap with what was learned of the rooms. By default DryRun watches the Pods of this OpenViduCluster.
 */
export interface ClusterAutoscalingDryRunPodSelector {
  readonly matchLabels: ClusterAutoscalingDryRunPodSelectorMatchLabels;
}
/**
 * Labels that the Pods carry, all of them.
 */
export interface ClusterAutoscalingDryRunPodSelectorMatchLabels {
  readonly [k: string]: string;
}
export interface ClusterAutoscalingTarget {
  /**
   * What is measured: Participants, Tracks or Bandwidth against spec.mediaNodes.capacity, Cpu against the container's own CPU, or a Prometheus query of your own.
   */
  readonly type: 'Participants' | 'Tracks' | 'Bandwidth' | 'Cpu' | 'Prometheus';
  /**
   * Share of the capacity to aim at, in percent. Not used by type Prometheus.
   */
  readonly utilizationPercent: number;
  readonly prometheus?: ClusterAutoscalingTargetPrometheus;
}
/**
 * The query of a target of type Prometheus.
 */
export interface ClusterAutoscalingTargetPrometheus {
  /**
   * Base address of the Prometheus server, such as http://prometheus.monitoring.svc:9090.
   */
  readonly serverUrl: string;
  /**
   * PromQL expression whose single value is the load of the whole fleet.
   */
  readonly query: string;
  /**
   * Share of that value that one node should carry; greater than zero.
   */
  readonly targetPerNode: number;
}
/**
 * Free slots to keep on serving nodes for rooms that have not begun. A slot is one participant's worth of capacity. The largest of the demands given here holds.
 */
export interface ClusterAutoscalingHeadroom {
  /**
   * Free slots to keep.
   */
  readonly slots?: number;
  /**
   * Free slots to keep, in percent of the participants now present.
   */
  readonly percent?: number;
  /**
   * Keep one node that could take a room as large as the largest seen lately.
   */
  readonly largestRoom: boolean;
}
/**
 * Which of the ready nodes take new rooms.
 */
export interface ClusterAutoscalingPlacement {
  /**
   * Packed fills few nodes so that others become empty by themselves. Spread uses all nodes evenly.
   */
  readonly strategy: 'Packed' | 'Spread';
  /**
   * How much of a node's capacity its rooms may come to want, in percent, counting that young rooms still grow. Beyond it a node takes no new rooms while another can.
   */
  readonly ceilingPercent: number;
  /**
   * What Packed prefers where cost and quality pull apart: Cost, Balanced or Quality, or a number from 1 to 128, the price of one overloaded second of a node in seconds of one more node. The words stand for 8, 16 and 64.
   */
  readonly priority: number | string;
  /**
   * What is done where the media servers run a version on which closing and opening nodes was never tried, or where closing is seen not to hold. Refuse leaves the placing of rooms to the servers; scaling and drains go on. Allow steers all the same.
   */
  readonly unverifiedServers: 'Refuse' | 'Allow';
}
/**
 * Pace of scaling, with the fields and meaning of a HorizontalPodAutoscaler's behavior.
 */
export interface ClusterAutoscalingBehavior {
  readonly scaleUp: ClusterAutoscalingBehaviorScaleUp;
  readonly scaleDown: ClusterAutoscalingBehaviorScaleDown;
}
/**
 * Pace of adding nodes.
 */
export interface ClusterAutoscalingBehaviorScaleUp {
  /**
   * Seconds of past recommendations of which the smallest counts.
   */
  readonly stabilizationWindowSeconds: number;
  /**
   * Which policy counts - the one that allows most (Max), least (Min), or none (Disabled stops adding).
   */
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  /**
   * Limits on the change within a period.
   */
  readonly policies: readonly ClusterAutoscalingBehaviorScaleUpPolicy[];
}
export interface ClusterAutoscalingBehaviorScaleUpPolicy {
  /**
   * Whether value is a number of Pods or a percentage of the current ones.
   */
  readonly type: 'Pods' | 'Percent';
  /**
   * Largest change allowed within the period.
   */
  readonly value: number;
  /**
   * Length of the period in seconds.
   */
  readonly periodSeconds: number;
}
/**
 * Pace of letting nodes go. It never makes a node with rooms leave.
 */
export interface ClusterAutoscalingBehaviorScaleDown {
  /**
   * Seconds of past recommendations of which the largest counts. Below 60, a rush of new rooms is forgotten within two minutes as well.
   */
  readonly stabilizationWindowSeconds: number;
  /**
   * Which policy counts - the one that allows most (Max), least (Min), or none (Disabled stops removing).
   */
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  /**
   * Limits on the change within a period.
   */
  readonly policies: readonly ClusterAutoscalingBehaviorScaleDownPolicy[];
}
export interface ClusterAutoscalingBehaviorScaleDownPolicy {
  /**
   * Whether value is a number of Pods or a percentage of the current ones.
   */
  readonly type: 'Pods' | 'Percent';
  /**
   * Largest change allowed within the period.
   */
  readonly value: number;
  /**
   * Length of the period in seconds.
   */
  readonly periodSeconds: number;
}
export interface ClusterAutoscalingSchedule {
  /**
   * Name of the schedule, shown in decisions.
   */
  readonly name: string;
  /**
   * IANA time zone in which start is read, such as Europe/Madrid, or UTC.
   */
  readonly timeZone: string;
  /**
   * When the peak begins, as a cron expression of five fields, such as 0 8 * * MON-FRI. As in a CronJob either kind of day is enough where both are restricted. A time that the clock skips in spring means the moment after the gap; one that it shows twice in autumn means the first time.
   */
  readonly start: string;
  /**
   * How long the peak lasts, such as 2h. Elapsed time, also when the clocks change meanwhile.
   */
  readonly duration: string;
  /**
   * Fewest Media Nodes while the schedule is open.
   */
  readonly minNodes: number;
}
/**
 * Use of learned daily and weekly patterns. Whatever the mode, the rate of the last minutes is used, and the sizes and lengths of rooms are learned.
 */
export interface ClusterAutoscalingForecast {
  /**
   * Off uses the last minutes only. Observe also works out what earlier days foretell, and only reports it. Act holds capacity ready for it, and does so only while earlier days foretell better than the last minutes do.
   */
  readonly mode: 'Off' | 'Observe' | 'Act';
}
/**
 * How nodes leave.
 */
export interface ClusterDrain {
  /**
   * How long a cordoned node may wait for its rooms to end before onDeadline applies. None by default.
   */
  readonly deadline?: string;
  /**
   * Wait goes on waiting and reports it. Evict removes the node and cuts the rooms that are left.
   */
  readonly onDeadline: 'Wait' | 'Evict';
  /**
   * Most nodes that may be leaving at once.
   */
  readonly maxConcurrent: number;
  /**
   * terminationGracePeriodSeconds of the Pods. Far longer than any room, because the media server waits for its participants once it has been told to stop.
   */
  readonly gracePeriod: string;
  /**
   * How long an empty node waits for clients who only signal through it while their room lives on another node. After that it leaves; their signalling resumes through another node, and their media is not touched.
   */
  readonly signallingGrace: string;
}
/**
 * What happens to the nodes when this resource is deleted.
 */
export interface ClusterDeletion {
  /**
   * Retain keeps the resource until its nodes have become empty one by one, and no longer than timeout. Delete tells all of them to stop at once; each media server then waits for its participants up to spec.drain.gracePeriod.
   */
  readonly policy: 'Retain' | 'Delete';
  /**
   * How long a deletion may be held up by rooms. After that the nodes that are left are told to stop, as with Delete.
   */
  readonly timeout: string;
}
/**
 * How a changed template or config reaches the nodes - new nodes first, then old ones empty and leave.
 */
export interface ClusterUpdates {
  /**
   * Nodes that may be added beyond the wanted number during a rolling change, as a number or as a percentage.
   */
  readonly maxSurge: number | string;
  readonly canary?: ClusterUpdatesCanary;
  /**
   * Hold a rolling change where it is.
   */
  readonly paused: boolean;
}
/**
 * Let changed nodes take a share of the new rooms first, and change the rest only if joins, requests and packets fare no worse on them. If they do, the change stops and new rooms stay on the old nodes.
 */
export interface ClusterUpdatesCanary {
  /**
   * Share of the new rooms that changed nodes get at first, in percent; as many nodes are added for it, rounded up, as far as maxSurge allows.
   */
  readonly percent: number;
  /**
   * How long the changed nodes must serve before the rest follows, such as 1h.
   */
  readonly duration: string;
}
/**
 * What the fleet is, as the operator last saw it.
 */
export interface ClusterStatus {
  /**
   * Generation of the spec that this status is about.
   */
  readonly observedGeneration?: number;
  /**
   * Media Nodes that the last decision wants.
   */
  readonly desiredNodes?: number;
  /**
   * Media Nodes that are Ready and registered in Redis.
   */
  readonly readyNodes?: number;
  /**
   * Media Nodes that take new rooms right now.
   */
  readonly servingNodes?: number;
  /**
   * Media Nodes that are ready but kept from taking new rooms for now.
   */
  readonly standbyNodes?: number;
  /**
   * Media Nodes that a person, a rolling change or maintenance keeps from taking new rooms.
   */
  readonly cordonedNodes?: number;
  /**
   * Media Nodes that are on their way.
   */
  readonly launchingNodes?: number;
  /**
   * Media Nodes that have been told to stop and wait for their last participants.
   */
  readonly leavingNodes?: number;
  /**
   * Media Nodes that did not start, were lost, or have stopped reporting.
   */
  readonly failedNodes?: number;
  /**
   * Media Nodes that exist, for the scale subresource.
   */
  readonly replicas?: number;
  /**
   * Live rooms on all Media Nodes.
   */
  readonly rooms?: number;
  /**
   * Participants in all rooms.
   */
  readonly participants?: number;
  /**
   * Used share of the capacity of the ready Media Nodes, in percent.
   */
  readonly utilizationPercent?: number;
  /**
   * Free slots on serving nodes.
   */
  readonly freeSlots?: number;
  /**
   * Label selector of the Media Node Pods, for the scale subresource.
   */
  readonly selector?: string;
  /**
   * Ready, DataFresh, ScalingActive, ScalingLimited, PlacementGoverned, SelectorSuitable, RegistryExclusive, Updated, Progressing, Degraded and FieldsEffective, each with its reason.
   */
  readonly conditions?: readonly ClusterStatusCondition[];
  readonly shadow?: ClusterStatusShadow;
  readonly updates?: ClusterStatusUpdates;
  readonly lastDecision?: ClusterStatusLastDecision;
  /**
   * The Media Nodes one by one, at most 1000 of them.
   */
  readonly nodes?: readonly ClusterStatusNode[];
}
export interface ClusterStatusCondition {
  /**
   * Type of the condition.
   */
  readonly type: string;
  /**
   * Whether the condition holds.
   */
  readonly status: 'True' | 'False' | 'Unknown';
  /**
   * Generation of the spec that the condition is about.
   */
  readonly observedGeneration?: number;
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime: string;
  /**
   * Why, in one word.
   */
  readonly reason: string;
  /**
   * Why, in a sentence, with the remedy where there is one.
   */
  readonly message: string;
}
/**
 * Only in mode DryRun. What the Media Nodes that run have cost since the trial began, and what they would have cost under this spec, by a simulation that is fed with the rooms as they are seen. Renewed when a node comes or goes or a room is cut, and once a minute; begins anew with each change of the spec and each start of the operator.
 */
export interface ClusterStatusShadow {
  /**
   * When the trial began.
   */
  readonly sinceTime: string;
  /**
   * Media Nodes that there would be now.
   */
  readonly nodes: number;
  /**
   * Media Nodes that there are.
   */
  readonly actualNodes: number;
  /**
   * Node-hours that it would have been, launching and leaving nodes included.
   */
  readonly nodeHours: number;
  /**
   * Node-hours that it was.
   */
  readonly actualNodeHours: number;
  /**
   * Share of the participants' time that would have been spent on nodes above 90 percent of their capacity.
   */
  readonly overloadPercent: number;
  /**
   * Share of the participants' time that was spent on nodes above 90 percent of their capacity.
   */
  readonly actualOverloadPercent: number;
  /**
   * Media Nodes that would have been launched.
   */
  readonly launches: number;
  /**
   * Media Nodes that were launched.
   */
  readonly actualLaunches: number;
  /**
   * Rooms that would have been cut by removals.
   */
  readonly roomsCut: number;
  /**
   * Rooms that were cut because their Media Node went.
   */
  readonly actualRoomsCut: number;
}
/**
 * How far a changed template or config has reached the nodes.
 */
export interface ClusterStatusUpdates {
  /**
   * Idle - all nodes are made from the spec. Canary - changed nodes are on trial. Rolling - old nodes are replaced. Paused - by spec.updates.paused. Stopped - the changed nodes failed; new rooms and new nodes stay with the revision before.
   */
  readonly phase: 'Idle' | 'Canary' | 'Rolling' | 'Paused' | 'Stopped';
  /**
   * Name of the state of template and configuration in the spec.
   */
  readonly revision: string;
  /**
   * Name of the state that new nodes are made from while the one in the spec is not proven.
   */
  readonly fallbackRevision?: string;
  /**
   * Nodes made from the spec as it is.
   */
  readonly updatedNodes: number;
  /**
   * Nodes made from an earlier spec.
   */
  readonly outdatedNodes: number;
  /**
   * When the last outdated node is expected to be empty.
   */
  readonly expectedEndTime?: string;
  /**
   * What is happening and what is waited for, in a sentence.
   */
  readonly message: string;
}
/**
 * The last decision that differed from the one before.
 */
export interface ClusterStatusLastDecision {
  /**
   * When it was taken.
   */
  readonly time: string;
  /**
   * Media Nodes wanted.
   */
  readonly desired: number;
  /**
   * Why, in one word.
   */
  readonly reason: string;
  /**
   * Why, in a sentence.
   */
  readonly message: string;
}
export interface ClusterStatusNode {
  /**
   * Name of the Pod.
   */
  readonly name: string;
  /**
   * Id under which the media server is registered in Redis.
   */
  readonly nodeId?: string;
  /**
   * Where the node is in its life.
   */
  readonly state: 'Launching' | 'Serving' | 'Standby' | 'Cordoned' | 'Leaving' | 'Failed' | 'Suspect' | 'Lost';
  /**
   * Live rooms on the node.
   */
  readonly rooms: number;
  /**
   * Participants on the node.
   */
  readonly participants: number;
  /**
   * Age of the node when this was written, in seconds.
   */
  readonly ageSeconds?: number;
  /**
   * When a cordoned node is expected to have no rooms left, as likely sooner as later.
   */
  readonly expectedEmptyTime?: string;
  /**
   * When a cordoned node has no rooms left with 95 percent certainty.
   */
  readonly latestEmptyTime?: string;
  /**
   * Who wants the node closed - a person, a rolling change, or maintenance of its machine.
   */
  readonly cordonedBy?: 'Person' | 'Update' | 'Maintenance';
  /**
   * Since when it is to be closed.
   */
  readonly cordonedSince?: string;
  /**
   * Name of the state of template and configuration that the node is made from.
   */
  readonly revision?: string;
  /**
   * Why the node is in this state.
   */
  readonly reason?: string;
  /**
   * Name of the Kubernetes Node that runs the Pod.
   */
  readonly kubeNode?: string;
}
