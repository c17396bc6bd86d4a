/** A check at the last moment before a request leaves this process. */
import type { Dispatcher } from 'undici';

/**
 * Runs the check when the bytes are about to go out, not when the call is made: between the two a connection may have
 * to be opened or waited for, and a process may be frozen there for any time. A check that throws fails the call, and
 * harms no other on that connection.
 */
export function beforeSending(
  check: () => void,
): (dispatch: Dispatcher['dispatch']) => Dispatcher['dispatch'] {
  return (dispatch) => (options, handler) => {
    const start = handler.onRequestStart?.bind(handler);
    handler.onRequestStart = (controller, context) => {
      check();
      start?.(controller, context);
    };
    return dispatch(options, handler);
  };
}
