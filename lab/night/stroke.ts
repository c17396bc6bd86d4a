import type { Scene } from './scene.ts';

/** One thing that befalls a fleet in a night. */
export interface Stroke {
  readonly what: string;
  /** How often it comes, compared with the others. */
  readonly weight: number;
  /** What must be whole before; the stroke leaves it broken where it says so. */
  readonly thing?: string;
  /** Whether this fleet can suffer it; always, unless told. */
  readonly canStrike?: (scene: Scene) => boolean;
  /** @returns more about it, in a few words */
  readonly strike: (scene: Scene) => Promise<string>;
}
