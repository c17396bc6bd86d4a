/** The receipts of removals as people read them. */
import { sayDuration } from '../base/duration.ts';
import { parseIsoMs } from '../base/iso-time.ts';
import { textTable } from './output.ts';

/** One removal: who, when, why, and what showed that nobody was there. Further fields are kept as they are. */
export interface Receipt {
  readonly node: string;
  readonly uid: string;
  readonly removedAt: string;
  readonly because: string;
  readonly nodeId?: string;
  readonly proofs?: readonly unknown[];
  /** Whether it was removed with people on it, by a written policy; receipts of earlier versions do not say. */
  readonly evicted?: boolean;
  readonly roomsCut?: number;
  readonly participantsCut?: number;
  /** Its server had ended by itself, or never took part; what that cut was told as a loss. */
  readonly failed?: boolean;
  /** From when it was to be closed until it was removed. */
  readonly tookSeconds?: number;
  readonly roomsWhenClosed?: number;
  readonly participantsWhenClosed?: number;
}

export interface ReceiptFilter {
  readonly node?: string | undefined;
  readonly uid?: string | undefined;
  /** Only those from this instant on, milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
}

export interface Receipts {
  /** Oldest first. */
  readonly receipts: readonly Receipt[];
  /** Keys whose text is no receipt. */
  readonly unreadable: readonly string[];
}

/** Reads the data of the ConfigMap in which the operator keeps them. Never throws: what is no receipt is named. */
export function readReceipts(data: Readonly<Record<string, string>>, filter: ReceiptFilter): Receipts {
  const read = Object.entries(data)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, text]) => ({ key, receipt: receiptOf(text) }));
  return {
    receipts: read.flatMap(({ receipt }) =>
      receipt !== undefined && passes(receipt, filter) ? [receipt] : [],
    ),
    unreadable: read.flatMap(({ key, receipt }) => (receipt === undefined ? [key] : [])),
  };
}

function receiptOf(text: string): Receipt | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isReceipt(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isReceipt(value: unknown): value is Receipt {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map(Object.entries(value));
  return ['node', 'uid', 'removedAt', 'because'].every((name) => typeof fields.get(name) === 'string');
}

function passes(receipt: Receipt, { node, uid, sinceMs }: ReceiptFilter): boolean {
  if (node !== undefined && receipt.node !== node) return false;
  if (uid !== undefined && receipt.uid !== uid) return false;
  return sinceMs === undefined || (parseIsoMs(receipt.removedAt) ?? Number.POSITIVE_INFINITY) >= sinceMs;
}

/** A table with one line for each removal. */
export function receiptsText({ receipts, unreadable }: Receipts): string {
  const notes = unreadable.map((key) => `${key} is no receipt and was left out.`);
  if (receipts.length === 0) return ['No Media Node has been removed in that time.', ...notes].join('\n');
  const rows = receipts.map((receipt) => [
    receipt.removedAt.replace(/\.\d+Z$/, 'Z'),
    receipt.node,
    proofText(receipt),
    receipt.tookSeconds === undefined ? '-' : sayDuration(receipt.tookSeconds * 1000),
    carriedText(receipt),
    receipt.because,
  ]);
  const titles = ['removed at', 'node', 'proven empty', 'drained for', 'when closed', 'because'].map(
    (title) => ({
      title,
    }),
  );
  return [textTable(titles, rows), ...notes].join('\n');
}

function proofText(receipt: Receipt): string {
  const { proofs = [], evicted = false, failed = false, roomsCut = 0, participantsCut = 0 } = receipt;
  if (evicted) return `no: ${participantsCut} cut in ${roomsCut} rooms`;
  if (failed) return 'it had failed';
  if (proofs.length === 0) return 'by a stop that hung';
  return proofs.length === 1 ? 'once' : `${proofs.length} times`;
}

function carriedText({ roomsWhenClosed, participantsWhenClosed }: Receipt): string {
  if (roomsWhenClosed === undefined || participantsWhenClosed === undefined) return '-';
  return `${participantsWhenClosed} in ${roomsWhenClosed} rooms`;
}
