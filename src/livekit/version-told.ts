/**
 * The version of the media servers. Each writes it once, at its start: after Redis came back empty it is missing until
 * another one starts, though nothing about the servers has changed.
 */
export class VersionTold {
  #last: { readonly version: string; readonly nodes: ReadonlyMap<string, unknown> } | undefined;

  /** What Redis tells; where it tells nothing, what it told last while one of these servers was there. */
  of(version: string | undefined, nodes: ReadonlyMap<string, unknown>): string | undefined {
    if (version !== undefined) {
      this.#last = { version, nodes };
      return version;
    }
    const last = this.#last;
    return last !== undefined && [...nodes.keys()].some((id) => last.nodes.has(id))
      ? last.version
      : undefined;
  }
}
