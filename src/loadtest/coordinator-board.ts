/** The ConfigMap through which a coordinator in a Pod tells how far it is and what it found, and hears that it shall end. */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';

/** Texts, and bytes that the ConfigMap holds in base64. */
export interface Posted {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, Buffer>>;
}

export interface BoardContent {
  readonly data: Readonly<Record<string, string>>;
  readonly binaryData: Readonly<Record<string, Buffer>>;
}

export interface Board {
  /** Sets these keys and leaves the others. @throws BoardError */
  post(posted: Posted): Promise<void>;
  /** @throws BoardError */
  read(): Promise<BoardContent>;
  close(): Promise<void>;
}

/** The API server could not be asked, or refused. */
export class BoardError extends Error {
  override readonly name = 'BoardError';
}

export interface BoardPlace {
  readonly namespace: string;
  readonly configMap: string;
  /** `https://host:port` of the API server. */
  readonly server: string;
  /** Of the service account: `token` and `ca.crt`. */
  readonly credentials: string;
}

/** Where every Pod finds them. */
export const podCredentials = '/var/run/secrets/kubernetes.io/serviceaccount';

const timeoutMs = 10_000;

/** Uses the service account of the Pod; its token is read anew each time, since it is renewed. */
export async function openBoard(place: BoardPlace): Promise<Board> {
  const ca = await readFile(`${place.credentials}/ca.crt`, 'utf8');
  const agent = new Agent({ connect: { ca, timeout: timeoutMs } });
  const url = `${place.server}/api/v1/namespaces/${place.namespace}/configmaps/${place.configMap}`;
  const ask = async (method: 'GET' | 'PATCH', body?: string): Promise<unknown> => {
    const token = (await readFile(`${place.credentials}/token`, 'utf8')).trim();
    const { statusCode, body: answer } = await request(url, {
      method,
      dispatcher: agent,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/merge-patch+json' }),
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body }),
    }).catch((error: unknown) => {
      throw new BoardError('the API server cannot be reached', { cause: error });
    });
    if (statusCode === 200) return await answer.json();
    await answer.dump();
    throw new BoardError(`the API server answered HTTP ${statusCode} to a ${method} of ${place.configMap}`);
  };
  return {
    post: async ({ data = {}, binaryData = {} }) => {
      const encoded = Object.entries(binaryData).map(([key, bytes]) => [key, bytes.toString('base64')]);
      await ask('PATCH', JSON.stringify({ data, binaryData: Object.fromEntries(encoded) }));
    },
    read: async () => contentOf(await ask('GET')),
    close: async () => await agent.close(),
  };
}

/** The parts that are missing are empty. */
export function contentOf(map: unknown): BoardContent {
  const texts = (field: string): Readonly<Record<string, string>> => {
    if (typeof map !== 'object' || map === null) return {};
    const value: unknown = Reflect.get(map, field);
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  };
  const decoded = Object.entries(texts('binaryData')).map(
    ([key, text]) => [key, Buffer.from(text, 'base64')] as const,
  );
  return { data: texts('data'), binaryData: Object.fromEntries(decoded) };
}
