/**
 * Copies `crds/` into the chart's templates, because Helm never upgrades what lies in a chart's own `crds/` folder.
 * `--check` writes nothing and exits 1 when the copies have drifted.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepGenerated, root } from './generated.ts';

const keepAnnotation = `  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
  labels: {{- include "ovm.labels" . | nindent 4 }}
`;

class UnusableCrdError extends Error {
  override readonly name = 'UnusableCrdError';
}

/** Wraps one definition. @throws UnusableCrdError when there is no place for the annotation, or Helm would read it as a template. */
function asTemplate(file: string, text: string): string {
  if (text.includes('{{')) throw new UnusableCrdError(`${file} contains '{{', which Helm would expand`);
  const place = /^metadata:\n {2}name: \S+\n(?=spec:)/m.exec(text);
  if (place === null) {
    throw new UnusableCrdError(`${file} must have metadata with nothing but a name, followed by spec`);
  }
  const end = place.index + place[0].length;
  return `{{- /* Made from crds/${file} by scripts/gen-chart.ts. Do not edit. */ -}}
{{- if .Values.crds.enabled }}
${text.slice(0, end)}${keepAnnotation}${text.slice(end).trimEnd()}
{{- end }}
`;
}

const folder = join(root, 'crds');
const copies = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .sort()
  .map((file): [string, string] => [
    `charts/openvidu-media-operator/templates/crd-${file}`,
    asTemplate(file, readFileSync(join(folder, file), 'utf8')),
  ]);

process.exitCode = keepGenerated(new Map(copies), 'node scripts/gen-chart.ts');
