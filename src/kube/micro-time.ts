/** A MicroTime as the API server wants it: six decimals, or it answers 400. */
export function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}
