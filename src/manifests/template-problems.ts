/** What a Pod template must not say, because it would cut rooms. The API server accepts all of it. */
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import type { SpecProblem } from '../core/spec.ts';
import { isJsonObject, type JsonObject } from '../base/json-object.ts';
import { valueAt } from './deep-merge.ts';
import { configProblems } from './livekit-config.ts';
import { mediaContainerIndex } from './media-container.ts';

type Spec = OpenViduCluster['spec'];
type MediaNodes = Spec['mediaNodes'];
type Check = (mediaNodes: MediaNodes) => readonly SpecProblem[];

const templateField = 'spec.mediaNodes.template.spec';

const checks: readonly Check[] = [
  hasContainers,
  livenessIsNotReadiness,
  nothingSignalsFirst,
  nothingEndsThePod,
];

/** Faults of `spec.mediaNodes.template` and `spec.mediaNodes.config`, in a fixed order. Never throws. */
export function manifestProblems(spec: Pick<Spec, 'mediaNodes'>): readonly SpecProblem[] {
  const { mediaNodes } = spec;
  return [...checks.flatMap((check) => check(mediaNodes)), ...configProblems(mediaNodes)];
}

function hasContainers({ template }: MediaNodes): readonly SpecProblem[] {
  if (template.spec.containers.length > 0) return [];
  return [
    { field: `${templateField}.containers`, message: 'name at least the container of the media server.' },
  ];
}

function livenessIsNotReadiness({ template, signalPort }: MediaNodes): readonly SpecProblem[] {
  const at = mediaContainerIndex(template.spec.containers);
  const container = template.spec.containers[at];
  const port = valueAt(container, 'livenessProbe', 'httpGet', 'port');
  if (container === undefined || port === undefined || portNumber(container, port) !== signalPort) return [];
  const message =
    'over HTTP the server answers with an error while Redis is away, so an outage of Redis would restart every ' +
    `Media Node and cut all rooms: write tcpSocket: {port: ${signalPort}} instead of httpGet, or remove the probe.`;
  return [{ field: `${templateField}.containers[${at}].livenessProbe.httpGet`, message }];
}

function portNumber(container: JsonObject, port: unknown): unknown {
  if (typeof port !== 'string') return port;
  const ports = Array.isArray(container['ports']) ? container['ports'].filter(isJsonObject) : [];
  return ports.find((candidate) => candidate['name'] === port)?.['containerPort'] ?? Number(port);
}

function nothingSignalsFirst({ template }: MediaNodes): readonly SpecProblem[] {
  const media = mediaContainerIndex(template.spec.containers);
  const shared = template.spec['shareProcessNamespace'] === true;
  return template.spec.containers.flatMap((container, at) => {
    if (at !== media && !shared) return [];
    if (valueAt(container, 'lifecycle', 'preStop', 'exec') === undefined) return [];
    const message =
      'a command before the stop could signal the media server, and a second signal cuts its rooms: remove it; ' +
      'the server drains by itself on the one signal that it gets.';
    return [{ field: `${templateField}.containers[${at}].lifecycle.preStop.exec`, message }];
  });
}

function nothingEndsThePod({ template }: MediaNodes): readonly SpecProblem[] {
  if (typeof template.spec['activeDeadlineSeconds'] !== 'number') return [];
  const message = 'it ends a Media Node in the midst of its rooms: remove it.';
  return [{ field: `${templateField}.activeDeadlineSeconds`, message }];
}
