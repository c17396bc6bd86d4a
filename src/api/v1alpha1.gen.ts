// Made from crds/ by scripts/gen-api.ts. Do not edit: change the schema and run it again.
import type { ObjectMeta } from './object-meta.ts';

/**
 * OpenViduCapacityProfile says what one Media Node carries, as load tests have measured it - for rooms of named shapes, and as costs and limits. An OpenViduCluster names it in spec.mediaNodes.capacity.profileRef. It changes nothing until a person sets its mode to Apply.
 */
export interface OpenViduCapacityProfile {
  readonly apiVersion: 'openvidu.io/v1alpha1';
  readonly kind: 'OpenViduCapacityProfile';
  readonly metadata: ObjectMeta;
  readonly spec: CapacityProfileSpec;
  readonly status?: CapacityProfileStatus;
}
/**
 * What was measured, and on what.
 */
export interface CapacityProfileSpec {
  /**
   * Propose - the profile is there to be looked at and changes nothing. Apply - clusters that name it take their capacity from it.
   */
  readonly mode: 'Propose' | 'Apply';
  readonly match: CapacityProfileMatch;
  readonly limits?: CapacityProfileLimits;
  readonly costs?: CapacityProfileCosts;
  /**
   * Rooms of one kind, and how many of them one node carries. The participants that a node carries come from the shape that the cluster names, or else from the one with the fewest.
   */
  readonly shapes?: readonly CapacityProfileShape[];
  /**
   * Where the figures come from, newest last.
   */
  readonly evidence?: readonly CapacityProfileEvidence[];
}
/**
 * What it was measured on. A field that is left out fits everything.
 */
export interface CapacityProfileMatch {
  /**
   * Machine type, as the label node.kubernetes.io/instance-type of Kubernetes Nodes has it. On other machines the figures are scaled by processors and marked as estimated.
   */
  readonly instanceType?: string;
  /**
   * Engine of the media server. With another engine the profile is not used.
   */
  readonly engine?: 'pion' | 'mediasoup';
  /**
   * Version of the media server, or the beginning of one - 1.13 fits 1.13.5. With another version the profile is not used.
   */
  readonly livekitVersion?: string;
  /**
   * Processors that the media server had. Where the nodes have more or fewer, the figures are scaled and marked as estimated.
   */
  readonly cpus?: number;
  /**
   * Gigabits per second of the machine's network. For people; nothing is decided on it.
   */
  readonly nicGbps?: number;
}
/**
 * What one node can stand, whichever is met first. Give lower bounds of what was found. A limit that is left out is not known, and nothing is decided on it.
 */
export interface CapacityProfileLimits {
  /**
   * Share of its processors up to which people were served well, 0 to 1.
   */
  readonly cpu?: number;
  /**
   * Share of its memory up to which people were served well, 0 to 1. For people; nothing is decided on it.
   */
  readonly memory?: number;
  /**
   * Megabits per second sent.
   */
  readonly egressMbps?: number;
  /**
   * Packets per second, received and sent together.
   */
  readonly packetsPerSecond?: number;
  /**
   * Published and subscribed tracks together.
   */
  readonly tracks?: number;
}
/**
 * What load costs a node, fitted on measured windows.
 */
export interface CapacityProfileCosts {
  readonly cores?: CapacityProfileCostsCores;
  readonly memory?: CapacityProfileCostsMemory;
}
/**
 * Processor cores. base, participant, packetIn, packetOut and megabyte add up to what a node should use, and are compared with what it does use.
 */
export interface CapacityProfileCostsCores {
  /**
   * Of a node that works, whatever its load.
   */
  readonly base?: number;
  /**
   * For one participant.
   */
  readonly participant?: number;
  /**
   * For one packet per second received.
   */
  readonly packetIn?: number;
  /**
   * For one packet per second sent.
   */
  readonly packetOut?: number;
  /**
   * For one megabyte per second, received or sent.
   */
  readonly megabyte?: number;
  /**
   * For one join per second. For people; nothing is decided on it.
   */
  readonly join?: number;
  readonly publishedTrack?: CapacityProfileCostsCoresPublishedTrack;
  readonly subscribedTrack?: CapacityProfileCostsCoresSubscribedTrack;
}
/**
 * For one published track of a kind.
 */
export interface CapacityProfileCostsCoresPublishedTrack {
  /**
   * Sound.
   */
  readonly audio?: number;
  /**
   * Picture of 180 lines.
   */
  readonly '180p'?: number;
  /**
   * Picture of 360 lines.
   */
  readonly '360p'?: number;
  /**
   * Picture of 720 lines.
   */
  readonly '720p'?: number;
}
/**
 * For one subscribed track of a kind.
 */
export interface CapacityProfileCostsCoresSubscribedTrack {
  /**
   * Sound.
   */
  readonly audio?: number;
  /**
   * Picture of 180 lines.
   */
  readonly '180p'?: number;
  /**
   * Picture of 360 lines.
   */
  readonly '360p'?: number;
  /**
   * Picture of 720 lines.
   */
  readonly '720p'?: number;
}
/**
 * Main memory. For people; nothing is decided on it.
 */
export interface CapacityProfileCostsMemory {
  /**
   * Of a node that works, whatever its load.
   */
  readonly baseMegabytes?: number;
  /**
   * For one participant.
   */
  readonly perParticipantMegabytes?: number;
}
export interface CapacityProfileShape {
  /**
   * For example conference-10.
   */
  readonly name: string;
  /**
   * People in one room.
   */
  readonly participantsPerRoom?: number;
  /**
   * Those who publish, beside the viewers.
   */
  readonly publishers?: number;
  /**
   * Rooms that one node carries.
   */
  readonly rooms?: number;
  /**
   * Viewers that one node carries in one room.
   */
  readonly viewers?: number;
  /**
   * What one node carries with 97.5 percent certainty, in rooms or viewers. It is what is decided on.
   */
  readonly lower95: number;
  /**
   * What ran out first, in a word. For people.
   */
  readonly bindingLimit?: string;
}
export interface CapacityProfileEvidence {
  /**
   * Name of the OpenViduLoadTest or of the run.
   */
  readonly loadTest: string;
  /**
   * Digest of the record of the run.
   */
  readonly sha256?: string;
  /**
   * When it ended.
   */
  readonly date: string;
  /**
   * What the figures depend on - server version, engine, processors, scenario, seed.
   */
  readonly fingerprint?: string;
}
/**
 * What has become of the profile, as the operator last saw it.
 */
export interface CapacityProfileStatus {
  /**
   * Generation of the spec that this status is about.
   */
  readonly observedGeneration?: number;
  /**
   * OpenViduClusters whose capacity comes from it, at most 50 of them.
   */
  readonly usedBy?: readonly string[];
  /**
   * Approved - a person has set the mode to Apply. InUse - a cluster follows it. Fresh - its newest evidence is not old. Drifted - nodes use more or less than it foretells.
   */
  readonly conditions?: readonly CapacityProfileStatusCondition[];
}
export interface CapacityProfileStatusCondition {
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
  readonly operatorAuth?: ClusterRedisOperatorAuth;
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
 * Credentials for Redis that the operator itself uses, where it is to have fewer rights than the media servers. Without them it uses auth.
 */
export interface ClusterRedisOperatorAuth {
  /**
   * User name for Redis ACLs. Leave it out for a plain password.
   */
  readonly username?: string;
  readonly passwordSecretRef: ClusterRedisOperatorAuthPasswordSecretRef;
}
/**
 * Key of a Secret in the same namespace that holds the password.
 */
export interface ClusterRedisOperatorAuthPasswordSecretRef {
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
  readonly metricsAuth?: ClusterMediaNodesMetricsAuth;
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
  /**
   * The kind of room, among the profile's shapes, whose figure says how many participants one node carries. By default the one that gives the fewest.
   */
  readonly shape?: string;
}
/**
 * Login that the media servers ask for at /metrics. They are given it in their configuration; the operator and load tests use it. A running server keeps what it was started with: to change the password, name another Secret or key, and the nodes are replaced one after the other as their rooms end.
 */
export interface ClusterMediaNodesMetricsAuth {
  /**
   * User name.
   */
  readonly username: string;
  readonly passwordSecretRef: ClusterMediaNodesMetricsAuthPasswordSecretRef;
}
/**
 * Key of a Secret in the same namespace that holds the password.
 */
export interface ClusterMediaNodesMetricsAuthPasswordSecretRef {
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
 * Free slots to keep on ready nodes, those on standby included, for rooms that have not begun. A slot is one participant's worth of capacity. The largest of the demands given here holds.
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
   * Keep as many free slots as the largest room now live has participants.
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
   * What Packed prefers where cost and quality pull apart: Cost, Balanced or Quality, or a number from 1 to 128, the price of one overloaded second of a node in seconds of one more node. The words stand for 4, 8 and 64.
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
   * Most nodes that may be leaving at once. One that somebody else deleted while people are on it does not count.
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
   * Live rooms on all Media Nodes but those that are lent to a load test.
   */
  readonly rooms?: number;
  /**
   * Participants in these rooms.
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
   * Version of the media servers, as the one that started last told it in Redis. Rooms are steered where it is a verified one.
   */
  readonly serverVersion?: string;
  readonly capacity?: ClusterStatusCapacity;
  /**
   * Only with a capacity profile. How many more rooms of each of its shapes the ready nodes that nobody has closed could take now, without a launch.
   */
  readonly freeRooms?: readonly ClusterStatusFreeRoom[];
  /**
   * Label selector of the Media Node Pods, for the scale subresource.
   */
  readonly selector?: string;
  /**
   * Ready, DataFresh, ScalingActive, ScalingLimited, PlacementGoverned, SelectorSuitable, RegistryExclusive, CapacityKnown, Updated, Progressing, Degraded and FieldsEffective, each with its reason.
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
/**
 * Only where spec.mediaNodes.capacity.profileRef is set. What one Media Node is taken to carry now, and whose figure that is.
 */
export interface ClusterStatusCapacity {
  /**
   * Participants that one node is taken to carry.
   */
  readonly participants: number;
  /**
   * Name of the profile that the spec asks for.
   */
  readonly profile: string;
  /**
   * The kind of room that the figure is of.
   */
  readonly shape?: string;
  /**
   * Applied - the figures are the profile's. Estimated - likewise, scaled because it was measured on other machines. Drifted - it no longer foretells what the nodes use, so the lesser of its figures and those of the spec hold. All others - the figures of the spec hold.
   */
  readonly state: 'Applied' | 'Estimated' | 'Drifted' | 'Proposed' | 'Missing' | 'Unmatched' | 'Unusable';
}
export interface ClusterStatusFreeRoom {
  /**
   * Name of the shape.
   */
  readonly shape: string;
  /**
   * What is counted - rooms of the shape, or viewers of one.
   */
  readonly unit: 'Rooms' | 'Viewers';
  /**
   * People in one room, where rooms are counted.
   */
  readonly size?: number;
  /**
   * How many more.
   */
  readonly count: number;
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
   * Who wants the node closed - a person, a rolling change, maintenance of its machine, or a load test.
   */
  readonly cordonedBy?: 'Person' | 'Update' | 'Maintenance' | 'LoadTest';
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

/**
 * OpenViduLoadTest puts one Media Node under the load of a scenario and finds out how much of it the node carries. The node takes no other rooms meanwhile. The result outlives this object.
 */
export interface OpenViduLoadTest {
  readonly apiVersion: 'openvidu.io/v1alpha1';
  readonly kind: 'OpenViduLoadTest';
  readonly metadata: ObjectMeta;
  readonly spec: LoadTestSpec;
  readonly status?: LoadTestStatus;
}
/**
 * What to test and how. Only abort and cleanup can be changed later.
 */
export interface LoadTestSpec {
  readonly target: LoadTestTarget;
  readonly scenario: LoadTestScenario;
  /**
   * Whole searches one after another, each with new rooms; their spread gives the confidence. By default as many as the scenario says.
   */
  readonly repetitions?: number;
  readonly generators: LoadTestGenerators;
  readonly publishProfile?: LoadTestPublishProfile;
  /**
   * After this time the test ends as Inconclusive, with what was measured until then.
   */
  readonly deadline: string;
  /**
   * Set it to true to end the test within seconds. What was measured until then is kept.
   */
  readonly abort: boolean;
  readonly cleanup: LoadTestCleanup;
}
/**
 * The media server to be tested. Set exactly one of clusterRef and url.
 */
export interface LoadTestTarget {
  readonly clusterRef?: LoadTestTargetClusterRef;
  /**
   * Name of the Media Node, which is that of its Pod. By default the operator takes an empty one that can be spared.
   */
  readonly mediaNode?: string;
  /**
   * Address of a media server outside of any OpenViduCluster, such as ws://livekit:7880.
   */
  readonly url?: string;
  /**
   * Address of the Prometheus metrics of the server under url. Without them a test cannot tell which resource ran out.
   */
  readonly metricsUrl?: string;
  readonly credentialsSecretRef?: LoadTestTargetCredentialsSecretRef;
  /**
   * Whether the server may have rooms that the test did not make. The people in them will feel the load, and the result is worth less.
   */
  readonly allowSharedTarget: boolean;
}
/**
 * The OpenViduCluster in the same namespace one of whose Media Nodes is tested.
 */
export interface LoadTestTargetClusterRef {
  /**
   * Name of the OpenViduCluster.
   */
  readonly name: string;
}
/**
 * Secret in the same namespace that holds the API key and secret of the server under url.
 */
export interface LoadTestTargetCredentialsSecretRef {
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
 * What load there is. Set exactly one of inline and configMapRef.
 */
export interface LoadTestScenario {
  /**
   * The scenario itself, as the YAML text that kubectl-openvidu loadtest validate takes.
   */
  readonly inline?: string;
  readonly configMapRef?: LoadTestScenarioConfigMapRef;
}
/**
 * A ConfigMap in the same namespace that holds the YAML text. It is read once, at the start.
 */
export interface LoadTestScenarioConfigMapRef {
  /**
   * Name of the ConfigMap.
   */
  readonly name: string;
  /**
   * Key within the ConfigMap.
   */
  readonly key: string;
}
/**
 * The Pods that make the load.
 */
export interface LoadTestGenerators {
  /**
   * How many of them. kubectl-openvidu loadtest plan says how many cores a scenario needs; windows in which they do not suffice are INVALID, never a FAIL of the server.
   */
  readonly count: number;
  /**
   * Image of coordinator and generators, by default that of the operator. Others have to be allowed where the operator is installed (loadTests.images of the chart), because they are given the API secret.
   */
  readonly image?: string;
  /**
   * Secrets of the namespace with which coordinator and generators pull that image.
   */
  readonly imagePullSecrets?: readonly LoadTestGeneratorsImagePullSecret[];
  readonly resources: LoadTestGeneratorsResources;
  readonly placement: LoadTestGeneratorsPlacement;
}
export interface LoadTestGeneratorsImagePullSecret {
  /**
   * Name of the Secret.
   */
  readonly name: string;
}
/**
 * What each of them asks for and may use. Equal figures for both keep others out of the measurement.
 */
export interface LoadTestGeneratorsResources {
  readonly requests?: LoadTestGeneratorsResourcesRequests;
  readonly limits?: LoadTestGeneratorsResourcesLimits;
}
/**
 * What each asks for, such as cpu and memory.
 */
export interface LoadTestGeneratorsResourcesRequests {
  readonly [k: string]: number | string;
}
/**
 * What each may use at most, such as cpu and memory.
 */
export interface LoadTestGeneratorsResourcesLimits {
  readonly [k: string]: number | string;
}
/**
 * Where they may run.
 */
export interface LoadTestGeneratorsPlacement {
  readonly nodeSelector?: LoadTestGeneratorsPlacementNodeSelector;
  /**
   * Taints of Kubernetes Nodes that are put up with.
   */
  readonly tolerations?: readonly LoadTestGeneratorsPlacementToleration[];
  /**
   * Required - never on a Kubernetes Node that runs a Media Node, because both would take each other's processor. Preferred - elsewhere where that is possible; trust the figures less then.
   */
  readonly awayFromMediaNodes: 'Required' | 'Preferred';
}
/**
 * Labels that a Kubernetes Node must have.
 */
export interface LoadTestGeneratorsPlacementNodeSelector {
  readonly [k: string]: string;
}
export interface LoadTestGeneratorsPlacementToleration {
  /**
   * Key of the taint.
   */
  readonly key?: string;
  /**
   * How key and value are compared.
   */
  readonly operator?: 'Exists' | 'Equal';
  /**
   * Value of the taint.
   */
  readonly value?: string;
  /**
   * Effect of the taint. All of them when it is not set.
   */
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /**
   * For how long, with the effect NoExecute.
   */
  readonly tolerationSeconds?: number;
}
/**
 * The OpenViduCapacityProfile in the same namespace to be made or renewed from the result.
 */
export interface LoadTestPublishProfile {
  /**
   * Name of the profile.
   */
  readonly name: string;
  /**
   * Propose - it changes nothing until a person approves it. Apply - the autoscaler uses it at once.
   */
  readonly mode: 'Propose' | 'Apply';
}
/**
 * What is left when the test is over.
 */
export interface LoadTestCleanup {
  /**
   * Keep - the ConfigMap with the result stays when this object is deleted. Delete - it goes with this object.
   */
  readonly policy: 'Keep' | 'Delete';
  /**
   * How long after its end this object is deleted. It is kept when this is not set.
   */
  readonly ttl?: string;
}
/**
 * Where the test is and what it found.
 */
export interface LoadTestStatus {
  /**
   * Generation of the spec that this status is about.
   */
  readonly observedGeneration?: number;
  /**
   * Where the test is. Succeeded - it has an answer, also when that is that the node carries nothing. Inconclusive - it ended without one. Failed - it could not be carried out. Aborted - somebody ended it.
   */
  phase?:
    | 'Pending'
    | 'Isolating'
    | 'Provisioning'
    | 'Baseline'
    | 'Searching'
    | 'Confirming'
    | 'Measuring'
    | 'Analysing'
    | 'Stopping'
    | 'Succeeded'
    | 'Inconclusive'
    | 'Failed'
    | 'Aborted';
  /**
   * What is waited for, or what was found, in a sentence.
   */
  readonly message?: string;
  /**
   * When the operator took the test up.
   */
  readonly startTime?: string;
  /**
   * When it ended.
   */
  readonly endTime?: string;
  readonly stopping?: LoadTestStatusStopping;
  readonly target?: LoadTestStatusTarget;
  /**
   * Validated, TargetIsolated, GeneratorsReady, ResultStored and Complete, each with its reason.
   */
  readonly conditions?: readonly LoadTestStatusCondition[];
  readonly progress?: LoadTestStatusProgress;
  readonly result?: LoadTestStatusResult;
  readonly artifacts?: LoadTestStatusArtifacts;
}
/**
 * Set while the test is brought to its end.
 */
export interface LoadTestStatusStopping {
  /**
   * Since when.
   */
  readonly since: string;
  /**
   * The phase that it will end in, unless a result comes first.
   */
  readonly as: 'Succeeded' | 'Inconclusive' | 'Failed' | 'Aborted';
  /**
   * Why, in a sentence.
   */
  readonly message: string;
}
/**
 * What is tested.
 */
export interface LoadTestStatusTarget {
  /**
   * Name of the Media Node.
   */
  readonly mediaNode?: string;
  /**
   * Uid of its Pod.
   */
  readonly uid?: string;
  /**
   * Id under which its media server is registered in Redis.
   */
  readonly nodeId?: string;
}
export interface LoadTestStatusCondition {
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
 * How far it is, by the coordinator's word.
 */
export interface LoadTestStatusProgress {
  /**
   * Which repetition runs, counted from 1.
   */
  readonly repetition?: number;
  /**
   * Out of how many.
   */
  readonly repetitions?: number;
  /**
   * How much load there is right now, in the unit of the scenario.
   */
  readonly level?: number;
  /**
   * Participants that are connected.
   */
  readonly connected?: number;
  /**
   * Participants that should be.
   */
  readonly expected?: number;
  /**
   * Packets that all of them receive in a second.
   */
  readonly packetsPerSecond?: number;
  /**
   * Generators that are connected to the coordinator.
   */
  readonly workers?: number;
  /**
   * Generators that there should be.
   */
  readonly workersWanted?: number;
  readonly windows?: LoadTestStatusProgressWindows;
  /**
   * Of the last window.
   */
  readonly lastVerdict?: string;
  /**
   * Why the last window failed or was invalid.
   */
  readonly lastReasons?: readonly string[];
  /**
   * When the test is expected to end.
   */
  readonly expectedEndTime?: string;
}
/**
 * Windows measured so far, by their verdict.
 */
export interface LoadTestStatusProgressWindows {
  /**
   * In which people got what the scenario asks for.
   */
  readonly pass?: number;
  /**
   * In which they did not.
   */
  readonly fail?: number;
  /**
   * That say nothing about the node.
   */
  readonly invalid?: number;
}
/**
 * What was found.
 */
export interface LoadTestStatusResult {
  /**
   * How the run ended.
   */
  readonly outcome?: 'Complete' | 'Stopped' | 'Inconclusive';
  /**
   * What the capacity counts.
   */
  readonly unit?: string;
  /**
   * The highest level whose windows passed, over the repetitions.
   */
  readonly capacity?: number;
  /**
   * Lower end of its interval of 95 percent. Plan with this one.
   */
  readonly lower95?: number;
  /**
   * Upper end of its interval of 95 percent.
   */
  readonly upper95?: number;
  /**
   * The capacity that each repetition found.
   */
  readonly repetitions?: readonly number[];
  /**
   * The level at which half of the windows would fail.
   */
  readonly n50?: number;
  /**
   * What broke first above the capacity.
   */
  readonly bindingSlo?: string;
  /**
   * Which resource had run out, if one had.
   */
  readonly bindingLimit?: string;
  readonly windows?: LoadTestStatusResultWindows;
}
/**
 * Windows by their verdict.
 */
export interface LoadTestStatusResultWindows {
  /**
   * In which people got what the scenario asks for.
   */
  readonly pass?: number;
  /**
   * In which they did not.
   */
  readonly fail?: number;
  /**
   * That say nothing about the node.
   */
  readonly invalid?: number;
}
/**
 * Where the result is kept.
 */
export interface LoadTestStatusArtifacts {
  /**
   * Name of the ConfigMap in the same namespace.
   */
  readonly configMap?: string;
  /**
   * What is in it.
   */
  readonly keys?: readonly string[];
  /**
   * Digest of the record of the run, by which it is named where it is used as evidence.
   */
  readonly sha256?: string;
  /**
   * Name of the OpenViduCapacityProfile that was made from it.
   */
  readonly capacityProfile?: string;
}
