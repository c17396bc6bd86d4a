/** In which objects a fleet at rest ends, without what differs from run to run: uids, versions, times and ordinals. */
import { API_VERSION, KIND, LABELS, SIGNALLING_ON } from '../../src/api/names.ts';
import type { KubeObject, Pod } from '../../src/kube/kinds.ts';
import {
  CONTROLLER_REVISIONS,
  PDBS,
  PODS,
  type ResourceType,
  SECRETS,
  SERVICES,
} from '../../src/kube/resource.ts';
import type { ChaosCell } from './cell.ts';

/** Text that is equal for equal ends; also names what is orphaned or left over. @throws ApiError */
export async function endOf(cell: ChaosCell): Promise<string> {
  const { view, namespace, name } = cell.wish;
  const list = async <T extends KubeObject>(type: ResourceType<T>): Promise<readonly T[]> =>
    (await view.client.list(type, { namespace })).items;
  const [pods, services, budgets, revisions, secrets] = await Promise.all([
    list(PODS),
    list(SERVICES),
    list(PDBS),
    list(CONTROLLER_REVISIONS),
    list(SECRETS),
  ]);
  const stored = new Set(revisions.map(({ metadata }) => metadata.labels?.[LABELS.revision] ?? ''));
  const secretNames = new Set(secrets.map(({ metadata }) => metadata.name));
  // One that waits in reserve may have been taken out of the Service on its way to leave, and comes back with its rooms.
  const fronts = pods.filter(({ metadata }) => metadata.labels?.[LABELS.signalling] === SIGNALLING_ON);
  const lines = [
    fronts.length > 0 ? 'somebody signals' : 'nobody signals',
    ...pods.map((pod) => podLine(pod, { name, stored, secretNames })),
    ...[...services, ...budgets].map(({ kind, metadata }) => `${kind} ${metadata.name}`),
  ];
  return lines.toSorted().join('\n').replaceAll(name, 'FLEET');
}

interface Around {
  readonly name: string;
  readonly stored: ReadonlySet<string>;
  readonly secretNames: ReadonlySet<string>;
}

function podLine({ metadata, spec }: Pod, { name, stored, secretNames }: Around): string {
  const { annotations = {}, ownerReferences = [] } = metadata;
  const owners = ownerReferences.filter(
    ({ kind, apiVersion }) => kind === KIND && apiVersion === API_VERSION,
  );
  const revision = annotations['openvidu.io/revision'] ?? '';
  const wishes = ['drain', 'cordon', 'drain-by'].filter((key) => `openvidu.io/${key}` in annotations);
  return [
    'Pod',
    owners.length === 1 ? 'owned' : 'orphaned',
    stored.has(revision) ? 'of a stored revision' : 'of a revision that is not stored',
    secretNames.has(`${name}-livekit-${revision}`) ? 'with its Secret' : 'without its Secret',
    wishes.length === 0 ? 'unmarked' : `marked ${wishes.join(' ')}`,
    `${spec.containers.length} containers`,
  ].join(', ');
}
