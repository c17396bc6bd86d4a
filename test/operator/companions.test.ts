import { describe, expect, test } from '@jest/globals';
import {
  companionProblems,
  companionsOf,
  companionsOfStranger,
  type PodShape,
} from '../../src/operator/companions.ts';

type Container = PodShape['spec']['containers'][number] & Readonly<Record<string, unknown>>;

function template(containers: readonly Container[], companions?: string): PodShape {
  const annotations = companions === undefined ? {} : { 'openvidu.io/companions': companions };
  return { metadata: { annotations }, spec: { containers: [{ name: 'livekit' }, ...containers] } };
}

const ports = (named: Readonly<Record<string, number>>) =>
  Object.entries(named).map(([name, containerPort]) => ({ name, containerPort }));
const egressMetrics = { port: 9100, path: '/metrics', word: { kind: 'EgressMetrics' } };

describe('companions are', () => {
  test.each<readonly [claim: string, container: Container, sources: readonly unknown[]]>([
    ['an egress by its name', { name: 'egress', ports: ports({ metrics: 9100 }) }, [egressMetrics]],
    [
      'an egress by its image, asked on both of its pages',
      {
        name: 'recorder',
        image: 'registry:5000/livekit/egress:v1.14.1@sha256:0a',
        ports: ports({ metrics: 9100, health: 9091 }),
      },
      [egressMetrics, { port: 9091, path: '/', word: { kind: 'EgressStatus' } }],
    ],
    [
      'an ingress',
      { name: 'ingress', ports: ports({ metrics: 9200, health: 9092 }) },
      [{ port: 9200, path: '/metrics', word: { kind: 'IngressMetrics' } }],
    ],
    [
      'an agent of OpenVidu by its name, at its usual port',
      { name: 'agent-speech-processing' },
      [{ port: 8081, path: '/worker', word: { kind: 'AgentWorker' } }],
    ],
    [
      'an agent by its image',
      { name: 'captions', image: 'docker.io/openvidu/agent-speech-processing-vosk:3.9.0' },
      [{ port: 8081, path: '/worker', word: { kind: 'AgentWorker' } }],
    ],
    [
      'an agent of OpenVidu by its configuration, at the port that it names',
      { name: 'captions', env: [{ name: 'AGENT_CONFIG_BODY', value: '' }], ports: ports({ health: 8090 }) },
      [{ port: 8090, path: '/worker', word: { kind: 'AgentWorker' } }],
    ],
    ['an egress that cannot be asked, so that it is never taken for idle', { name: 'egress' }, []],
  ])('%s', (_, container, sources) => {
    expect(companionsOf(template([container]))).toEqual([{ name: container.name, sources }]);
  });

  test('sidecars that are written as init containers, too', () => {
    const initContainers = [
      { name: 'egress', restartPolicy: 'Always', ports: ports({ metrics: 9100 }) },
      { name: 'ingress' },
    ];
    const pod = { spec: { containers: [{ name: 'livekit' }], initContainers } };
    expect(companionsOf(pod)).toEqual([{ name: 'egress', sources: [egressMetrics] }]);
  });

  test.each<Container>([
    { name: 'prometheus', image: 'prom/prometheus:v3' },
    { name: 'caddy', image: 'openvidu/openvidu-caddy:3.9.0' },
    { name: 'alloy', image: 'grafana/alloy:v1.17.0', ports: ports({ metrics: 12345 }) },
    { name: 'egress-logs', image: 'busybox' },
    { name: 'reagent', image: 'reagent' },
  ])('not $name', (container) => {
    expect(companionsOf(template([container]))).toEqual([]);
  });

  test('not the media server, whatever it is called', () => {
    expect(companionsOf({ spec: { containers: [{ name: 'agent' }] } })).toEqual([]);
  });
});

describe('the annotation', () => {
  const mixer = { name: 'mixer' };

  test.each<readonly [text: string, sources: readonly unknown[]]>([
    [
      'mixer=9300/metrics mixer_jobs',
      [{ port: 9300, path: '/metrics', word: { kind: 'Metric', metric: 'mixer_jobs' } }],
    ],
    [
      'mixer=9300 mixer_jobs',
      [{ port: 9300, path: '/metrics', word: { kind: 'Metric', metric: 'mixer_jobs' } }],
    ],
    [
      '  mixer = 9300/m  mixer_jobs \n',
      [{ port: 9300, path: '/m', word: { kind: 'Metric', metric: 'mixer_jobs' } }],
    ],
  ])('names a companion: %j', (text, sources) => {
    expect(companionsOf(template([mixer], text))).toEqual([{ name: 'mixer', sources }]);
  });

  test.each<readonly [text: string, container: string, source: unknown]>([
    ['egress=9100', 'egress', egressMetrics],
    ['egress=9091/', 'egress', { port: 9091, path: '/', word: { kind: 'EgressStatus' } }],
    ['ingress=9200', 'ingress', { port: 9200, path: '/metrics', word: { kind: 'IngressMetrics' } }],
    ['agent-a=8090', 'agent-a', { port: 8090, path: '/worker', word: { kind: 'AgentWorker' } }],
  ])('tells where a known one is asked: %s', (text, name, source) => {
    expect(companionsOf(template([{ name }], text))).toEqual([{ name, sources: [source] }]);
  });

  test('takes a container off the list that only looks like one', () => {
    const logs = { name: 'agent', image: 'datadog/agent:7' };
    expect(companionsOf(template([logs], 'agent=none'))).toEqual([]);
    expect(companionProblems(template([logs], 'agent=none'))).toEqual([]);
  });

  test.each<readonly [does: string, container: Container, text: string, sources: readonly unknown[]]>([
    [
      'does not take one off',
      { name: 'egress', ports: ports({ metrics: 9100 }) },
      'egress=none',
      [egressMetrics],
    ],
    [
      'does not ask one elsewhere',
      { name: 'egress', ports: ports({ metrics: 9100 }) },
      'egress=1',
      [egressMetrics],
    ],
    ['tells where one is asked that has no port', { name: 'egress' }, 'egress=9100', [egressMetrics]],
  ])('on a Pod of which nobody knows what it was made from %s', (_, container, text, sources) => {
    expect(companionsOfStranger(template([container], text))).toEqual([{ name: container.name, sources }]);
  });

  test('takes several, by comma, semicolon or line', () => {
    const pod = template([mixer, { name: 'egress' }, { name: 'agent' }], 'mixer=1 a, egress=2;\nagent=none');
    expect(companionsOf(pod).map(({ name }) => name)).toEqual(['mixer', 'egress']);
  });

  test.each([
    ['mixer', 'cannot read "mixer"'],
    ['mixer=x', 'cannot read'],
    ['mixer=123456 a', 'cannot read'],
    ['mixer=9300', 'name the metric'],
    ['mixer=0 a', 'no port'],
    ['mixer=70000 a', 'no port'],
    ['mixr=9300 a', 'there is no container mixr'],
    ['livekit=9300 a', 'there is no container livekit'],
  ])('with a fault is told with the remedy: %s', (text, says) => {
    const [problem] = companionProblems(template([mixer], text));
    expect(problem?.field).toBe('spec.mediaNodes.template.metadata.annotations[openvidu.io/companions]');
    expect(problem?.message).toContain(says);
  });
});

test('a companion that cannot be asked is a fault of the template', () => {
  const [problem, ...others] = companionProblems(template([{ name: 'egress' }, { name: 'agent' }]));
  expect(others).toEqual([]);
  expect(problem?.field).toBe('spec.mediaNodes.template.spec.containers[egress]');
  expect(problem?.message).toContain('would never be removed');
});
