/** The text, or as much of it as fits into so many characters with the ellipsis that says that there was more. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
