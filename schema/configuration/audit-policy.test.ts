import { describe, expect, it } from 'vitest';
import { DEFAULT_AUDIT_POLICY, readAuditPolicy } from './audit-policy.ts';

const policy = (rest: string): string => `apiVersion: audit.k8s.io/v1\nkind: Policy\n${rest}`;

describe('audit policies', () => {
  it('are read from YAML or JSON', () => {
    const read = readAuditPolicy(
      policy('metadata: {name: a, labels: {x: y}}\nrules: [{level: Metadata, verbs: [get]}]'),
    );
    expect(read).toMatchObject({ ok: true, value: { rules: [{ level: 'Metadata', verbs: ['get'] }] } });
    const json = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'None' }] };
    expect(readAuditPolicy(JSON.stringify(json)).ok).toBe(true);
  });

  it('have a default that notes no bodies', () => {
    expect(readAuditPolicy(' default\n')).toEqual({ ok: true, value: DEFAULT_AUDIT_POLICY });
    expect(DEFAULT_AUDIT_POLICY.rules.every(({ level }) => level === 'None' || level === 'Metadata')).toBe(true);
  });

  it.each([
    ['rules: []', 'loaded illegal policy with 0 rules'],
    ['{', /.+/],
    ['rules: [{}]', 'rules[0].level: Required value'],
    [
      'rules: [{level: All}]',
      'rules[0].level: Unsupported value: "All": supported values: "None", "Metadata", "Request", "RequestResponse"',
    ],
    ['rules: [{level: None, colour: red}]', 'strict decoding error: unknown field "rules[0].colour"'],
    ['rules: [{level: None, users: x}]', 'strict decoding error: rules[0].users is of type string, not array'],
    [
      'rules: [{level: None, nonResourceURLs: [x, /a*b, "*"]}]',
      /nonResourceURLs\[0\]: Invalid value: "x": non-resource URL rules must begin with a '\/' character.*nonResourceURLs\[1\]: Invalid value: "\/a\*b": non-resource URL wildcards '\*' must be the final character of the rule/,
    ],
    [
      'rules: [{level: None, nonResourceURLs: [/a], namespaces: [b]}]',
      /rules cannot apply to both regular resources and non-resource URLs/,
    ],
    [
      'rules: [{level: None, resources: [{group: "Apps/v1"}]}]',
      /rules\[0\]\.resources\.group: Invalid value: "Apps\/v1"/,
    ],
    [
      'rules: [{level: None, resources: [{resourceNames: [a]}]}]',
      /rules\[0\]\.resources\.resourceNames: Invalid value: .*using resourceNames requires at least one resource/,
    ],
    [
      'omitStages: [Never]\nrules: [{level: None}]',
      'omitStages[0]: Invalid value: "Never": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic',
    ],
  ])('are refused: %s', (rest, error) => {
    const read = readAuditPolicy(policy(rest));
    expect(read).toEqual({ ok: false, error: typeof error === 'string' ? error : expect.stringMatching(error) });
  });

  it('are refused when they are of another kind', () => {
    for (const text of [
      '',
      'x',
      'kind: Policy',
      'apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules: [{level: None}]',
    ])
      expect(readAuditPolicy(text), text).toMatchObject({ ok: false });
  });
});
