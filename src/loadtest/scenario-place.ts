/** YAML whose fields can be found again, by line and column. */
import { type Document, isCollection, isMap, type LineCounter } from 'yaml';
import { startInMap, startOf } from './yaml-place.ts';
import { readYaml } from './yaml-text.ts';
import type { Fault, Path, ScenarioProblem } from './scenario-fault.ts';

/** Both counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface ParsedText {
  readonly value: unknown;
  /** Where a field is; of one that is missing, where it is missing from. */
  placeOf(path: Path, of: Fault['of']): Place | undefined;
}

/** A scenario with a trace in it is the largest that makes sense. */
const mostChars = 1_000_000;

/** One document, or why it is none. */
export function parseText(text: string): ParsedText | { readonly broken: ScenarioProblem } {
  if (text.length > mostChars)
    return {
      broken: broken('is larger than 1 MB', 'write one scenario, with its trace in a file of its own'),
    };
  const read = readYaml(text);
  if (read.kind === 'TooDeep')
    return { broken: broken('is nested too deeply', 'write one such as those of docs/samples/loadtests') };
  const { lines } = read;
  const documents = read.documents.filter(({ contents }) => contents !== null);
  const [document, another] = documents;
  if (document === undefined)
    return { broken: broken('is empty', 'write a scenario, such as one of docs/samples/loadtests') };
  const [fault] = document.errors;
  if (fault !== undefined) {
    return {
      broken: broken(
        `is no YAML (${oneLine(fault.message)})`,
        'correct it there',
        placeAt(lines, fault.pos[0]),
      ),
    };
  }
  if (another !== undefined)
    return { broken: broken('has several documents', 'keep one', placeAt(lines, another.range[0])) };
  return withPlaces(document, lines);
}

function withPlaces(
  document: Document,
  lines: LineCounter,
): ParsedText | { readonly broken: ScenarioProblem } {
  try {
    return {
      // A few lines of aliases can stand for gigabytes; the parser refuses those.
      value: document.toJS({ maxAliasCount: 100 }) as unknown,
      placeOf: (path, of) => placeAt(lines, offsetOf(document, path, of)),
    };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { broken: broken('uses too many aliases', 'write the values out') };
  }
}

function placeAt(lines: LineCounter, offset: number | undefined): Place | undefined {
  if (offset === undefined) return undefined;
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/[.:;,]+$/, '');
}

function broken(complaint: string, remedy: string, place?: Place): ScenarioProblem {
  return {
    path: '',
    value: undefined,
    remedy,
    line: place?.line,
    column: place?.column,
    message: `the scenario ${complaint}: ${remedy}.`,
  };
}

/** Of the value, or the name; of a field that is not there, of the nearest thing around it that is. */
function offsetOf(document: Document, path: Path, of: Fault['of']): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = offsetIn(document, path.slice(0, length), length === path.length ? of : 'Name');
    if (offset !== undefined) return offset;
  }
  return startOf(document.contents);
}

function offsetIn(document: Document, path: Path, of: Fault['of']): number | undefined {
  const name = path.at(-1);
  const holder = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (name === undefined || of === 'Around') return undefined;
  if (isMap(holder)) return startInMap(holder, name, of);
  return isCollection(holder) ? startOf(holder.get(name, true)) : undefined;
}
