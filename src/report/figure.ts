/** Numbers and counts as people read them. */

/** With a thin space between thousands and a real minus sign. */
export function figure(value: number, digits: number): string {
  const [whole = '', fraction] = Math.abs(value).toFixed(digits).split('.');
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, '\u2009');
  const sign = value < 0 && Number(value.toFixed(digits)) !== 0 ? '\u2212' : '';
  return `${sign}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** With its first letter as a capital. */
export function upperFirst(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** Such as "3 traces"; an "s" makes the plural. */
export function counted(count: number, noun: string): string {
  return `${figure(count, 0)} ${noun}${count === 1 ? '' : 's'}`;
}
