/** Where the parts of a YAML document begin, as offsets in its text. */
import { isNode, isScalar, type YAMLMap } from 'yaml';

/** Of a field's value, or of its name where it has no value or the name is wanted; `undefined` of no such field. */
export function startInMap(
  map: YAMLMap,
  name: string | number,
  of: 'Name' | 'Value' | 'Around',
): number | undefined {
  const pair = map.items.find(({ key }) => isScalar(key) && key.value === name);
  const start = of === 'Name' ? undefined : startOf(pair?.value);
  return start ?? startOf(pair?.key);
}

/** `undefined` of what is no node of a document, or was not read from a text. */
export function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
