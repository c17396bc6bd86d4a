/** What must hold in every life of a fleet. */
export const claims = {
  nobodyIsCut: 'the operator cuts nobody, unless a written policy says so',
  twoProofs: 'every removal has two proofs of its own',
  oneServes: 'while a node is up, one is open',
  withinLimits: 'there are never more nodes than the maximum and the surge',
  wishesWithinSurge: 'a rolling change closes no more nodes than the surge',
  personsDecide: 'what a person protects, cordons or wishes is left as it is',
  failedStaysOut: 'a failed revision is never launched',
  modesHold: 'nothing is done in the modes in which nothing is to be done',
  evictionsAreWritten: 'nobody is evicted before the deadline that is written',
  ghostsAreDead: 'no entry of a running server is removed',
  staysSilent: 'a fleet at rest has nothing new to say in its status',
  comesToRest: 'when nothing befalls it any more, the fleet comes to rest',
  serves: 'a fleet at rest takes rooms',
  deletionEnds: 'a fleet that is deleted is gone when its rooms are over',
} as const;
export type Claim = keyof typeof claims;

/** A claim that did not hold. */
export interface Violation {
  readonly atMs: number;
  readonly claim: Claim;
  readonly detail: string;
}

/** Takes note where the claim does not hold. */
export type MakeClaim = (claim: Claim, holds: boolean, detail: string) => void;
