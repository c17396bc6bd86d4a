/**
 * Claims about decisions, judged on many arbitrary lives of a fleet at once: every life is lived once for all claims.
 * Seeds are fixed, so that a run today fails exactly where a run tomorrow does.
 */
import fc from 'fast-check';
import { type Given, anyGiven, anySpec } from './arbitrary-spec.ts';
import { type Glance, type Step, glances, live } from './arbitrary.ts';
import type { ClusterSpec } from '../../src/core/spec.ts';

export interface Claim {
  readonly says: string;
  /** Whether it holds; `undefined` where the step has nothing to do with it. */
  readonly holds: (step: Step) => boolean | undefined;
  /** How many steps have to do with it at least: a claim that nothing could contradict says nothing. */
  readonly atLeast?: number;
}

export interface Life {
  readonly spec: ClusterSpec;
  readonly seen: readonly Glance[];
  readonly given: Given;
}

const anyLife: fc.Arbitrary<Life> = fc.record({ spec: anySpec, seen: glances, given: anyGiven });

export interface Trial {
  readonly seed: number;
  /** Hundreds of lives. */
  readonly hundreds: number;
  /** Which steps of a life are looked at. */
  readonly of: 'every step' | 'last step';
}

interface Verdict {
  readonly told: number;
  readonly broken: { readonly seed: number; readonly life: Life } | undefined;
}

export class Judge {
  readonly #trial: Trial;
  readonly #verdicts = new Map<string, Verdict>();
  /** Decisions looked at. */
  steps = 0;

  constructor(trial: Trial, claims: readonly Claim[]) {
    this.#trial = trial;
    for (let at = 0; at < trial.hundreds; at += 1) {
      const seed = trial.seed + at;
      for (const life of fc.sample(anyLife, { seed, numRuns: 100 })) this.#hear(claims, life, seed);
    }
  }

  #hear(claims: readonly Claim[], life: Life, seed: number): void {
    const steps = this.#stepsOf(life);
    this.steps += steps.length;
    for (const claim of claims) {
      const { told, broken } = this.#verdicts.get(claim.says) ?? { told: 0, broken: undefined };
      const answers = steps.map(claim.holds);
      const isBroken = broken === undefined && answers.includes(false);
      this.#verdicts.set(claim.says, {
        told: told + answers.filter((answer) => answer !== undefined).length,
        broken: isBroken ? { seed, life } : broken,
      });
    }
  }

  #stepsOf({ spec, seen, given }: Life): readonly Step[] {
    const steps = live(spec, seen, given);
    return this.#trial.of === 'last step' ? steps.slice(-1) : steps;
  }

  /** Fails with the smallest life that can be found when the claim was broken, or when nothing could break it. */
  sentence({ says, holds, atLeast = 50 }: Claim): void {
    const verdict = this.#verdicts.get(says);
    if (verdict?.broken !== undefined) {
      const isTrue = (life: Life) => this.#stepsOf(life).every((step) => holds(step) !== false);
      fc.assert(fc.property(anyLife, isTrue), { seed: verdict.broken.seed, numRuns: 100 });
      throw new Error(`This life breaks it: ${JSON.stringify(verdict.broken.life)}`);
    }
    const told = verdict?.told ?? 0;
    if (told < atLeast) throw new Error(`Only ${told} decisions have to do with it: it says nothing.`);
  }
}
