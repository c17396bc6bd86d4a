import type { KubeObject } from './kinds.ts';

/** `namespace/name`, by which objects of one kind are told apart; with nothing before the slash for a kind without namespaces. */
export function objectKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

export function keyOfObject({ metadata }: Pick<KubeObject, 'metadata'>): string {
  return objectKey(metadata.namespace, metadata.name);
}
