/** Servers, and the version that was told while they were there. */
export interface ServersKnown {
  readonly version: string;
  readonly nodeIds: ReadonlySet<string>;
}

/**
 * The version of the media servers. Each writes it once, at its start: after Redis came back empty it is missing until
 * another one starts, though nothing about the servers has changed.
 */
export class VersionTold {
  #last: ServersKnown | undefined;

  /** `before` is what an operator before this one knew. */
  constructor(before?: ServersKnown) {
    this.#last = before;
  }

  /** What was told last, whoever is still there. */
  get last(): string | undefined {
    return this.#last?.version;
  }

  /** What Redis tells; where it tells nothing, what it told last while one of these servers was there. */
  of(version: string | undefined, nodes: ReadonlyMap<string, unknown>): string | undefined {
    if (version !== undefined) {
      this.#last = { version, nodeIds: new Set(nodes.keys()) };
      return version;
    }
    const last = this.#last;
    return last !== undefined && [...nodes.keys()].some((id) => last.nodeIds.has(id))
      ? last.version
      : undefined;
  }
}
