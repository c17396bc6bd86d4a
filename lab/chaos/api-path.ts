/** What a request to the API server is about, read from its method and its path. */
import { createHash } from 'node:crypto';

export type ApiVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'other';

export interface ApiCall {
  readonly verb: ApiVerb;
  /** Plural, such as `pods`; empty for paths that are about no resource. */
  readonly resource: string;
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
  readonly subresource: string;
}

const noCall = { resource: '', namespace: '', name: '', subresource: '' } as const;

/** Never throws: a path that is about no resource is `other`. */
export function readCall(method: string, url: string): ApiCall {
  const at = new URL(url, 'http://api');
  const parts = at.pathname.split('/').filter((part) => part !== '');
  const root = parts[0] === 'api' ? 2 : parts[0] === 'apis' ? 3 : 0;
  const rest = parts.slice(root).map(decodeURIComponent);
  if (root === 0 || rest.length === 0) return { verb: 'other', ...noCall };
  const isNamespaced = rest[0] === 'namespaces' && rest.length > 2;
  const namespace = isNamespaced ? (rest[1] ?? '') : '';
  const [resource = '', name = '', subresource = ''] = isNamespaced ? rest.slice(2) : rest;
  const isWatch = ['true', '1'].includes(at.searchParams.get('watch') ?? '');
  return { verb: verbOf(method, { isWatch, name }), resource, namespace, name, subresource };
}

function verbOf(method: string, asked: { readonly isWatch: boolean; readonly name: string }): ApiVerb {
  switch (method) {
    case 'GET':
      if (asked.isWatch) return 'watch';
      return asked.name === '' ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
    default:
      return 'other';
  }
}

export function isWrite({ verb }: Pick<ApiCall, 'verb'>): boolean {
  return verb === 'create' || verb === 'update' || verb === 'patch' || verb === 'delete';
}

/** Leases are renewed by time and Events tell what happened: neither is a step of the work. */
export function isStep(call: ApiCall): boolean {
  return isWrite(call) && call.resource !== 'leases' && call.resource !== 'events';
}

/** A write that the API server has answered. */
export interface ApiWrite extends ApiCall {
  /** 1 for the first step since the proxy began; 0 for what is no step. */
  readonly step: number;
  /** Of the body, so that a repeated write can be told from another one. */
  readonly bodyHash: string;
  readonly status: number;
  /** On the clock of this process. */
  readonly atMs: number;
  /** That the writer named as precondition, for deletions. */
  readonly uid: string | undefined;
}

export function hashOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16);
}

/** The uid in the preconditions of a deletion. */
export function uidIn(body: Buffer): string | undefined {
  if (body.byteLength === 0) return undefined;
  try {
    const options = JSON.parse(body.toString('utf8')) as {
      readonly preconditions?: { readonly uid?: unknown };
    };
    return typeof options.preconditions?.uid === 'string' ? options.preconditions.uid : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
