import type {
  ControllerRevision,
  EventObject,
  KubeNode,
  KubeObject,
  Lease,
  Pod,
  Secret,
  Service,
} from './kinds.ts';

/** Where a kind lives in the API, and the type of its objects. */
export interface ResourceType<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: it only ties the objects' type to the constant. */
  readonly example?: T;
}

/** Names one object; the namespace is needed for namespaced kinds only. */
export interface Ref {
  readonly name: string;
  readonly namespace?: string;
}

/** Ties an own type to a resource, for custom resources. */
export function resourceType<T extends KubeObject>(type: Omit<ResourceType, 'example'>): ResourceType<T> {
  return type;
}

function core<T extends KubeObject>(kind: string, plural: string, namespaced = true): ResourceType<T> {
  return { group: '', version: 'v1', plural, kind, namespaced };
}

export const PODS = core<Pod>('Pod', 'pods');
export const SERVICES = core<Service>('Service', 'services');
export const SECRETS = core<Secret>('Secret', 'secrets');
export const NODES = core<KubeNode>('Node', 'nodes', false);
export const EVENTS = resourceType<EventObject>({
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
});
export const LEASES = resourceType<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
});
export const CONTROLLER_REVISIONS = resourceType<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  plural: 'controllerrevisions',
  kind: 'ControllerRevision',
  namespaced: true,
});
export const PDBS = resourceType<KubeObject>({
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
});

/** `v1` or `group/version`. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** Path of a kind's collection, in one namespace or in all of them. */
export function collectionPath(type: ResourceType, namespace?: string): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const scope =
    type.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${type.plural}`;
}

/** Path of one object or of one of its subresources. @throws TypeError when a namespaced kind lacks its namespace. */
export function objectPath(type: ResourceType, ref: Ref, subresource?: string): string {
  if (type.namespaced && ref.namespace === undefined) {
    throw new TypeError(`${type.kind} ${ref.name} is named without its namespace`);
  }
  const path = `${collectionPath(type, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}
