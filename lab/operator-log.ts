/** What an operator's log tells of it. */

/** It has led, and may do so no more. */
export function saysItLed(log: string): boolean {
  return log.includes('"msg":"leading"');
}
