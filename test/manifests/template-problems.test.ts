import { expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/base/json-object.ts';
import { manifestProblems } from '../../src/manifests/template-problems.ts';
import { aClusterSpec } from './a-cluster-spec.ts';

const problemsOf = (podSpec: JsonObject, others: JsonObject = {}) =>
  manifestProblems(aClusterSpec({ mediaNodes: { ...others, template: { spec: podSpec } } }));

const withMedia = (media: JsonObject): JsonObject => ({
  containers: [{ name: 'egress' }, { name: 'openvidu', ...media }],
});
const at = (path: string): string => `spec.mediaNodes.template.spec.${path}`;

const faults: Readonly<Record<string, { podSpec: JsonObject; field: string; remedy: string }>> = {
  'a liveness probe over HTTP on the signal port': {
    podSpec: withMedia({ livenessProbe: { httpGet: { path: '/', port: 7880 } } }),
    field: at('containers[1].livenessProbe.httpGet'),
    remedy: 'write tcpSocket: {port: 7880} instead',
  },
  'a liveness probe over HTTP on the signal port by its name': {
    podSpec: withMedia({
      ports: [{ name: 'http', containerPort: 7880 }],
      livenessProbe: { httpGet: { path: '/', port: 'http' } },
    }),
    field: at('containers[1].livenessProbe.httpGet'),
    remedy: 'an outage of Redis would restart every Media Node',
  },
  'a command before the stop of the media server': {
    podSpec: withMedia({ lifecycle: { preStop: { exec: { command: ['kill', '1'] } } } }),
    field: at('containers[1].lifecycle.preStop.exec'),
    remedy: 'remove it',
  },
  'a command before the stop of a companion that sees all processes': {
    podSpec: {
      shareProcessNamespace: true,
      containers: [{ name: 'egress', lifecycle: { preStop: { exec: {} } } }, { name: 'openvidu' }],
    },
    field: at('containers[0].lifecycle.preStop.exec'),
    remedy: 'remove it',
  },
  'a deadline for the whole Pod': {
    podSpec: { activeDeadlineSeconds: 3600 },
    field: at('activeDeadlineSeconds'),
    remedy: 'remove it',
  },
  'no container at all': { podSpec: { containers: [] }, field: at('containers'), remedy: 'name at least' },
};

test.each(Object.entries(faults))(
  '%s is a problem with field and remedy',
  (_, { podSpec, field, remedy }) => {
    expect(problemsOf(podSpec)).toEqual([{ field, message: expect.stringContaining(remedy) }]);
  },
);

test.each<[string, JsonObject]>([
  ['a bare template', {}],
  ['a liveness probe over TCP', withMedia({ livenessProbe: { tcpSocket: { port: 7880 } } })],
  ['a liveness probe over HTTP on another port', withMedia({ livenessProbe: { httpGet: { port: 8080 } } })],
  ['a readiness probe over HTTP', withMedia({ readinessProbe: { httpGet: { path: '/', port: 7880 } } })],
  ['a pause before the stop', withMedia({ lifecycle: { preStop: { sleep: { seconds: 5 } } } })],
  [
    'a command before the stop of a companion that sees only itself',
    { containers: [{ name: 'openvidu' }, { name: 'egress', lifecycle: { preStop: { exec: {} } } }] },
  ],
  ['any restart policy', { restartPolicy: 'OnFailure' }],
])('%s is no problem', (_, podSpec) => {
  expect(problemsOf(podSpec)).toEqual([]);
});

test('faults of the config are found together with those of the template', () => {
  const fields = problemsOf({ activeDeadlineSeconds: 1 }, { config: { port: 1 } }).map(({ field }) => field);

  expect(fields).toEqual([at('activeDeadlineSeconds'), 'spec.mediaNodes.config.port']);
});
