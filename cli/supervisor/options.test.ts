import { expect, test } from 'vitest';
import { flagsOf, parseUpOptions } from './options.ts';

test('without flags: one node of the best runtime on port 6443', () => {
  expect(parseUpOptions([], '/d')).toEqual({ dataDir: '/d', port: 6443, nodes: 1, runtime: 'auto', detach: false });
});

test('a configuration of authentication is handed on by its absolute path', () => {
  const options = parseUpOptions(['--authentication-config', '/etc/authn.yaml'], '/d');
  expect(options.authenticationConfig).toBe('/etc/authn.yaml');
  expect(parseUpOptions(flagsOf(options), '/other')).toEqual(options);
});

test.each([
  [['--port', '0'], '--port takes a whole number from 1 to 65535, not "0"'],
  [['--port', 'x'], '--port takes a whole number from 1 to 65535, not "x"'],
  [['--nodes', '1001'], '--nodes takes a whole number from 0 to 1000, not "1001"'],
  [['--runtime', 'docker'], '--runtime takes auto, containerd or simulated, not "docker"'],
  [['extra'], 'up takes no argument "extra"; see: npx zeroplane up --help'],
])('%j is refused', (args, message) => {
  expect(() => parseUpOptions(args, '/d')).toThrow(message);
});

test('audit flags survive the way to the next supervisor, and need a path', () => {
  const options = parseUpOptions(['--audit-log-path', '/var/audit.log', '--audit-log-maxsize', '7'], '/data');
  expect(options.auditLog).toEqual({ path: '/var/audit.log', megabytesMax: 7, backupsMax: 10, daysMax: 0 });
  expect(parseUpOptions(flagsOf(options), '/data')).toEqual(options);
  expect(parseUpOptions([], '/data').auditLog).toBeUndefined();
  expect(() => parseUpOptions(['--audit-log-maxage', '1'], '/data')).toThrow(
    '--audit-log-maxage needs --audit-log-path',
  );
});
