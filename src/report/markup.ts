/** Markup built from elements: text is escaped wherever it comes from, and the result is well-formed XML too. */

export interface Markup {
  readonly markup: string;
}

/** Text and numbers are escaped, markup is taken as it is, nothing for `undefined`. */
export type Child = Markup | string | number | undefined;

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Of HTML, the elements that have no end tag. SVG's own are written with one, which both parsers understand. */
const voidElements = new Set(['meta', 'link', 'br', 'hr', 'col', 'input']);

export function el(name: string, attributes: Attributes, ...children: readonly Child[]): Markup {
  const pairs = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(String(value))}"`)
    .join('');
  if (voidElements.has(name)) return { markup: `<${name}${pairs}/>` };
  return { markup: `<${name}${pairs}>${children.map(markupOf).join('')}</${name}>` };
}

/** Several pieces as one. */
export function group(...children: readonly Child[]): Markup {
  return { markup: children.map(markupOf).join('') };
}

/** Our own style sheets and scripts, which must not be escaped; never anything that came from outside. */
export function verbatim(markup: string): Markup {
  return { markup };
}

function markupOf(child: Child): string {
  if (child === undefined) return '';
  return typeof child === 'object' ? child.markup : escaped(String(child));
}

const replacements: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Characters that no document may hold, such as a NUL in a file name, become the replacement character. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[&<>"']/g, (character) => replacements[character] ?? character)
    .replaceAll(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, '\ufffd');
}

/** Data for programs, in a script element that HTML and XML parsers read alike. */
export function embeddedJsonScript(id: string, value: unknown): Markup {
  return el('script', { type: 'application/json', id }, verbatim(inertJson(value)));
}

function inertJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u007f-\u009f\u2028\u2029\ud800-\udfff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
