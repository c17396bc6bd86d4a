/** Two clocks, because they answer different questions: people read wall time, ages need one that never jumps. */
export interface Clock {
  /** Milliseconds since the Unix epoch, for what people read. May jump. */
  wallMs(): number;
  /** Milliseconds on a monotonic clock with an arbitrary origin, for ages and deadlines. Never goes back. */
  elapsedMs(): number;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  elapsedMs: () => performance.now(),
};
