/** Takes back what was asked of a timer. Harmless when it has already run. */
export type Cancel = () => void;

/** Timers as a part, so that tests decide when time passes. */
export interface Timers {
  /** Runs once after `ms` milliseconds. */
  after(ms: number, run: () => void): Cancel;
  /** Runs every `ms` milliseconds until cancelled. */
  every(ms: number, run: () => void): Cancel;
}

/** The timers of the process; none of them keeps it alive. */
export const systemTimers: Timers = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};
