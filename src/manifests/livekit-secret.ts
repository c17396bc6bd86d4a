import { livekitSecretName, type OwnedMeta, type OwnerRef, ownedMeta } from './owned-object.ts';

/** Key of the Secret under which the media servers find their configuration. */
export const LIVEKIT_CONFIG_KEY = 'livekit.yaml';

export interface SecretObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Secret';
  readonly metadata: OwnedMeta;
  readonly type: 'Opaque';
  /** Base64. */
  readonly data: Readonly<Record<string, string>>;
}

/** The Secret that carries `yaml`, as made by `livekitConfig`, to the media servers. Never log it. */
export function livekitSecret(owner: OwnerRef, yaml: string): SecretObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: ownedMeta(owner, livekitSecretName(owner.name)),
    type: 'Opaque',
    // Not stringData: a server-side apply would never see that a key was dropped from it.
    data: { [LIVEKIT_CONFIG_KEY]: Buffer.from(yaml, 'utf8').toString('base64') },
  };
}
