import { livekitSecretName, type OwnedMeta, type OwnerRef, ownedMeta } from './owned-object.ts';

/** Key of the Secret under which the media servers find their configuration. */
export const LIVEKIT_CONFIG_KEY = 'livekit.yaml';

const revisionKind = { apiVersion: 'apps/v1', kind: 'ControllerRevision' } as const;

export interface SecretObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly metadata: OwnedMeta;
  readonly type: 'Opaque';
  /** Base64. */
  readonly data: Readonly<Record<string, string>>;
}

/** The revision that a Secret belongs to; without the object that keeps it the Secret belongs to the cluster. */
export interface SecretOf {
  readonly revision: string;
  /** The ControllerRevision, as the API server knows it. */
  readonly keeper?: { readonly name: string; readonly uid: string };
}

/**
 * The Secret that carries `yaml`, as made by `livekitConfig`, to the media servers of a revision. It goes with the
 * ControllerRevision, so that nobody needs the right to delete Secrets. Never log it.
 */
export function livekitSecret(owner: OwnerRef, of: SecretOf, yaml: string): SecretObject {
  const metadata = ownedMeta(owner, livekitSecretName(owner.name, of.revision));
  const keeper = of.keeper === undefined ? undefined : { ...of.keeper, ...revisionKind, controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: keeper === undefined ? metadata : { ...metadata, ownerReferences: [keeper] },
    type: 'Opaque',
    // Not stringData: a server-side apply would never see that a key was dropped from it.
    data: { [LIVEKIT_CONFIG_KEY]: Buffer.from(yaml, 'utf8').toString('base64') },
  };
}
