/** What was learned of the rooms, kept in a ConfigMap, so that a restart does not begin with guesses. */
import { createHash } from 'node:crypto';
import type { OpenViduCluster } from '../api/v1alpha1.gen.ts';
import { FIELD_MANAGER } from '../api/names.ts';
import type { Log } from '../base/log.ts';
import type { KubeClient } from '../kube/client.ts';
import { ownedMeta } from '../manifests/owned-object.ts';
import type { LearnedPort } from '../reconcile/ports.ts';
import { CONFIG_MAPS } from './receipts.ts';

const key = 'learned.json';
/** A ConfigMap holds 1 MiB; a checkpoint that came near it is not worth a refused write. */
const mostBytes = 900_000;

export function learnedName(cluster: string): string {
  return `${cluster}-learned`;
}

export interface CheckpointParts {
  readonly client: Pick<KubeClient, 'find' | 'create' | 'patchMerge'>;
  readonly log: Log;
  readonly apiSecret: string;
  /** The resource as it is now. */
  cluster(): OpenViduCluster;
}

/**
 * Checkpoints of one OpenViduCluster. One write at a time: a save that comes while another is under way is left out.
 * Only what adds knowledge is written: a fleet in which no room begins or ends writes nothing.
 */
export class CheckpointStore implements LearnedPort {
  /** Of this fleet alone, so that hashes of two fleets cannot be compared. It stands in the checkpoint: guard that. */
  readonly salt: number;
  readonly #parts: CheckpointParts;
  #stored = '';
  #saving = false;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    const seed = `${parts.cluster().metadata.uid ?? ''} ${parts.apiSecret}`;
    this.salt = createHash('sha256').update(seed).digest().readUInt32BE(0);
  }

  /** @throws ApiError when the API server cannot tell now. */
  async load(): Promise<unknown> {
    const { name, namespace } = this.#parts.cluster().metadata;
    const found = await this.#parts.client.find(CONFIG_MAPS, { name: learnedName(name), namespace });
    const text = found?.data?.[key];
    if (text === undefined) return undefined;
    try {
      const checkpoint: unknown = JSON.parse(text);
      this.#stored = knowledgeIn(checkpoint);
      return checkpoint;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      // The learner says in one sentence that this is no checkpoint, and the priors hold.
      return text;
    }
  }

  save(checkpoint: unknown): void {
    const knowledge = knowledgeIn(checkpoint);
    if (this.#saving || knowledge === this.#stored) return;
    const text = JSON.stringify(checkpoint);
    if (Buffer.byteLength(text) > mostBytes) {
      this.#parts.log.warn('what was learned is too large to be kept', { bytes: Buffer.byteLength(text) });
      return;
    }
    this.#saving = true;
    void this.#write(text).then((written) => {
      this.#saving = false;
      if (written) this.#stored = knowledge;
    });
  }

  /** Never rejects. */
  async #write(text: string): Promise<boolean> {
    const { client, log } = this.#parts;
    const { metadata } = this.#parts.cluster();
    const name = learnedName(metadata.name);
    const data = { [key]: text };
    try {
      const at = { name, namespace: metadata.namespace };
      const exists = (await client.find(CONFIG_MAPS, at)) !== undefined;
      if (exists) await client.patchMerge(CONFIG_MAPS, at, { data }, { fieldManager: FIELD_MANAGER });
      else {
        const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: ownedMeta(metadata, name), data };
        await client.create(CONFIG_MAPS, object);
      }
      return true;
    } catch (error) {
      // The next checkpoint comes in ten minutes; until then only a restart would miss this one.
      log.warn('what was learned could not be kept', { error });
      return false;
    }
  }
}

/** The parts that change only when rooms begin, grow or end; time alone changes the others. */
function knowledgeIn(checkpoint: unknown): string {
  if (typeof checkpoint !== 'object' || checkpoint === null) return '';
  const { growth, sizes, names } = checkpoint as Readonly<Record<string, unknown>>;
  return createHash('sha256')
    .update(JSON.stringify([growth, sizes, names]))
    .digest('hex');
}
