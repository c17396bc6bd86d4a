/** `a`, `a and b`, `a, b and c`; beyond `most` items `a, b and 7 more`. */
export function listed(items: readonly string[], most = 5): string {
  const shown =
    items.length > most ? [...items.slice(0, most - 1), `${items.length - most + 1} more`] : items;
  if (shown.length < 2) return shown.join('');
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}
