/** A defect in this program, never a state of the world. The pass is abandoned, counted and retried with back-off. */
export class BugError extends Error {
  override readonly name = 'BugError';
}

/** @throws BugError when the claim does not hold. */
export function assert(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new BugError(`does not hold: ${claim}`);
}

/** Makes the compiler prove that a switch is exhaustive. @throws BugError if it was not. */
export function never(value: never): never {
  throw new BugError(`unexpected value ${JSON.stringify(value)}`);
}
