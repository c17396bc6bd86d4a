/** One sample of the Prometheus text format. */
export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const longestLine = 16_384;
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
// Sticky, so that each label is looked for exactly where the one before it ended: no backtracking over the line.
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"\s*(,|})\s*/y;
/** A double needs 24 characters at most; a line of digits would be read for a quarter of a second. */
const longestNumber = 64;
const plainNumber = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Reads samples one by one. Comments and lines that are not samples are passed over. */
export function* parseMetrics(text: string): Generator<Sample> {
  let from = 0;
  while (from < text.length) {
    const end = text.indexOf('\n', from);
    const to = end === -1 ? text.length : end;
    const sample = to - from > longestLine ? undefined : parseLine(text.slice(from, to).trim());
    if (sample !== undefined) yield sample;
    from = to + 1;
  }
}

function parseLine(line: string): Sample | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const name = metricName.exec(line)?.[0];
  if (name === undefined) return undefined;
  const labels = new Map<string, string>();
  let at = name.length;
  if (line[at] === '{') {
    const end = readLabels(line, at + 1, labels);
    if (end === undefined) return undefined;
    at = end;
  }
  // A timestamp may follow the value.
  const [number = '', ...rest] = line.slice(at).trim().split(/\s+/);
  const value = parseNumber(number);
  return value === undefined || rest.length > 1 ? undefined : { name, labels, value };
}

/** Fills `labels` from behind the brace; answers where they end. */
function readLabels(line: string, from: number, labels: Map<string, string>): number | undefined {
  if (line[from] === '}') return from + 1;
  label.lastIndex = from;
  for (;;) {
    const found = label.exec(line);
    if (found === null) return undefined;
    const [, key = '', value = '', separator] = found;
    labels.set(key, unescape(value));
    if (separator === '}') return label.lastIndex;
    // A comma may stand before the closing brace.
    if (line[label.lastIndex] === '}') return label.lastIndex + 1;
  }
}

function unescape(value: string): string {
  return value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function parseNumber(text: string): number | undefined {
  if (text.length > longestNumber) return undefined;
  if (plainNumber.test(text)) return Number(text);
  if (text === 'NaN') return Number.NaN;
  if (text === '+Inf') return Infinity;
  return text === '-Inf' ? -Infinity : undefined;
}
