/** A recorded spec with the changes that somebody wants to try. */
import { parse, YAMLParseError } from 'yaml';
import type { ClusterSpec } from '../core/spec.ts';
import { setPath, SetPathError } from '../base/set-path.ts';
import { inSentence, NegativeAnswerError, UsageError } from './cli-error.ts';
import { firstFault, pathText } from './crd-check.ts';
import { isRecord, withDefaults } from './crd-defaults.ts';
import { clusterSchema, schemaAt } from './crd-schema.ts';
import { bareSpec, compiledSpec, faultOf, readPolicy, type Resource } from './policy-file.ts';

/** One `--set`. The path begins below `spec`. */
export interface Setting {
  readonly text: string;
  readonly path: string;
  readonly value: unknown;
}

export type Change = { readonly file: string } | { readonly settings: readonly Setting[] };

/** From `spec.autoscaling.headroom.slots=50`; the value is read as YAML. @throws UsageError */
export function parseSetting(text: string): Setting {
  const [, path, value] = /^(?:spec\.)?([A-Za-z][\w.[\]]*)=(.*)$/s.exec(text) ?? [];
  if (path === undefined || value === undefined) {
    throw new UsageError(
      `--set "${inSentence(text, 80)}" is no change: write path=value, such as spec.autoscaling.headroom.slots=50.`,
    );
  }
  return { text, path, value: valueOf(text, value) };
}

function valueOf(text: string, value: string): unknown {
  try {
    return parse(value) as unknown;
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new UsageError(`the value of --set "${inSentence(text, 80)}" is no YAML: put it in quotes.`, {
      cause: error,
    });
  }
}

/** `recorded` is what the journal's header says of the resource. @throws UsageError, NegativeAnswerError */
export function changedSpec(recorded: unknown, change: Change): ClusterSpec {
  if ('file' in change) return fromFile(recorded, change.file);
  const resource = change.settings.reduce<unknown>(apply, completed(recorded));
  return compiledSpec(judged(resource, change.settings), faultOf('--set'));
}

function fromFile(recorded: unknown, file: string): ClusterSpec {
  const { resource, isManifest, fault } = readPolicy(file);
  if (isManifest) return compiledSpec(resource, fault);
  const { autoscaling } = resource;
  return compiledSpec(judged({ ...completed(recorded), autoscaling }, []), fault);
}

/** The header has no template, no Redis and no credentials: nothing that is decided depends on them. */
function completed(recorded: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(recorded) || !isRecord(recorded['mediaNodes'])) {
    throw new NegativeAnswerError(
      'the journal does not say which spec it was recorded under: give a whole OpenViduCluster with --spec.',
    );
  }
  const bare = bareSpec({});
  return { ...bare, ...recorded, mediaNodes: { ...bare.mediaNodes, ...recorded['mediaNodes'] } };
}

function apply(resource: unknown, { text, path, value }: Setting): unknown {
  try {
    return setPath(resource, path, value);
  } catch (error) {
    if (!(error instanceof SetPathError)) throw error;
    throw new UsageError(`--set "${inSentence(text, 80)}": ${inSentence(error.message)}.`, { cause: error });
  }
}

function judged(resource: unknown, settings: readonly Setting[]): Resource {
  const schema = schemaAt(clusterSchema(), ['spec']);
  const fault = firstFault(resource, schema, ['spec']);
  if (fault === undefined) return withDefaults(resource, schema) as Resource;
  const from = settings.find(({ path }) => pathText(fault.path).startsWith(`spec.${path}`));
  const what = from === undefined ? '' : `--set "${inSentence(from.text, 80)}": `;
  throw new UsageError(`${what}${pathText(fault.path)} ${fault.says}.`);
}
