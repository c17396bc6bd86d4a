/** Amounts of processors as Kubernetes writes them. */

const form = /^(\d+(?:\.\d+)?)(m?)$/;

/** From `4`, `0.5` or `1500m` to processors; `undefined` when it is not one, or none at all. */
export function parseCpus(text: string | number | undefined): number | undefined {
  const [, amount, milli] = form.exec(String(text ?? '').trim()) ?? [];
  if (amount === undefined) return undefined;
  const cpus = Number(amount) / (milli === 'm' ? 1000 : 1);
  return cpus > 0 ? cpus : undefined;
}
