/**
 * Which containers of a Pod template are companions that work for rooms or recordings, and where each tells whether
 * it is at work. Nodes of an earlier template have their own.
 */
import { ANNOTATIONS } from '../api/names.ts';
import type { SpecProblem } from '../core/spec.ts';
import type { CompanionSource, CompanionTarget } from '../livekit/companion-words.ts';
import { isJsonObject, type JsonObject } from '../base/json-object.ts';
import { mediaContainerIndex } from '../manifests/media-container.ts';

/** What counts of a Pod template. */
export interface PodShape {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } | undefined;
  readonly spec: {
    readonly containers: readonly { readonly name: string }[];
    readonly [field: string]: unknown;
  };
}

type Kind = 'egress' | 'ingress' | 'agent';

/** The port on which a worker of LiveKit agents answers unless it is told otherwise. */
const agentPort = 8081;

/** Containers that are known by name, image or environment, and those that the annotation names. */
export function companionsOf(template: PodShape): readonly CompanionTarget[] {
  return companionsBy(template, (entry, known) => {
    if (entry === undefined) return known;
    return entry.kind === 'At' ? [entry.source] : undefined;
  });
}

/**
 * Those of a Pod of which nobody knows what it was made from. Annotations of a Pod are changed more easily than a template:
 * they may add a companion, and cannot take one away that is known for what it is.
 */
export function companionsOfStranger(pod: PodShape): readonly CompanionTarget[] {
  return companionsBy(pod, (entry, known) =>
    entry?.kind === 'At' && (known ?? []).length === 0 ? [entry.source] : known,
  );
}

/** Where a container is asked, by its entry in the annotation and by what it is known for; `undefined`: it is no companion. */
type Rule = (
  entry: Entry | undefined,
  known: readonly CompanionSource[] | undefined,
) => readonly CompanionSource[] | undefined;

function companionsBy(pod: PodShape, rule: Rule): readonly CompanionTarget[] {
  const { entries } = annotated(pod);
  return besides(pod).flatMap((container): readonly CompanionTarget[] => {
    const name = String(container['name']);
    const kind = kindOf(container);
    const sources = rule(entries.get(name), kind === undefined ? undefined : sourcesOf(kind, container));
    return sources === undefined ? [] : [{ name, sources }];
  });
}

/** Faults by which a node could never be shown to be idle, with the remedy. */
export function companionProblems(template: PodShape): readonly SpecProblem[] {
  const { problems } = annotated(template);
  const mute = companionsOf(template).filter(({ sources }) => sources.length === 0);
  return [
    ...problems,
    ...mute.map(({ name }) => ({
      field: `spec.mediaNodes.template.spec.containers[${name}]`,
      message:
        'it cannot be asked whether it is at work, so its node would never be removed: give its container a port ' +
        `named metrics or health, or annotate the template with ${ANNOTATIONS.companions}: ${name}=PORT.`,
    })),
  ];
}

/** All but the media server, with those sidecars that are written as init containers. */
function besides({ spec }: PodShape): readonly JsonObject[] {
  const media = spec.containers[mediaContainerIndex(spec.containers)];
  const early = Array.isArray(spec['initContainers']) ? spec['initContainers'].filter(isJsonObject) : [];
  const sidecars = early.filter((container) => container['restartPolicy'] === 'Always');
  return [...spec.containers.filter((container) => container !== media).filter(isJsonObject), ...sidecars];
}

function kindOf(container: JsonObject): Kind | undefined {
  const name = container['name'];
  const program = programOf(container['image']);
  if (name === 'egress' || program === 'egress') return 'egress';
  if (name === 'ingress' || program === 'ingress') return 'ingress';
  const isNamed = [name, program].some((text) => typeof text === 'string' && /^agent(-|$)/.test(text));
  return isNamed || hasAgentConfig(container['env']) ? 'agent' : undefined;
}

/** The last part of an image's path, without tag and digest. */
function programOf(image: unknown): string | undefined {
  return typeof image === 'string' ? /([^/:@]+)(?::[^/@]*)?(?:@.*)?$/.exec(image)?.[1] : undefined;
}

/** The agents of OpenVidu get their configuration by one of these variables. */
function hasAgentConfig(env: unknown): boolean {
  return listOf(env).some((item) =>
    ['AGENT_CONFIG_BODY', 'AGENT_CONFIG_FILE'].includes(String(item['name'])),
  );
}

function sourcesOf(kind: Kind, container: JsonObject): readonly CompanionSource[] {
  const metrics = portNamed(container, 'metrics');
  const health = portNamed(container, 'health');
  switch (kind) {
    case 'egress':
      return [...at(metrics, '/metrics', 'EgressMetrics'), ...at(health, '/', 'EgressStatus')];
    case 'ingress':
      return at(metrics, '/metrics', 'IngressMetrics');
    case 'agent':
      return at(health ?? agentPort, '/worker', 'AgentWorker');
  }
}

type PlainWord = 'EgressMetrics' | 'EgressStatus' | 'IngressMetrics' | 'AgentWorker';

function at(port: number | undefined, path: string, kind: PlainWord): readonly CompanionSource[] {
  return port === undefined ? [] : [{ port, path, word: { kind } }];
}

function portNamed(container: JsonObject, name: string): number | undefined {
  const found = listOf(container['ports']).find((port) => port['name'] === name)?.['containerPort'];
  return typeof found === 'number' ? found : undefined;
}

type Entry = { readonly kind: 'None' } | { readonly kind: 'At'; readonly source: CompanionSource };

interface Annotated {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly problems: readonly SpecProblem[];
}

/** `name=none`, or `name=port/path metric` with the path and, for the known kinds, the metric left out. */
const entryForm =
  /^(?<name>[a-z0-9-]+)\s*=\s*(?:none|(?<port>\d{1,5})(?<path>\/\S*)?(?:\s+(?<metric>\S+))?)$/;

function annotated(pod: PodShape): Annotated {
  const text = pod.metadata?.annotations?.[ANNOTATIONS.companions] ?? '';
  const entries = new Map<string, Entry>();
  const problems: SpecProblem[] = [];
  for (const part of text.split(/[\n,;]/).map((line) => line.trim())) {
    if (part === '') continue;
    const read = readEntry(pod, part);
    if (typeof read === 'string') problems.push({ field: annotationField, message: read });
    else entries.set(read.name, read.entry);
  }
  return { entries, problems };
}

const annotationField = `spec.mediaNodes.template.metadata.annotations[${ANNOTATIONS.companions}]`;

/** The entry, or what is wrong with it. */
function readEntry(pod: PodShape, part: string): { readonly name: string; readonly entry: Entry } | string {
  const { name = '', port, path, metric } = entryForm.exec(part)?.groups ?? {};
  if (name === '') {
    return `cannot read "${part}": write name=port/path metric, or name=none for a container that does no work for rooms.`;
  }
  const container = besides(pod).find((one) => one['name'] === name);
  if (container === undefined)
    return `there is no container ${name} beside the media server: correct the name.`;
  if (port === undefined) return { name, entry: { kind: 'None' } };
  if (Number(port) < 1 || Number(port) > 65_535) return `${port} is no port: give one from 1 to 65535.`;
  const source = sourceAt(Number(port), path, { metric, kind: kindOf(container) });
  return source === undefined
    ? `name the metric that counts the work of ${name}, such as ${name}=${port}/metrics active_jobs.`
    : { name, entry: { kind: 'At', source } };
}

/** Where a known kind is asked unless the path is given. */
const usual: Readonly<Record<Kind, { readonly path: string; readonly word: PlainWord }>> = {
  egress: { path: '/metrics', word: 'EgressMetrics' },
  ingress: { path: '/metrics', word: 'IngressMetrics' },
  agent: { path: '/worker', word: 'AgentWorker' },
};

function sourceAt(
  port: number,
  path: string | undefined,
  { metric, kind }: { readonly metric: string | undefined; readonly kind: Kind | undefined },
): CompanionSource | undefined {
  if (metric !== undefined) return { port, path: path ?? '/metrics', word: { kind: 'Metric', metric } };
  if (kind === undefined) return undefined;
  const known = usual[kind];
  const word = kind === 'egress' && path === '/' ? 'EgressStatus' : known.word;
  return { port, path: path ?? known.path, word: { kind: word } };
}

function listOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
