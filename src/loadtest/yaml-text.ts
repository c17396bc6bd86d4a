/** YAML of unknown origin: read within bounds, or not at all. */
import { type Document, isScalar, LineCounter, parseAllDocuments, visit, YAMLParseError } from 'yaml';

export type YamlRead =
  | {
      readonly kind: 'Documents';
      readonly documents: readonly Document.Parsed[];
      readonly lines: LineCounter;
    }
  /** Deeper than anything that a person writes. */
  | { readonly kind: 'TooDeep' };

/**
 * All documents of a text, each with its own errors. Never throws. What nests deeply is not given to the parser, which
 * takes time with the square of the depth, and stack.
 */
export function readYaml(text: string): YamlRead {
  if (nestsTooDeep(text)) return { kind: 'TooDeep' };
  const lines = new LineCounter();
  const { stackTraceLimit } = Error;
  // A text can have a fault in each of its lines, and their stacks would cost far more than the parsing.
  Error.stackTraceLimit = 0;
  try {
    const options = {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
      uniqueKeys: false,
    } as const;
    const parsed = parseAllDocuments(text, options);
    const documents = 'empty' in parsed ? [] : parsed;
    for (const document of documents) tellDoubles(document);
    return { kind: 'Documents', documents, lines };
  } catch (error) {
    // Signs that the look before did not understand can nest as well, until the stack is full.
    if (error instanceof Error && error.name === 'RangeError') return { kind: 'TooDeep' };
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The parser's own look for these takes time with the square of the fields. */
function tellDoubles(document: Document.Parsed): void {
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) document.errors.push(double(key.range?.[0] ?? 0));
        seen.add(key.value);
      }
    },
  });
}

function double(at: number): YAMLParseError {
  return new YAMLParseError([at, at + 1], 'DUPLICATE_KEY', 'Map keys must be unique');
}

const deepestFlow = 64;
/** Fields on one line nest, as in `a: b: c`. */
const mostFieldsOnLine = 300;
/**
 * Within brackets they nest over lines as well, for as long as no comma comes, and the parser holds at each depth all that
 * follows: 190 kB took 110 MB, and 370 where the stack is four times as large. One bracket in a text, which is none, must not
 * refuse all that follows it.
 */
const mostFieldsInFlow = 2000;
/** Indentation, and the marks of lists within lists on one line. */
const deepIndent = /^[ \t?:-]{200}/m;
const sign = /[[\]{},\n]|:(?=\s|$)/g;

interface Nesting {
  readonly depth: number;
  /** Fields since the line began, and since the last comma or bracket. */
  readonly onLine: number;
  readonly inFlow: number;
}

/** Signs count wherever they stand, so that no quotes have to be understood. */
function nestsTooDeep(text: string): boolean {
  if (deepIndent.test(text)) return true;
  let nesting: Nesting = { depth: 0, onLine: 0, inFlow: 0 };
  for (const [found] of text.matchAll(sign)) {
    nesting = after(nesting, found);
    const { depth, onLine, inFlow } = nesting;
    if (depth > deepestFlow || onLine > mostFieldsOnLine) return true;
    if (depth > 0 && inFlow > mostFieldsInFlow) return true;
  }
  return false;
}

function after({ depth, onLine, inFlow }: Nesting, found: string): Nesting {
  switch (found) {
    case '[':
    case '{':
      return { depth: depth + 1, onLine, inFlow: 0 };
    case ']':
    case '}':
      return { depth: Math.max(0, depth - 1), onLine, inFlow: 0 };
    case ',':
      return { depth, onLine, inFlow: 0 };
    case '\n':
      return { depth, onLine: 0, inFlow };
    default:
      return { depth, onLine: onLine + 1, inFlow: inFlow + 1 };
  }
}
