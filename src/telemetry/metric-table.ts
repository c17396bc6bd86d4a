/** Every metric as data: the registry and the reference page are both made from this table. */

export const METRIC_PREFIX = 'openvidu_operator_';

export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, in the unit that its name ends in. */
  readonly buckets?: readonly number[];
}

const cluster = ['cluster_namespace', 'cluster'] as const;
/** `fleet` is `shadow` for what would be and `actual` for what is. */
const shadow = [...cluster, 'fleet'] as const;

const phase = [...cluster, 'phase'] as const;
/** `unit` is `Rooms` or `Viewers`. */
const shape = [...cluster, 'shape', 'unit'] as const;

/** A reaction should take milliseconds where Redis alone is asked, and seconds where a Pod must start. */
const reactionBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** A heartbeat opens a cordoned node; LiveKit places rooms on it until the cordon is applied again. */
const reapplyBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2];
const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const passBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

function counter(help: string, labels: readonly string[] = []): MetricDefinition {
  return { kind: 'counter', help, labels };
}

function gauge(help: string, labels: readonly string[] = []): MetricDefinition {
  return { kind: 'gauge', help, labels };
}

function histogram(
  help: string,
  buckets: readonly number[],
  labels: readonly string[] = [],
): MetricDefinition {
  return { kind: 'histogram', help, labels, buckets };
}

/** By name without the prefix. */
export const metricTable = {
  decisions_total: counter('Decisions by the reason for their size.', ['reason']),
  actions_total: counter('Actions by kind and outcome: done, refused by a precondition, or failed.', [
    'kind',
    'outcome',
  ]),
  refusals_total: counter('Times something was not done, by reason.', [...cluster, 'reason']),
  desired_nodes: gauge('Media Nodes that the last decision wants.', cluster),
  ready_nodes: gauge('Media Nodes that are Ready and registered in Redis.', cluster),
  serving_nodes: gauge('Media Nodes that take new rooms.', cluster),
  standby_nodes: gauge('Media Nodes that are ready and take no new rooms until they are needed.', cluster),
  cordoned_nodes: gauge(
    'Media Nodes that a person, a rolling change or maintenance keeps from taking new rooms.',
    cluster,
  ),
  launching_nodes: gauge('Media Nodes that are on their way.', cluster),
  leaving_nodes: gauge('Media Nodes that were told to stop.', cluster),
  failed_nodes: gauge('Pods that never became a Media Node, or whose server has ended.', cluster),
  suspect_nodes: gauge('Media Nodes that stopped reporting although their Pods run.', cluster),
  rooms: gauge('Live rooms on all Media Nodes.', cluster),
  participants: gauge('Participants in all rooms.', cluster),
  free_slots: gauge('Participants that the serving Media Nodes can still take.', cluster),
  needed_slots: gauge(
    'Free slots that the governor wants for the rooms that come while a node starts.',
    cluster,
  ),
  available_slots: gauge('Free slots that are there for them or on order.', cluster),
  expected_participants_recent: gauge(
    'Participants expected to come while a node starts, by the last minutes.',
    cluster,
  ),
  expected_participants_learned: gauge(
    'Participants expected to come while a node starts, by earlier days that were alike; none before there are any.',
    cluster,
  ),
  nodes_lost_total: counter('Media Nodes that ended or vanished before they were let go.', cluster),
  rooms_lost_total: counter('Rooms on them, as last seen.', cluster),
  participants_lost_total: counter('Participants on them, as last seen.', cluster),
  evictions_total: counter('Media Nodes removed with rooms on them, because spec.drain says so.', cluster),
  rooms_evicted_total: counter('Rooms on them.', cluster),
  participants_evicted_total: counter('Participants on them.', cluster),
  update_phase: gauge('1 for the phase that a rolling change is in, 0 for the others.', phase),
  outdated_nodes: gauge('Media Nodes made from an earlier spec.', cluster),
  departing_nodes: gauge('Media Nodes whose machine is to be freed.', cluster),
  departing_participants: gauge('Participants on them.', cluster),
  maintenance_deadline_seconds: gauge(
    'Seconds until the first of their machines is taken away, negative afterwards; none where no end is known.',
    cluster,
  ),
  free_rooms: gauge(
    'Rooms of a shape of the capacity profile that there is space for without a launch, or viewers; none where no profile is in use.',
    shape,
  ),
  profile_drift: gauge(
    'Share by which the nodes use more processor time than the capacity profile foretells, smoothed; less is negative.',
    cluster,
  ),
  shadow_nodes: gauge(
    'Mode DryRun: Media Nodes that there would be under this spec, and that there are.',
    shadow,
  ),
  shadow_node_hours: gauge(
    'Mode DryRun: node-hours since the trial began, as they would have been and as they were.',
    shadow,
  ),
  shadow_overload_ratio: gauge(
    "Mode DryRun: share of the participants' time on nodes above 90 % of capacity since the trial began.",
    shadow,
  ),
  shadow_launches: gauge('Mode DryRun: launches since the trial began.', shadow),
  shadow_rooms_cut: gauge('Mode DryRun: rooms cut by removals since the trial began.', shadow),
  redis_reading_age_seconds: gauge('Age of the last successful reading of Redis.', cluster),
  reaction_seconds: histogram(
    'Time from a change that was noticed to the action that answers it.',
    reactionBuckets,
  ),
  cordon_reapply_seconds: histogram(
    "Time from a node's heartbeat, which opens it for rooms, to the cordon being in force again.",
    reapplyBuckets,
  ),
  decision_seconds: histogram('Time that one decision took to compute.', passBuckets),
  kube_requests_total: counter('Requests to the API server by verb and status code or error.', [
    'verb',
    'code',
  ]),
  kube_request_seconds: histogram(
    'Duration of requests to the API server; watches are left out.',
    requestBuckets,
    ['verb'],
  ),
  watch_age_seconds: gauge('Time since the API server last said anything on a watch.', ['resource']),
  queue_depth: gauge('OpenViduClusters that wait for a pass, by lane.', ['lane']),
  leader: gauge('1 while this process is the leader, else 0.'),
  build_info: gauge('Always 1; the labels say what runs.', ['version', 'node_version']),
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metricTable;
