/** Least squares whose answers may not be negative, and how far its columns can be told apart. */
import { assert } from '../base/assert.ts';

type Matrix = readonly (readonly number[])[];

const cell = (matrix: Matrix, row: number, column: number): number => matrix[row]?.[column] ?? 0;

/**
 * The x ≥ 0 with the least Σ weight·(row·x − y)², by the method of Lawson and Hanson on the normal equations, as Bro and
 * de Jong do it. Columns may be of very different size. Columns that say the same share what they explain in no
 * defined way: see `conditionNumber`.
 */
export function nonNegativeLeastSquares(
  rows: Matrix,
  ys: readonly number[],
  weights: readonly number[],
): readonly number[] {
  const columns = rows[0]?.length ?? 0;
  const scales = columnLengths(rows, weights);
  const scaled = rows.map((row) => row.map((value, column) => value / (scales[column] ?? 1)));
  const gram = gramOf(scaled, weights);
  const target = Array.from({ length: columns }, (_, column) =>
    scaled.reduce(
      (total, row, index) => total + (row[column] ?? 0) * (ys[index] ?? 0) * (weights[index] ?? 0),
      0,
    ),
  );
  return solve(gram, target).map((value, column) => value / (scales[column] ?? 1));
}

function solve(gram: Matrix, target: readonly number[]): readonly number[] {
  const tolerance = 1e-10 * Math.max(...target.map(Math.abs), Number.MIN_VALUE);
  let x: readonly number[] = target.map(() => 0);
  let free: readonly number[] = [];
  // Each round frees one column for good or not at all; the bound only guards against rounding that runs in circles.
  for (let round = 0; round < 3 * target.length; round += 1) {
    const best = steepest(gram, target, x, free);
    if (best === undefined || best.gain <= tolerance) return x;
    ({ x, free } = settle(gram, target, x, [...free, best.column]));
  }
  return x;
}

/** The column outside of `free` along which the error falls most. */
function steepest(gram: Matrix, target: readonly number[], x: readonly number[], free: readonly number[]) {
  return target
    .map((aim, column) => ({
      column,
      gain: aim - x.reduce((sum, value, at) => sum + cell(gram, column, at) * value, 0),
    }))
    .filter(({ column }) => !free.includes(column))
    .toSorted((a, b) => b.gain - a.gain)[0];
}

/** Goes towards the free answer as far as nothing gets negative, drops what reached 0, and tries again. */
function settle(gram: Matrix, target: readonly number[], from: readonly number[], wanted: readonly number[]) {
  let x = from;
  let free = wanted;
  while (free.length > 0) {
    const aim = solveLinear(
      free.map((row) => free.map((column) => cell(gram, row, column))),
      free.map((row) => target[row] ?? 0),
    );
    const steps = free.map((column, at) => stepTo(x[column] ?? 0, aim[at] ?? 0));
    const step = Math.min(1, ...steps);
    x = x.map((value, column) => {
      const at = free.indexOf(column);
      return at < 0 || (steps[at] === step && step < 1) ? 0 : value + step * ((aim[at] ?? 0) - value);
    });
    if (step >= 1) break;
    free = free.filter((_, at) => steps[at] !== step);
  }
  return { x, free };
}

/** The part of the way at which the value would become negative; more than 1 if it does not. */
function stepTo(value: number, aim: number): number {
  return aim > 0 ? 2 : value / Math.max(value - aim, Number.MIN_VALUE);
}

/** By elimination with pivots. A column that is a sum of others gets 0. */
function solveLinear(matrix: Matrix, right: readonly number[]): readonly number[] {
  const size = right.length;
  const work = matrix.map((row, index) => [...row, right[index] ?? 0]);
  const at = (row: number, column: number): number => cell(work, row, column);
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < size; row += 1) {
      if (Math.abs(at(row, column)) > Math.abs(at(pivot, column))) pivot = row;
    }
    swap(work, column, pivot);
    for (let row = column + 1; row < size; row += 1) eliminate(work, column, row);
  }
  const x: number[] = Array.from({ length: size }, () => 0);
  for (let row = size - 1; row >= 0; row -= 1) {
    let rest = at(row, size);
    for (let column = row + 1; column < size; column += 1) rest -= at(row, column) * (x[column] ?? 0);
    x[row] = Math.abs(at(row, row)) < 1e-13 ? 0 : rest / at(row, row);
  }
  return x;
}

function swap(work: number[][], one: number, other: number): void {
  const [first, second] = [work[one], work[other]];
  assert(first !== undefined && second !== undefined, 'the rows to swap are there');
  work[one] = second;
  work[other] = first;
}

function eliminate(work: number[][], pivot: number, row: number): void {
  const divisor = cell(work, pivot, pivot);
  if (Math.abs(divisor) < 1e-13) return;
  const factor = cell(work, row, pivot) / divisor;
  work[row] = (work[row] ?? []).map((value, column) => value - factor * cell(work, pivot, column));
}

function columnLengths(rows: Matrix, weights: readonly number[]): readonly number[] {
  return (rows[0] ?? []).map((_, column) => {
    const squares = rows.reduce(
      (total, row, index) => total + (weights[index] ?? 0) * (row[column] ?? 0) ** 2,
      0,
    );
    return Math.sqrt(squares) || 1;
  });
}

function gramOf(rows: Matrix, weights: readonly number[]): Matrix {
  const columns = rows[0]?.map((_, column) => column) ?? [];
  return columns.map((one) =>
    columns.map((other) =>
      rows.reduce(
        (total, row, index) => total + (weights[index] ?? 0) * (row[one] ?? 0) * (row[other] ?? 0),
        0,
      ),
    ),
  );
}

/**
 * Of the weighted columns, each scaled to length 1: 1 where they have nothing in common, above 30 (after Belsley) where
 * they can hardly be told apart, Infinity where one of them is made of others or is 0 throughout.
 */
export function conditionNumber(rows: Matrix, weights: readonly number[]): number {
  const scales = columnLengths(rows, weights);
  const scaled = rows.map((row) => row.map((value, column) => value / (scales[column] ?? 1)));
  const values = eigenvalues(gramOf(scaled, weights));
  const least = Math.min(...values);
  const most = Math.max(...values);
  return least <= most * 1e-14 ? Infinity : Math.sqrt(most / least);
}

/** Of a symmetric matrix, by Jacobi's rotations. */
function eigenvalues(matrix: Matrix): readonly number[] {
  const work = matrix.map((row) => [...row]);
  const pairs = work.flatMap((_, one) =>
    work.slice(one + 1).map((__, more) => [one, one + 1 + more] as const),
  );
  for (let sweep = 0; sweep < 30; sweep += 1) {
    const off = pairs.reduce((total, [one, other]) => total + cell(work, one, other) ** 2, 0);
    if (off < 1e-30) break;
    for (const [one, other] of pairs) rotate(work, one, other);
  }
  return work.map((_, index) => cell(work, index, index));
}

/** Makes the two cells off the diagonal 0. */
function rotate(work: number[][], one: number, other: number): void {
  const off = cell(work, one, other);
  if (off === 0) return;
  const theta = (cell(work, other, other) - cell(work, one, one)) / (2 * off);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  for (const row of work) {
    const [a, b] = [row[one] ?? 0, row[other] ?? 0];
    row[one] = cosine * a - sine * b;
    row[other] = sine * a + cosine * b;
  }
  const [first, second] = [[...(work[one] ?? [])], [...(work[other] ?? [])]];
  work[one] = first.map((value, column) => cosine * value - sine * (second[column] ?? 0));
  work[other] = second.map((value, column) => sine * (first[column] ?? 0) + cosine * value);
}
