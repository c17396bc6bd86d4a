/** A YAML or JSON file whose faults can be told with line and column. */
import { readFileSync, statSync } from 'node:fs';
import { type Document, isCollection, isMap, type LineCounter } from 'yaml';
import { startInMap, startOf } from '../loadtest/yaml-place.ts';
import { readYaml } from '../loadtest/yaml-text.ts';
import { readTrouble, inSentence, UsageError } from './cli-error.ts';
import type { Part, Path } from './crd-check.ts';

export interface YamlDocument {
  readonly value: unknown;
  /** A mistake at that place, as an error that names file, line and column. */
  fault(path: Path, of: Part, says: string): UsageError;
}

/** A manifest is text that a person writes; anything larger is something else. */
const mostBytes = 1_000_000;

/** All documents of the file that are not empty. @throws UsageError when it cannot be read or is no YAML */
export function readYamlFile(path: string): readonly YamlDocument[] {
  return parseYaml(path, readText(path));
}

/** The same for text that came from there. @throws UsageError when it is no YAML */
export function parseYaml(path: string, text: string): readonly YamlDocument[] {
  const read = readYaml(text);
  if (read.kind === 'TooDeep') {
    throw new UsageError(`${path} is nested too deeply: write a plain document.`);
  }
  return read.documents
    .map((document) => yamlDocument(path, document, read.lines))
    .filter(({ value }) => value !== null);
}

function readText(path: string): string {
  try {
    if (statSync(path).size > mostBytes) {
      throw new UsageError(`${path} is larger than 1 MB: name the file of a policy.`);
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${path}, ${readTrouble(error)}: name another file.`, { cause: error });
  }
}

function yamlDocument(path: string, document: Document, lines: LineCounter): YamlDocument {
  const [broken] = document.errors;
  if (broken !== undefined) {
    const place = placeText(path, lines, broken.pos[0]);
    throw new UsageError(`${place} is no YAML (${inSentence(broken.message)}): correct it there.`);
  }
  return {
    value: plainValue(path, document),
    fault: (at, of, says) =>
      new UsageError(`${placeText(path, lines, offsetOf(document, at, of))}: ${says}.`),
  };
}

/** A few lines of aliases can stand for gigabytes; the parser refuses those. */
function plainValue(path: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new UsageError(`${path} uses too many aliases: write the values out.`, { cause: error });
  }
}

function placeText(path: string, lines: LineCounter, offset: number | undefined): string {
  if (offset === undefined) return path;
  const { line, col } = lines.linePos(offset);
  return `${path}, line ${line}, column ${col}`;
}

/** Where the value begins, or the name; of a field that is not there, what it is missing from. */
function offsetOf(document: Document, path: Path, of: Part): number | undefined {
  const holder = path.length <= 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const name = path.at(-1);
  if (of === 'Around' || name === undefined) return startOf(holder);
  const start = isMap(holder) ? startInMap(holder, name, of) : undefined;
  const inList = isCollection(holder) ? startOf(holder.get(name, true)) : undefined;
  return start ?? inList ?? startOf(holder);
}
