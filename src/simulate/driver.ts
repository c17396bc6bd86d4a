/** Whoever runs the fleet in a simulation: it is called at the times it names. */
export interface Driver {
  /** As the result names the policy. */
  readonly policy: string;
  /** When it wants to be called next, in the world's milliseconds; `Infinity` when only a change matters. */
  readonly nextAtMs: number;
  /** Looks and acts. Called at `nextAtMs`, after all that happens in the world at that instant. */
  step(): void | Promise<void>;
}
