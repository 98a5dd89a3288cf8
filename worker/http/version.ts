/** `/version`. Source: apimachinery version.Info. */
export const SERVER_VERSION = {
  major: '1',
  minor: '37',
  emulationMajor: '1',
  emulationMinor: '37',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '36',
  gitVersion: 'v1.37.0+zeroplane',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2026-11-21T00:00:00Z',
  goVersion: 'none',
  compiler: 'workerd',
  platform: 'workers/v8',
} as const;
