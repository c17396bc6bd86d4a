/** Where recorded decisions come from: a file, or the operator that leads, asked through the API server. */
import { ApiError, CancelledError, ForbiddenError, NotFoundError } from '../kube/errors.ts';
import type { KubeObject } from '../kube/kinds.ts';
import { LEASES, objectPath, PODS, resourceType } from '../kube/resource.ts';
import { type JournalFile, JournalFormatError, readJournal } from '../reconcile/journal-read.ts';
import { readTrouble, inSentence, NegativeAnswerError, UsageError } from './cli-error.ts';
import { type ClusterLink, type ClusterOptions, theCluster, withCluster } from './cluster-link.ts';
import type { Io } from './io.ts';
import { readWholeText } from './whole-text.ts';

export interface JournalOptions extends ClusterOptions {
  readonly journal?: string;
  readonly operatorNamespace?: string;
}

/** With at least one entry. @throws UsageError, NegativeAnswerError, ApiError */
export async function journalOf(io: Io, options: JournalOptions): Promise<JournalFile> {
  const { journal: file } = options;
  if (file !== undefined && options.cluster !== undefined) {
    throw new UsageError('a journal file is of one cluster: give --journal or --cluster, not both.');
  }
  const journal = file === undefined ? await fromOperator(io, options) : fromFile(file);
  if (journal.entries.length === 0) {
    throw new NegativeAnswerError('the journal has no decisions yet: wait for the first one.');
  }
  return journal;
}

function fromFile(path: string): JournalFile {
  return parsed(path, readText(path));
}

function readText(path: string): string {
  try {
    return readWholeText(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}, ${readTrouble(error)}: name the file of a journal.`, {
      cause: error,
    });
  }
}

function parsed(from: string, text: string): JournalFile {
  try {
    return readJournal(text);
  } catch (error) {
    if (!(error instanceof JournalFormatError)) throw error;
    throw new UsageError(`${from}, ${inSentence(error.message)}.`, { cause: error });
  }
}

async function fromOperator(io: Io, options: JournalOptions): Promise<JournalFile> {
  return await withCluster(options, async (link) => {
    const { name } = (await theCluster(link, options)).metadata;
    return parsed(
      'the answer of the operator',
      await ask(io, link, await operatorsIn(link, options), `${link.namespace}/${name}`),
    );
  });
}

/** The labels that the chart gives the operator's Pods; their settings tell the rest. */
const operatorLabels = 'app.kubernetes.io/component=operator';

interface OperatorPod extends KubeObject {
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

const OPERATOR_PODS = resourceType<OperatorPod>(PODS);

interface Operator {
  readonly name: string;
  readonly namespace: string;
  readonly port: string;
  readonly leaseName: string;
}

/** The leader has the journal; another replica, or the operator of another namespace, answers that it has none. */
async function ask(io: Io, link: ClusterLink, found: readonly Operator[], cluster: string): Promise<string> {
  const operators = await inOrder(link, found);
  for (const operator of operators) {
    const text = await askOne(io, link, operator, cluster);
    if (text !== undefined) return text;
  }
  const why =
    operators.length === 0
      ? 'no Pod of the operator was found'
      : `none of ${operators.length} Pods of the operator keeps a journal of it`;
  throw new NegativeAnswerError(
    `there is no journal of ${cluster} (${why}): check that the operator runs, or name a file with --journal.`,
  );
}

async function operatorsIn(
  { client }: ClusterLink,
  { operatorNamespace: namespace }: JournalOptions,
): Promise<readonly Operator[]> {
  const where = namespace === undefined ? {} : { namespace };
  const { items } = await client.list(OPERATOR_PODS, { ...where, labelSelector: operatorLabels });
  return items.flatMap(({ metadata, spec }) => {
    const env = new Map(
      spec.containers.flatMap((container) => container.env ?? []).map((one) => [one.name, one.value]),
    );
    const leaseName = env.get('OVM_LEASE_NAME');
    if (leaseName === undefined) return [];
    const { name, namespace = '' } = metadata;
    return [{ name, namespace, leaseName, port: env.get('OVM_PORT') ?? '8080' }];
  });
}

/** Leaders first. Who may not read the lease simply asks everybody. */
async function inOrder(
  { client }: ClusterLink,
  operators: readonly Operator[],
): Promise<readonly Operator[]> {
  const leads = await Promise.all(
    operators.map(async ({ name, namespace, leaseName }) => {
      try {
        const lease = await client.find(LEASES, { name: leaseName, namespace });
        return lease?.spec?.holderIdentity?.startsWith(`${name}_`) === true;
      } catch (error) {
        if (error instanceof ForbiddenError) return false;
        throw error;
      }
    }),
  );
  return [
    ...operators.filter((_, at) => leads[at] === true),
    ...operators.filter((_, at) => leads[at] !== true),
  ];
}

const journalTimeoutMs = 30_000;

/** `undefined`: it keeps no journal of that cluster, or it is not there any more. */
async function askOne(
  io: Io,
  link: ClusterLink,
  operator: Operator,
  cluster: string,
): Promise<string | undefined> {
  const { name, namespace, port } = operator;
  const pod = objectPath(PODS, { name, namespace }).replace(/[^/]+$/, `${encodeURIComponent(name)}:${port}`);
  try {
    const lines = await link.client.http.stream({
      path: `${pod}/proxy/journal`,
      query: { cluster },
      signal: io.stop,
      timeoutMs: journalTimeoutMs,
    });
    let text = '';
    for await (const line of lines) text += `${line}\n`;
    return text;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    const hides = error instanceof ForbiddenError || error instanceof CancelledError;
    if (hides || !(error instanceof ApiError)) throw error;
    throw new NegativeAnswerError(
      `the operator's Pod ${namespace}/${name} did not give its journal (${inSentence(error.message)}): check that it runs and that a network policy lets the API server reach it.`,
      { cause: error },
    );
  }
}
