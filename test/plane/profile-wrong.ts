/** OpenViduCapacityProfiles that people get wrong, and what the API server must say: which field, and what to do. */

export interface WrongProfile {
  readonly name: string;
  /** In the place of fields of a right spec. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly says: readonly [field: string, remedy: string];
}

const shape = { name: 'conference-10', participantsPerRoom: 10, rooms: 3, lower95: 3 };

export const rightSpec = { match: { engine: 'pion' }, shapes: [shape] } as const;

export const wrongProfiles: readonly WrongProfile[] = [
  {
    name: 'nothing that it says',
    spec: { shapes: undefined },
    says: ['spec:', 'give shapes, limits or costs'],
  },
  {
    name: 'a mode that there is not',
    spec: { mode: 'Yes' },
    says: ['spec.mode:', 'supported values: "Propose", "Apply"'],
  },
  {
    name: 'an engine that nobody knows',
    spec: { match: { engine: 'kurento' } },
    says: ['spec.match.engine:', 'supported values: "pion", "mediasoup"'],
  },
  {
    name: 'a version in words',
    spec: { match: { livekitVersion: 'latest' } },
    says: ['spec.match.livekitVersion:', 'give the version as numbers with dots between them, such as 1.13'],
  },
  {
    name: 'no processors',
    spec: { match: { cpus: 0 } },
    says: ['spec.match.cpus:', 'give more than 0 processors, or leave the field out'],
  },
  {
    name: 'a share of more than all',
    spec: { limits: { cpu: 80 } },
    says: ['spec.limits.cpu:', 'less than or equal to 1'],
  },
  {
    name: 'a shape of rooms and viewers',
    spec: { shapes: [{ ...shape, viewers: 100 }] },
    says: [
      'spec.shapes[0]:',
      'give rooms (of participantsPerRoom each) or viewers (of one room), and not both',
    ],
  },
  {
    name: 'rooms of nobody knows how many',
    spec: { shapes: [{ ...shape, participantsPerRoom: undefined }] },
    says: ['spec.shapes[0].rooms:', 'set participantsPerRoom'],
  },
  {
    name: 'a lower bound above the capacity',
    spec: { shapes: [{ ...shape, lower95: 4 }] },
    says: ['spec.shapes[0].lower95:', 'lower lower95, or raise rooms or viewers'],
  },
  {
    name: 'a capacity of nothing',
    spec: { shapes: [{ ...shape, lower95: 0 }] },
    says: ['spec.shapes[0].lower95:', 'give more than 0, or take the shape away'],
  },
  {
    name: 'two shapes of one name',
    spec: { shapes: [shape, shape] },
    says: ['spec.shapes[1]:', 'Duplicate value'],
  },
  {
    name: 'costs below nothing',
    spec: { costs: { cores: { participant: -1 } } },
    says: ['spec.costs.cores.participant:', 'greater than or equal to 0'],
  },
  {
    name: 'evidence that is no digest',
    spec: { evidence: [{ loadTest: 'a', date: '2026-11-20T16:00:00Z', sha256: 'abc' }] },
    says: ['spec.evidence[0].sha256:', 'give the 64 hexadecimal digits that sha256sum prints'],
  },
  {
    name: 'a field that is misspelt',
    spec: { shape: [shape] },
    says: ['unknown field "spec.shape"', 'strict decoding error'],
  },
];
