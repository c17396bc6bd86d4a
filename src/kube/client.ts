import { NotFoundError } from './errors.ts';
import type { KubeHttp, Query } from './http.ts';
import type { KubeObject, NewObject } from './kinds.ts';
import { apiVersionOf, collectionPath, objectPath, type Ref, type ResourceType } from './resource.ts';

export interface CallOptions {
  /** Limit of the whole call; 10 s unless told. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface WriteOptions extends CallOptions {
  readonly fieldManager?: string;
  /** Goes through admission and validation, stores nothing. */
  readonly dryRun?: boolean;
  readonly subresource?: string;
  /** What the server does with unknown fields; its own default is to warn. */
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Takes fields that another manager owns. */
  readonly force?: boolean;
}

export interface ListOptions extends CallOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects a page. */
  readonly limit?: number;
}

export interface DeleteOptions extends CallOptions {
  /** Refused with ConflictError when the object is another one by now. */
  readonly uid?: string;
  /** Refused with ConflictError when the object has changed since. */
  readonly resourceVersion?: string;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly dryRun?: boolean;
}

export interface KubeList<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** One page of a list, as it is on the wire. */
export interface ListPage<T> {
  readonly items: readonly T[];
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

interface Patch {
  readonly contentType: string;
  readonly body: unknown;
  readonly query?: Query;
}

const pageSize = 500;

/** Typed reads and writes of raw JSON objects. Every method throws an ApiError on failure. */
export class KubeClient {
  readonly http: KubeHttp;

  constructor(http: KubeHttp) {
    this.http = http;
  }

  async get<T extends KubeObject>(type: ResourceType<T>, ref: Ref, options: CallOptions = {}): Promise<T> {
    return await this.http.request<T>({ method: 'GET', path: objectPath(type, ref), ...limits(options) });
  }

  /** Like `get`, with `undefined` for an object that is not there. */
  async find<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Ref,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    try {
      return await this.get(type, ref, options);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** All pages, with `apiVersion` and `kind` filled in. */
  async list<T extends KubeObject>(type: ResourceType<T>, options: ListOptions = {}): Promise<KubeList<T>> {
    const items: T[] = [];
    let next: string | undefined;
    for (;;) {
      const page = await listPage(this.http, type, options, next);
      for (const item of page.items) items.push(item);
      next = page.metadata.continue;
      if (next === undefined || next === '') return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  /** Created in the namespace that the object names. @throws AlreadyExistsError */
  async create<T extends KubeObject, B extends NewObject>(
    type: ResourceType<T>,
    object: B,
    options: WriteOptions = {},
  ): Promise<T> {
    return await this.http.request<T>({
      method: 'POST',
      path: createPath(type, object, options.subresource),
      query: writeQuery(options),
      body: object,
      ...limits(options),
    });
  }

  /** Whole-object update; `metadata.resourceVersion` in the object makes it conditional. @throws ConflictError */
  async replace<T extends KubeObject, B extends NewObject>(
    type: ResourceType<T>,
    object: B,
    options: WriteOptions = {},
  ): Promise<T> {
    return await this.http.request<T>({
      method: 'PUT',
      path: objectPath(type, object.metadata, options.subresource),
      query: writeQuery(options),
      body: object,
      ...limits(options),
    });
  }

  /** @throws ConflictError when a precondition does not hold, NotFoundError when it is gone already */
  async delete(type: ResourceType, ref: Ref, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, gracePeriodSeconds, propagationPolicy, dryRun } = options;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    await this.http.request<unknown>({
      method: 'DELETE',
      path: objectPath(type, ref),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
        ...(dryRun === true ? { dryRun: ['All'] } : {}),
      },
      ...limits(options),
    });
  }

  /** JSON merge patch: `null` removes a field, lists are replaced whole. */
  async patchMerge<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Ref,
    patch: object,
    options: WriteOptions = {},
  ): Promise<T> {
    return await this.#patch(
      type,
      ref,
      { contentType: 'application/merge-patch+json', body: patch },
      options,
    );
  }

  /** JSON patch: all operations or none; a `test` that fails is an InvalidError. */
  async patchJson<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Ref,
    operations: readonly JsonPatchOperation[],
    options: WriteOptions = {},
  ): Promise<T> {
    const patch = { contentType: 'application/json-patch+json', body: operations };
    return await this.#patch(type, ref, patch, options);
  }

  /** Server-side apply: creates or changes, and owns exactly the fields given. @throws ConflictError without `force` */
  async apply<T extends KubeObject, B extends NewObject>(
    type: ResourceType<T>,
    object: B,
    options: ApplyOptions,
  ): Promise<T> {
    const patch = {
      contentType: 'application/apply-patch+yaml',
      body: { ...object, apiVersion: apiVersionOf(type), kind: type.kind },
      ...(options.force === undefined ? {} : { query: { force: options.force } }),
    };
    return await this.#patch(type, object.metadata, patch, options);
  }

  /** Server-side apply of the status subresource. */
  async applyStatus<T extends KubeObject, B extends NewObject>(
    type: ResourceType<T>,
    object: B,
    options: ApplyOptions,
  ): Promise<T> {
    return await this.apply(type, object, { ...options, subresource: 'status' });
  }

  async #patch<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Ref,
    patch: Patch,
    options: WriteOptions,
  ): Promise<T> {
    return await this.http.request<T>({
      method: 'PATCH',
      path: objectPath(type, ref, options.subresource),
      query: { ...writeQuery(options), ...patch.query },
      body: patch.body,
      contentType: patch.contentType,
      ...limits(options),
    });
  }
}

/** One page of a list; `next` continues an earlier one. Managed fields are dropped: nobody here reads them. */
export async function listPage<T extends KubeObject>(
  http: KubeHttp,
  type: ResourceType<T>,
  options: ListOptions,
  next?: string,
): Promise<ListPage<T>> {
  const page = await http.request<ListPage<T>>({
    method: 'GET',
    path: collectionPath(type, options.namespace),
    query: {
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
      limit: options.limit ?? pageSize,
      continue: next,
    },
    ...limits(options),
  });
  return { ...page, items: page.items.map((item) => complete(type, item)) };
}

/** Makes objects of lists and of watches look the same: items of a list lack `apiVersion` and `kind`. */
export function complete<T extends KubeObject>(type: ResourceType<T>, object: T): T {
  const metadata: T['metadata'] & { managedFields?: unknown } = { ...object.metadata };
  delete metadata.managedFields;
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind, metadata };
}

function createPath(type: ResourceType, object: NewObject, subresource: string | undefined): string {
  if (subresource !== undefined) return objectPath(type, object.metadata, subresource);
  if (type.namespaced && object.metadata.namespace === undefined) {
    throw new TypeError(`${type.kind} ${object.metadata.name} is created without a namespace`);
  }
  return collectionPath(type, object.metadata.namespace);
}

function writeQuery(options: WriteOptions): Query {
  return {
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
    dryRun: options.dryRun === true ? 'All' : undefined,
  };
}

function limits(options: CallOptions): CallOptions {
  return {
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}
