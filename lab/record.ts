/** Draws the log of a real `make demo` as docs/demo.svg: what a terminal showed, readable on light and dark pages. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './exec.ts';
import { buildDir, root } from './paths.ts';
import { runCli } from './tools.ts';

const log = join(buildDir, 'demo', 'log.txt');
const longestLine = 150;
const lineHeight = 17;
const colours: Readonly<Record<string, string>> = {
  story: '#ffd866',
  event: '#78dce8',
  check: '#a9dc76',
  result: '#a9dc76',
};

async function main(): Promise<void> {
  const text = await readFile(log, 'utf8').catch(() => {
    throw new LabError('There is no log of a demo yet: run make demo first.');
  });
  const lines = text
    .split('\n')
    .filter((line) => kindOf(line) !== 'table' && !/^\s*\d+\.\d+\s+step\s+[^r]/.test(line));
  const shown = lines.filter((line) => kindOf(line) !== undefined).map((line) => line.slice(0, longestLine));
  await writeFile(join(root, 'docs', 'demo.svg'), svg(shown));
}

/** A line begins with seconds and its kind; the lines of a manifest have neither. */
function kindOf(line: string): string | undefined {
  return /^\s*\d+\.\d+\s+(\w+)/.exec(line)?.[1];
}

function svg(lines: readonly string[]): string {
  const height = (lines.length + 2) * lineHeight;
  const rows = lines.map((line, at) => {
    const colour = colours[kindOf(line) ?? ''] ?? '#d5d5d5';
    return `<text x="16" y="${(at + 1.6) * lineHeight}" fill="${colour}">${escaped(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="${height}" viewBox="0 0 1200 ${height}"`,
    ' font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12.5" xml:space="preserve">',
    '<title>A run of make demo</title>',
    `<rect width="1200" height="${height}" rx="8" fill="#1e1f26"/>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

function escaped(line: string): string {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

if (import.meta.main) await runCli(main);
