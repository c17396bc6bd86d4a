/** Makes docs/demo.svg out of the log of a real run of the demo: `node lab/record.ts`, after `make demo`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './exec.ts';
import { buildDir, root } from './paths.ts';
import { runCli } from './tools.ts';

const logFile = join(buildDir, 'demo', 'log.txt');
const svgFile = join(root, 'docs', 'demo.svg');

interface Line {
  readonly seconds: string;
  readonly kind: string;
  readonly text: string;
}

/** What a reader of a still picture wants: the story, what the operator said, the tables, and the end. */
const shown: readonly string[] = ['story', 'event', 'table', 'check', 'result'];
const columnsMost = 132;
const charWidth = 7.3;
const lineHeight = 17;
const margin = 16;

/** The lines of a log in the form that the demo writes; others are left out. */
export function readLog(text: string): readonly Line[] {
  return text.split('\n').flatMap((line) => {
    const parts = /^ *(\d+\.\d) {2}(\w+) *(?: (.*))?$/.exec(line);
    const [, seconds, kind, rest = ''] = parts ?? [];
    return seconds === undefined || kind === undefined ? [] : [{ seconds, kind, text: rest }];
  });
}

/** A picture of the lines that is readable on a light and on a dark page. */
export function drawSvg(lines: readonly Line[]): string {
  const rows = lines.filter((line) => shown.includes(line.kind));
  const width = Math.ceil(columnsMost * charWidth + 2 * margin);
  const height = rows.length * lineHeight + 3 * margin + lineHeight;
  const texts = rows.map((row, at) => drawRow(row, 2 * margin + (at + 2) * lineHeight - margin));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>A run of make demo: load rises and falls, Media Nodes are added and leave when they are empty</title>
<style>
text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre; fill: #24292f }
rect { fill: #f6f8fa; stroke: #d0d7de }
.time { fill: #6e7781 } .story { fill: #0550ae; font-weight: bold } .event { fill: #7d4e00 }
.ok { fill: #116329 } .fail { fill: #a40e26; font-weight: bold }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } rect { fill: #0d1117; stroke: #30363d }
.time { fill: #8b949e } .story { fill: #79c0ff } .event { fill: #e3b341 } .ok { fill: #56d364 } .fail { fill: #ff7b72 }
}
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
<text x="${margin}" y="${margin + lineHeight / 2}">$ make demo</text>
${texts.join('\n')}
</svg>
`;
}

function drawRow({ seconds, kind, text }: Line, y: number): string {
  const cut = text.length > columnsMost - 9 ? `${text.slice(0, columnsMost - 10)}…` : text;
  const time = `<tspan class="time">${seconds.padStart(6)}  </tspan>`;
  return `<text x="${margin}" y="${y}">${time}<tspan class="${classOf(kind, text)}">${escape(cut)}</tspan></text>`;
}

function classOf(kind: string, text: string): string {
  if (text.startsWith('ok ')) return 'ok';
  if (text.startsWith('FAIL')) return 'fail';
  return kind;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

async function main(): Promise<void> {
  const log = await readFile(logFile, 'utf8').catch(() => {
    throw new LabError('There is no log of a run: run make demo and try again.');
  });
  const lines = readLog(log);
  if (!lines.some(({ text }) => text === 'All promises held.')) {
    throw new LabError('The run in the log did not hold its promises: run make demo again.');
  }
  await writeFile(svgFile, drawSvg(lines));
  console.log(`docs/demo.svg shows ${lines.length} lines`);
}

if (import.meta.main) await runCli(main);
