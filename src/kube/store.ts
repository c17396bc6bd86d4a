import type { KubeObject } from './kinds.ts';
import { keyOfObject, objectKey } from './object-key.ts';
import { isAtLeast } from './resource-version.ts';

/** One change of one object. A recreation under the same name is a `deleted` followed by an `added`. */
export type Change<T> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'modified'; readonly object: T; readonly old: T }
  | { readonly type: 'deleted'; readonly object: T };

/** Says under which values of an index an object is found. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** Objects by name with any number of indexes; turns what arrives into changes, by uid and version. */
export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #functions: Readonly<Record<string, IndexFunction<T>>>;
  readonly #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(functions: Readonly<Record<string, IndexFunction<T>>> = {}) {
    this.#functions = functions;
    for (const name of Object.keys(functions)) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(objectKey(namespace, name));
  }

  list(namespace?: string): readonly T[] {
    const all = [...this.#objects.values()];
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  /** Empty for an index that does not exist. */
  byIndex(index: string, value: string): readonly T[] {
    const found: T[] = [];
    for (const key of this.#indexes.get(index)?.get(value) ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  /** Stores an object that a watch reported; an older version than the stored one is not news. */
  put(object: T): readonly Change<T>[] {
    const old = this.#objects.get(keyOfObject(object));
    const stale =
      old !== undefined &&
      old.metadata.uid === object.metadata.uid &&
      isAtLeast(old.metadata.resourceVersion, object.metadata.resourceVersion);
    return stale ? [] : this.#set(object, old);
  }

  /** Forgets an object that a watch reported as deleted, unless another one has its name by now. */
  remove(object: T): readonly Change<T>[] {
    const old = this.#objects.get(keyOfObject(object));
    if (old === undefined || old.metadata.uid !== object.metadata.uid) return [];
    this.#drop(old);
    return [{ type: 'deleted', object }];
  }

  /** Takes a complete list for the truth. Objects of the same uid and version are no change. */
  replaceAll(objects: readonly T[]): readonly Change<T>[] {
    const changes: Change<T>[] = [];
    const listed = new Set(objects.map(keyOfObject));
    for (const [key, old] of this.#objects) {
      if (listed.has(key)) continue;
      this.#drop(old);
      changes.push({ type: 'deleted', object: old });
    }
    for (const object of objects) {
      const old = this.#objects.get(keyOfObject(object));
      if (old !== undefined && isSame(old, object)) continue;
      changes.push(...this.#set(object, old));
    }
    return changes;
  }

  #set(object: T, old: T | undefined): readonly Change<T>[] {
    if (old !== undefined) this.#drop(old);
    const key = keyOfObject(object);
    this.#objects.set(key, object);
    for (const [name, valuesOf] of Object.entries(this.#functions)) {
      for (const value of valuesOf(object)) this.#bucket(name, value).add(key);
    }
    if (old === undefined) return [{ type: 'added', object }];
    if (old.metadata.uid === object.metadata.uid) return [{ type: 'modified', object, old }];
    return [
      { type: 'deleted', object: old },
      { type: 'added', object },
    ];
  }

  #drop(old: T): void {
    const key = keyOfObject(old);
    this.#objects.delete(key);
    for (const [name, valuesOf] of Object.entries(this.#functions)) {
      for (const value of valuesOf(old)) {
        const bucket = this.#indexes.get(name)?.get(value);
        bucket?.delete(key);
        if (bucket?.size === 0) this.#indexes.get(name)?.delete(value);
      }
    }
  }

  #bucket(index: string, value: string): Set<string> {
    const values = this.#indexes.get(index) ?? new Map<string, Set<string>>();
    this.#indexes.set(index, values);
    const bucket = values.get(value) ?? new Set<string>();
    values.set(value, bucket);
    return bucket;
  }
}

function isSame(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
