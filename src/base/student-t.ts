/** Quantiles for intervals of 95 %. */

/** What 95 % of the normal distribution lie within, both sides. */
export const z95 = 1.959963984540054;

/** The quantile that 95 % of Student's t lie within, both sides: the 0.975 one. By Hill's expansion above 2 degrees. */
export function studentT95(degrees: number): number {
  if (degrees === 1) return Math.tan(0.475 * Math.PI);
  if (degrees === 2) return Math.sqrt(2 / (0.05 * 1.95) - 2);
  const x = -z95;
  const a = 1 / (degrees - 0.5);
  const b = 48 / (a * a);
  const first = (((20_700 * a) / b - 98) * a - 16) * a + 96.36;
  const d = ((94.5 / (b + first) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * degrees;
  const few = degrees < 5 ? 0.3 * (degrees - 4.5) * (x + 0.6) : 0;
  const c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + first + few;
  const y = x * x;
  const t = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
  return Math.sqrt(degrees * Math.expm1(a * t * t));
}
