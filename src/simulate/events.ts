/**
 * The log of a simulation, in time order. Every figure of a result can be computed from it alone, so its shape is a
 * contract: JSON Lines, one object a line, `t` in seconds since the beginning of the trace.
 */
export type SimEvent =
  | { readonly t: number; readonly e: 'launch' | 'ready' | 'cordon' | 'uncordon'; readonly node: string }
  /** A node is gone; `cut` counts the participants it still carried. `lost`: by a fault, not by the policy. */
  | {
      readonly t: number;
      readonly e: 'remove';
      readonly node: string;
      readonly cut: number;
      readonly lost?: true;
    }
  | { readonly t: number; readonly e: 'room'; readonly room: string; readonly node: string }
  /** The room's participants from now on. */
  | { readonly t: number; readonly e: 'load'; readonly room: string; readonly n: number }
  | { readonly t: number; readonly e: 'end'; readonly room: string };
