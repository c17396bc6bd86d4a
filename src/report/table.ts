/** Tables with a caption, headers that are marked as such, and figures aligned on their right. */
import { type Child, type Markup, el } from './markup.ts';

export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first cell of a row is its header. */
  readonly rows: readonly (readonly Cell[])[];
  /** Whether a row is set apart, such as the policy that the report is about. */
  readonly isMarked?: (row: number) => boolean;
  /** Offers to sort its rows by a column, where scripts run. */
  readonly sorts?: boolean;
  /** Whether its cells are words, which are read from the left. */
  readonly isProse?: boolean;
}

export type Cell = Child | MarkedCell;

/** A cell with a class, for emphasis that its words carry too. */
export interface MarkedCell {
  readonly content: Child;
  readonly mark: string;
}

export function table({
  caption,
  columns,
  rows,
  isMarked = () => false,
  sorts = false,
  isProse = false,
}: Table): Markup {
  const head = columns.map((column) => el('th', { scope: 'col' }, column));
  const body = rows.map(([first, ...rest], at) =>
    el(
      'tr',
      { class: isMarked(at) ? 'marked' : undefined },
      el('th', { scope: 'row' }, contentOf(first)),
      ...rest.map((cell) => el('td', { class: markOf(cell) }, contentOf(cell))),
    ),
  );
  return el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption },
    el(
      'table',
      { class: sorts ? 'sorts' : isProse ? 'prose' : undefined },
      el('caption', {}, caption),
      el('thead', {}, el('tr', {}, ...head)),
      el('tbody', {}, ...body),
    ),
  );
}

function isMarkedCell(cell: Cell): cell is MarkedCell {
  return typeof cell === 'object' && 'content' in cell;
}

function contentOf(cell: Cell): Child {
  return isMarkedCell(cell) ? cell.content : cell;
}

function markOf(cell: Cell): string | undefined {
  return isMarkedCell(cell) ? cell.mark : undefined;
}
