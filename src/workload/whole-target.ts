/** Where a file is written until it is whole. */
import { realpathSync, statSync } from 'node:fs';

export interface WholeTarget {
  /** What the path names in the end: a link is followed, not replaced. */
  readonly path: string;
  /** Beside it, to be renamed; the path itself for a device, a pipe or a socket, which nobody may replace. */
  readonly partial: string;
  /** The two are the same: nothing is to be renamed, and nothing to be taken away. */
  readonly isInPlace: boolean;
}

/** @throws the error of the file system for a path that cannot be looked at */
export function wholeTarget(path: string): WholeTarget {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { path, partial: `${path}.part`, isInPlace: false };
  if (!stat.isFile() && !stat.isDirectory()) return { path, partial: path, isInPlace: true };
  const real = realpathSync(path);
  return { path: real, partial: `${real}.part`, isInPlace: false };
}

/** Whether both paths name one file that is there, links followed. Devices and pipes may be used for both. */
export function areSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a?.isFile() === true && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
