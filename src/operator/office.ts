/** Whether this process may change anything: asked before each write, so that a leader that was frozen finds out first. */
import type { Term } from '../kube/lease.ts';

export class Office {
  readonly #always: boolean;
  #term: Pick<Term, 'isHeld'> | undefined;
  #leftInOrder = false;

  /** `always`: there is no lease, and nobody else runs. */
  constructor(always: boolean) {
    this.#always = always;
  }

  /** Begins with this term. */
  take(term: Pick<Term, 'isHeld'>): void {
    this.#term = term;
  }

  /** The term has ended as it should, with the lease given back. */
  leave(): void {
    this.#leftInOrder = true;
  }

  /** Whether media nodes and what belongs to them may be changed. */
  mayAct(): boolean {
    return this.#always || this.#term?.isHeld() === true;
  }

  /** Whether Events may be written: also those that are left over when the term has ended as it should. */
  mayTell(): boolean {
    return this.mayAct() || this.#leftInOrder;
  }
}
