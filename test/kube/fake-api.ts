import { errorOfReply, TimeoutError } from '../../src/kube/errors.ts';
import { KubeHttp, type KubeRequest } from '../../src/kube/http.ts';
import type { Runtime } from '../../src/kube/runtime.ts';

interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

interface Stored {
  readonly metadata: Meta;
  readonly [field: string]: unknown;
}

/** How the API server of the test behaves. `applied-late`: it does what it was asked and never answers. */
export type Weather = 'fine' | 'frozen' | 'refusing' | 'applied-late';

/** Single objects by path with optimistic locking, in memory and in the runtime's time; the real one is in test/plane. */
export class FakeApi {
  weather: Weather = 'fine';
  readonly writes: KubeRequest[] = [];
  readonly #objects = new Map<string, Stored>();
  #version = 100;

  /** One client's connection; its weather may differ from that of the others. */
  http(runtime: Runtime, weather: () => Weather = () => this.weather): KubeHttp {
    return new FakeHttp(runtime, async (request) => await this.#serve(request, runtime, weather()));
  }

  object(path: string): Stored | undefined {
    return this.#objects.get(path);
  }

  paths(): readonly string[] {
    return [...this.#objects.keys()];
  }

  forget(path: string): void {
    this.#objects.delete(path);
  }

  async #serve(request: KubeRequest, runtime: Runtime, weather: Weather): Promise<unknown> {
    const late = async (): Promise<never> => {
      await new Promise<void>((resolve) => void runtime.after(request.timeoutMs ?? 10_000, resolve));
      throw new TimeoutError('no answer');
    };
    if (weather === 'frozen') return await late();
    if (weather === 'refusing') throw fail(request, 403);
    if (request.method !== 'GET') this.writes.push(request);
    const answer = this.#answer(request);
    return weather === 'applied-late' ? await late() : answer;
  }

  #answer(request: KubeRequest): Stored {
    const body = (request.body ?? {}) as Stored;
    const path = request.method === 'POST' ? `${request.path}/${body.metadata.name}` : request.path;
    const old = this.#objects.get(path);
    if (request.method === 'POST') {
      if (old !== undefined) throw fail(request, 409, 'AlreadyExists');
      return this.#store(path, body, undefined);
    }
    if (old === undefined) throw fail(request, 404);
    if (request.method === 'GET') return old;
    if (request.method === 'PATCH') return this.#store(path, { ...old, ...body }, old);
    const isStale = old.metadata.resourceVersion !== body.metadata.resourceVersion;
    if (isStale) throw fail(request, 409, 'Conflict');
    return this.#store(path, body, old);
  }

  #store(path: string, object: Stored, old: Stored | undefined): Stored {
    this.#version += 1;
    const uid = old?.metadata.uid ?? `uid-${this.#version}`;
    const stored = {
      ...object,
      metadata: { ...(old ?? object).metadata, uid, resourceVersion: String(this.#version) },
    };
    this.#objects.set(path, stored);
    return stored;
  }
}

class FakeHttp extends KubeHttp {
  readonly #serve: (request: KubeRequest) => Promise<unknown>;

  constructor(runtime: Runtime, serve: (request: KubeRequest) => Promise<unknown>) {
    const connector = {
      server: 'http://fake',
      namespace: 'default',
      connection: () => Promise.reject(new TypeError('the fake has no connection')),
      refresh: () => undefined,
      close: () => Promise.resolve(),
    };
    super(connector, { runtime });
    this.#serve = serve;
  }

  override async request<T>(request: KubeRequest): Promise<T> {
    return (await this.#serve(request)) as T;
  }
}

function fail(request: KubeRequest, status: number, reason = ''): Error {
  return errorOfReply({
    what: `${request.method} ${request.path}`,
    status,
    body: JSON.stringify({ reason }),
  });
}
