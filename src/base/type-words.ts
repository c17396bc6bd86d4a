/** What the types of JSON are called in sentences that ask for a value of one. */
export const typeWords = {
  object: 'fields',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
} as const;

/** For the end of such a sentence; `undefined` of a type that JSON does not have. */
export function typeWord(type: unknown): string | undefined {
  const words: Readonly<Record<string, string>> = typeWords;
  return typeof type === 'string' && Object.hasOwn(words, type) ? words[type] : undefined;
}
