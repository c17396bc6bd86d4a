// Levels by folder: everything outside test/plane and test/world is a unit test: no built part, no other process.
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
      testPathIgnorePatterns: ['<rootDir>/test/plane/', '<rootDir>/test/world/'],
    },
    { ...common, displayName: 'plane', testMatch: ['<rootDir>/test/plane/**/*.test.ts'] },
    { ...common, displayName: 'world', testMatch: ['<rootDir>/test/world/**/*.test.ts'] },
  ],
};
