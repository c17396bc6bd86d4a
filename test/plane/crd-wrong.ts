/** Manifests that people get wrong, and what the API server must say: which field, and what to do. */

/** New values by path from the root of the minimal manifest; `undefined` takes the field out. */
export type Changes = Readonly<Record<string, unknown>>;

export interface WrongManifest {
  readonly name: string;
  readonly changes: Changes;
  /** Each must occur in the refusal: the field first, then the remedy. */
  readonly says: readonly [field: string, remedy: string];
}

const password = { passwordSecretRef: { name: 'redis', key: 'password' } };
const school = {
  name: 'school',
  timeZone: 'Europe/Madrid',
  start: '45 7 * * MON-FRI',
  duration: '5h',
  minNodes: 2,
};
const durationRemedy = 'give a duration greater than zero with units ms, s, m or h';
const cronRemedy = 'give a cron expression of five fields';
const urlRemedy = 'give a URL that begins with http:// or https://';
const query = { serverUrl: 'http://prometheus:9090', query: 'sum(load)', targetPerNode: 10 };

const redis: readonly WrongManifest[] = [
  {
    name: 'two ways to reach Redis',
    changes: { 'spec.redis.cluster': { addresses: ['redis-0:6379'] } },
    says: ['spec.redis:', 'set exactly one of standalone, sentinel and cluster'],
  },
  {
    name: 'no way to reach Redis',
    changes: { 'spec.redis': { auth: password } },
    says: ['spec.redis:', 'set exactly one of standalone, sentinel and cluster'],
  },
  { name: 'no Redis at all', changes: { 'spec.redis': undefined }, says: ['spec.redis:', 'Required value'] },
  {
    name: 'a Redis address without a port',
    changes: { 'spec.redis.standalone.address': 'redis.default.svc' },
    says: ['spec.redis.standalone.address:', 'give host:port without a scheme'],
  },
  {
    name: 'a Redis address with a scheme',
    changes: { 'spec.redis.standalone.address': 'redis://redis:6379' },
    says: ['spec.redis.standalone.address:', 'give host:port without a scheme'],
  },
  {
    name: 'Sentinel without the name of the primary',
    changes: { 'spec.redis': { sentinel: { addresses: ['sentinel-0:26379'] } } },
    says: ['spec.redis.sentinel.masterName:', 'Required value'],
  },
  {
    name: 'a Redis Cluster without members',
    changes: { 'spec.redis': { cluster: { addresses: [] } } },
    says: ['spec.redis.cluster.addresses:', 'at least 1 item'],
  },
  {
    name: 'a password in the manifest',
    changes: { 'spec.redis.auth': { ...password, password: 'not-a-place-for-it' } },
    says: ['spec.redis.auth.password', 'unknown field'],
  },
];

const server: readonly WrongManifest[] = [
  {
    name: 'no credentials for the server API',
    changes: { 'spec.server': {} },
    says: ['spec.server.credentialsSecretRef:', 'Required value'],
  },
  {
    name: 'a websocket address of the server API',
    changes: { 'spec.server.url': 'wss://media.example.com' },
    says: ['spec.server.url:', urlRemedy],
  },
  {
    name: 'a bare host as address of the server API',
    changes: { 'spec.server.url': 'media.example.com' },
    says: ['spec.server.url:', urlRemedy],
  },
];

const mediaNodes: readonly WrongManifest[] = [
  {
    name: 'a negative minimum',
    changes: { 'spec.mediaNodes.min': -1 },
    says: ['spec.mediaNodes.min:', 'greater than or equal to 1'],
  },
  {
    name: 'a minimum of zero',
    changes: { 'spec.mediaNodes.min': 0 },
    says: ['spec.mediaNodes.min:', 'greater than or equal to 1'],
  },
  {
    name: 'a minimum above the maximum',
    changes: { 'spec.mediaNodes.min': 6 },
    says: ['spec.mediaNodes.max:', 'raise max or lower min'],
  },
  {
    name: 'no maximum',
    changes: { 'spec.mediaNodes.max': undefined },
    says: ['spec.mediaNodes.max:', 'Required value'],
  },
  {
    name: 'a negative number of replicas',
    changes: { 'spec.mediaNodes.replicas': -1 },
    says: ['spec.mediaNodes.replicas:', 'greater than or equal to 0'],
  },
  {
    name: 'no template',
    changes: { 'spec.mediaNodes.template': undefined },
    says: ['spec.mediaNodes.template:', 'Required value'],
  },
  {
    name: 'a template without containers',
    changes: { 'spec.mediaNodes.template.spec.containers': [] },
    says: ['spec.mediaNodes.template.spec.containers:', 'name at least one container'],
  },
  {
    name: 'a capacity of zero',
    changes: { 'spec.mediaNodes.capacity': { participants: 0 } },
    says: ['spec.mediaNodes.capacity.participants:', 'greater than or equal to 1'],
  },
  {
    name: 'a start-up deadline in words',
    changes: { 'spec.mediaNodes.startupDeadline': '5 minutes' },
    says: ['spec.mediaNodes.startupDeadline:', durationRemedy],
  },
  {
    name: 'a start-up deadline of zero',
    changes: { 'spec.mediaNodes.startupDeadline': '0s' },
    says: ['spec.mediaNodes.startupDeadline:', durationRemedy],
  },
  {
    name: 'one port for two things',
    changes: { 'spec.mediaNodes.metricsPort': 7880 },
    says: ['spec.mediaNodes.metricsPort:', 'give each its own port'],
  },
  {
    name: 'a port out of range',
    changes: { 'spec.mediaNodes.signalPort': 70_000 },
    says: ['spec.mediaNodes.signalPort:', 'less than or equal to 65535'],
  },
];

const autoscaling: readonly WrongManifest[] = [
  {
    name: 'an unknown mode',
    changes: { 'spec.autoscaling.mode': 'Auto' },
    says: ['spec.autoscaling.mode:', 'supported values: "Enforce", "DryRun", "External", "Paused"'],
  },
  {
    name: 'a utilization above 100 percent',
    changes: { 'spec.autoscaling.targets': [{ type: 'Cpu', utilizationPercent: 110 }] },
    says: ['spec.autoscaling.targets[0].utilizationPercent:', 'less than or equal to 100'],
  },
  {
    name: 'an empty list of targets',
    changes: { 'spec.autoscaling.targets': [] },
    says: ['spec.autoscaling.targets:', 'at least 1 item'],
  },
  {
    name: 'the same type of target twice',
    changes: { 'spec.autoscaling.targets': [{ type: 'Cpu' }, { type: 'Cpu', utilizationPercent: 80 }] },
    says: ['spec.autoscaling.targets:', 'remove the duplicate'],
  },
  {
    name: 'a Prometheus target without its query',
    changes: { 'spec.autoscaling.targets': [{ type: 'Prometheus' }] },
    says: [
      'spec.autoscaling.targets[0].prometheus:',
      'set prometheus when type is Prometheus, and only then',
    ],
  },
  {
    name: 'a query on a target of another type',
    changes: { 'spec.autoscaling.targets': [{ type: 'Cpu', prometheus: query }] },
    says: [
      'spec.autoscaling.targets[0].prometheus:',
      'set prometheus when type is Prometheus, and only then',
    ],
  },
  {
    name: 'a Prometheus target of zero for each node',
    changes: {
      'spec.autoscaling.targets': [{ type: 'Prometheus', prometheus: { ...query, targetPerNode: 0 } }],
    },
    says: ['spec.autoscaling.targets[0].prometheus.targetPerNode:', 'should be greater than 0'],
  },
  {
    name: 'a Tracks target without the tracks that a node carries',
    changes: { 'spec.autoscaling.targets': [{ type: 'Tracks' }] },
    says: ['spec.mediaNodes.capacity.tracks:', 'set spec.mediaNodes.capacity.tracks or profileRef'],
  },
  {
    name: 'a Bandwidth target without the bandwidth of a node',
    changes: { 'spec.autoscaling.targets': [{ type: 'Bandwidth' }] },
    says: ['spec.mediaNodes.capacity.egressMbps:', 'set spec.mediaNodes.capacity.egressMbps or profileRef'],
  },
  {
    name: 'a negative headroom',
    changes: { 'spec.autoscaling.headroom': { slots: -5 } },
    says: ['spec.autoscaling.headroom.slots:', 'greater than or equal to 0'],
  },
  {
    name: 'a stabilization window of more than an hour',
    changes: { 'spec.autoscaling.behavior': { scaleDown: { stabilizationWindowSeconds: 7200 } } },
    says: ['spec.autoscaling.behavior.scaleDown.stabilizationWindowSeconds:', 'less than or equal to 3600'],
  },
];

const schedules: readonly WrongManifest[] = [
  ...['45 7 * *', '61 7 * * *', '0 24 * * *', '0 8 * * FUNDAY', '@daily', '0 8 * 13 *'].map(
    (start): WrongManifest => ({
      name: `a schedule that starts at "${start}"`,
      changes: { 'spec.autoscaling.schedules': [{ ...school, start }] },
      says: ['spec.autoscaling.schedules[0].start:', cronRemedy],
    }),
  ),
  {
    name: 'a time zone by its abbreviation',
    changes: { 'spec.autoscaling.schedules': [{ ...school, timeZone: 'CET+1' }] },
    says: ['spec.autoscaling.schedules[0].timeZone:', 'give an IANA time zone such as Europe/Madrid, or UTC'],
  },
  {
    name: 'a schedule without a length',
    changes: { 'spec.autoscaling.schedules': [{ ...school, duration: '5' }] },
    says: ['spec.autoscaling.schedules[0].duration:', durationRemedy],
  },
  {
    name: 'two schedules of one name',
    changes: { 'spec.autoscaling.schedules': [school, { ...school, start: '0 15 * * *' }] },
    says: ['spec.autoscaling.schedules[1]:', 'Duplicate value'],
  },
  {
    name: 'a schedule beyond the maximum',
    changes: { 'spec.autoscaling.schedules': [{ ...school, minNodes: 6 }] },
    says: ['spec.autoscaling.schedules:', "raise spec.mediaNodes.max or lower the schedule's minNodes"],
  },
];

const leaving: readonly WrongManifest[] = [
  {
    name: 'eviction without a deadline',
    changes: { 'spec.drain.onDeadline': 'Evict' },
    says: ['spec.drain.deadline:', 'set spec.drain.deadline, such as 4h, or set onDeadline to Wait'],
  },
  {
    name: 'a deadline in days',
    changes: { 'spec.drain.deadline': '1d' },
    says: ['spec.drain.deadline:', durationRemedy],
  },
  {
    name: 'no node allowed to leave',
    changes: { 'spec.drain.maxConcurrent': 0 },
    says: ['spec.drain.maxConcurrent:', 'greater than or equal to 1'],
  },
  {
    name: 'a grace period of zero',
    changes: { 'spec.drain.gracePeriod': '0s' },
    says: ['spec.drain.gracePeriod:', 'give a duration of at least 1s'],
  },
  {
    name: 'a canary of no nodes',
    changes: { 'spec.updates.canary': { percent: 0, duration: '1h' } },
    says: ['spec.updates.canary.percent:', 'greater than or equal to 1'],
  },
  ...[0, '0%', '120%', 'two'].map(
    (maxSurge): WrongManifest => ({
      name: `a surge of ${maxSurge}`,
      changes: { 'spec.updates.maxSurge': maxSurge },
      says: ['spec.updates.maxSurge:', 'give a number of nodes from 1 on, or a percentage from 1% to 100%'],
    }),
  ),
];

const whole: readonly WrongManifest[] = [
  {
    name: 'a misspelt field',
    changes: { 'spec.autoscaling.mod': 'DryRun' },
    says: ['spec.autoscaling.mod', 'unknown field'],
  },
  {
    name: 'a name that is too long for Pods and Services',
    changes: { 'metadata.name': 'm'.repeat(51) },
    says: ['metadata', 'use at most 50 lower-case letters'],
  },
  {
    name: 'a name with a dot',
    changes: { 'metadata.name': 'media.eu' },
    says: ['metadata', 'use at most 50 lower-case letters'],
  },
];

export const wrongManifests: readonly WrongManifest[] = [
  ...redis,
  ...server,
  ...mediaNodes,
  ...autoscaling,
  ...schedules,
  ...leaving,
  ...whole,
];
