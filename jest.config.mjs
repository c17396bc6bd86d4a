// Levels by folder: everything outside test/plane, test/world, test/faults and test/load is a unit test: no built part,
// no other process. Those in test/faults and test/load measure, so nothing else may run beside them.
const common = {
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist/'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.cjs' },
};
export default {
  coverageProvider: 'v8',
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['plane', 'world', 'faults', 'load'].map((level) => `<rootDir>/test/${level}/`),
    },
    { ...common, displayName: 'plane', testMatch: ['<rootDir>/test/plane/**/*.test.ts'] },
    { ...common, displayName: 'faults', testMatch: ['<rootDir>/test/faults/**/*.test.ts'] },
    { ...common, displayName: 'load', testMatch: ['<rootDir>/test/load/**/*.test.ts'] },
    { ...common, displayName: 'world', testMatch: ['<rootDir>/test/world/**/*.test.ts'] },
  ],
};
