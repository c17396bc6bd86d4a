/** A strict reader of the part of XML that reports use: every tag closed in order, every attribute quoted and unique. */

export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly (Element | string)[];
}

const tag = /<(\/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z][A-Za-z0-9:-]*="[^"<]*")*)\s*(\/?)>/y;
const attribute = /([A-Za-z][A-Za-z0-9:-]*)="([^"<]*)"/g;
const reference = /&(?:amp|lt|gt|quot|#39);/g;

interface Open {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: (Element | string)[];
}

/** The root element. @throws Error that says where the text is not well-formed. */
export function parseStrictly(document: string): Element {
  const source = document.replace(/^<!doctype html>\s*/, '').trimEnd();
  const stack: Open[] = [];
  let at = 0;
  while (at < source.length) {
    const next = source.indexOf('<', at);
    if (next === -1) throw new Error(`text after the end: ${source.slice(at, at + 40)}`);
    if (next > at) stack.at(-1)?.children.push(unescaped(source.slice(at, next)));
    tag.lastIndex = next;
    const match = tag.exec(source);
    if (match === null) throw new Error(`not a tag: ${source.slice(next, next + 60)}`);
    at = tag.lastIndex;
    const [, end, name = '', pairs = '', empty] = match;
    if (end === '') stack.push({ name, attributes: attributesOf(pairs), children: [] });
    if (end === '' && empty === '') continue;
    const root = closeLast(stack, name);
    if (root !== undefined && at < source.length) throw new Error(`more than one root at ${at}`);
    if (root !== undefined) return root;
  }
  throw new Error(`never closed: ${stack.map(({ name }) => name).join(' ')}`);
}

/** The root, once it is closed. */
function closeLast(stack: Open[], name: string): Element | undefined {
  const closed = stack.pop();
  if (closed?.name !== name) throw new Error(`</${name}> closes <${closed?.name ?? 'nothing'}>`);
  const parent = stack.at(-1);
  parent?.children.push(closed);
  return parent === undefined ? closed : undefined;
}

function attributesOf(pairs: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = '', value = ''] of pairs.matchAll(attribute)) {
    if (attributes.has(name)) throw new Error(`attribute ${name} twice`);
    attributes.set(name, unescaped(value));
  }
  return attributes;
}

const meanings: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function unescaped(text: string): string {
  if (text.replaceAll(reference, '').includes('&')) throw new Error(`a bare & in ${text.slice(0, 60)}`);
  return text.replaceAll(reference, (each) => meanings[each.slice(1, -1)] ?? each);
}

export function all(element: Element, name: string): readonly Element[] {
  const below = element.children.flatMap((child) => (typeof child === 'string' ? [] : all(child, name)));
  return element.name === name ? [element, ...below] : below;
}

export function textOf(element: Element): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}
