/** Decides again what was decided, and compares. */
import { shortened } from '../base/shortened.ts';
import { decide } from '../core/decide.ts';
import type { JournalEntry } from './journal.ts';

/** One place where two values differ. */
export interface Difference {
  /** Such as `actions[0].name`. */
  readonly path: string;
  readonly recorded: string;
  readonly replayed: string;
}

export interface Replay {
  readonly identical: boolean;
  /** The first ones, at most 20. */
  readonly differences: readonly Difference[];
}

const mostDifferences = 20;

export function replay(entry: Pick<JournalEntry, 'input' | 'decision'>): Replay {
  const differences = differencesOf(entry.decision, decide(entry.input));
  return { identical: differences.length === 0, differences };
}

/** Where two plain values differ, to the bit: a field that is absent is not one that is undefined. At most 20. */
export function differencesOf(recorded: unknown, replayed: unknown): readonly Difference[] {
  const found: Difference[] = [];
  compare(recorded, replayed, '', found);
  return found;
}

function compare(a: unknown, b: unknown, path: string, found: Difference[]): void {
  if (Object.is(a, b) || found.length >= mostDifferences) return;
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) {
    found.push({ path, recorded: said(a), replayed: said(b) });
    return;
  }
  const isList = Array.isArray(a);
  for (const key of keysOf(a, b)) {
    if (Object.hasOwn(a, key) && Object.hasOwn(b, key)) {
      if (!Object.is(a[key], b[key])) compare(a[key], b[key], pathOf(path, key, isList), found);
    } else
      found.push({
        path: pathOf(path, key, isList),
        recorded: saidField(a, key),
        replayed: saidField(b, key),
      });
  }
}

/** Nearly always both have the same ones in the same order; then none has to be looked up. */
function keysOf(a: object, b: object): Iterable<string> {
  const keys = Object.keys(a);
  const others = Object.keys(b);
  const same = keys.length === others.length && keys.every((key, at) => key === others[at]);
  return same ? keys : new Set([...keys, ...others]);
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function pathOf(path: string, key: string, isList: boolean): string {
  if (isList) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

function saidField(value: Readonly<Record<string, unknown>>, key: string): string {
  return Object.hasOwn(value, key) ? said(value[key]) : 'absent';
}

const longest = 200;

function said(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  const text = JSON.stringify(value) ?? String(value);
  return shortened(text, longest);
}
