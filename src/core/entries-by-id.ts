/** The entries of the registry by their ids, sorted out once a reading: many parts of a pass look them up. */
import type { NodeEntry } from './readings.ts';

type EntriesById = ReadonlyMap<string, NodeEntry>;

/** Of the reading that was asked about last: a pass asks about one. */
let last: { readonly entries: readonly NodeEntry[]; readonly byId: EntriesById } | undefined;

export function entriesById(entries: readonly NodeEntry[]): EntriesById {
  if (last?.entries === entries) return last.byId;
  const byId = new Map<string, NodeEntry>();
  for (const entry of entries) byId.set(entry.nodeId, entry);
  last = { entries, byId };
  return byId;
}
