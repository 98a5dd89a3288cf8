import { describe, expect, it } from 'vitest';
import { requestInfo } from '../request/request-info.ts';
import { Counter, SERIES_MAX } from './metric-store.ts';
import { RequestMetrics } from './request-metrics.ts';

function counted(line: string, contentType: string | null = null): string[] {
  const [method = '', target = ''] = line.split(' ');
  const url = new URL(target, 'https://zeroplane');
  const info = requestInfo(method, url.pathname, url.searchParams);
  const metrics = new RequestMetrics();
  if (info) metrics.record({ info, query: url.searchParams, contentType }, 200, 0.03);
  return metrics.text().split('\n');
}

const seriesOf = (line: string, contentType?: string): string | undefined =>
  counted(line, contentType).find((text) => text.startsWith('apiserver_request_total{'));

describe('requests are counted', () => {
  const labels = (scope: string, verb: string, rest: { resource: string; subresource?: string; dryRun?: string }) =>
    `apiserver_request_total{code="200",component="apiserver",dry_run="${rest.dryRun ?? ''}",group="",resource="${rest.resource}",scope="${scope}",subresource="${rest.subresource ?? ''}",verb="${verb}",version="v1"} 1`;

  it.each([
    ['GET /api/v1/pods', labels('cluster', 'LIST', { resource: 'pods' })],
    ['GET /api/v1/pods?watch=1', labels('cluster', 'WATCH', { resource: 'pods' })],
    ['GET /api/v1/namespaces/a/pods', labels('namespace', 'LIST', { resource: 'pods' })],
    ['GET /api/v1/namespaces/a/pods/b', labels('resource', 'GET', { resource: 'pods' })],
    ['GET /api/v1/namespaces/a/pods/b/log', labels('resource', 'CONNECT', { resource: 'pods', subresource: 'log' })],
    ['POST /api/v1/namespaces/a/pods?dryRun=All', labels('resource', 'POST', { resource: 'pods', dryRun: 'All' })],
    ['PUT /api/v1/namespaces/a/pods/b', labels('resource', 'PUT', { resource: 'pods' })],
    ['DELETE /api/v1/namespaces/a/pods', labels('namespace', 'DELETECOLLECTION', { resource: 'pods' })],
  ])('%s', (line, expected) => {
    expect(seriesOf(line)).toBe(expected);
  });

  it('with server-side apply told from other patches', () => {
    const line = 'PATCH /api/v1/namespaces/a/pods/b';
    expect(seriesOf(line, 'application/apply-patch+yaml')).toContain('verb="APPLY"');
    expect(seriesOf(line, 'application/merge-patch+json')).toContain('verb="PATCH"');
  });

  it('to paths that there are, and to no others', () => {
    expect(seriesOf('GET /healthz/ping')).toContain('subresource="/healthz",verb="GET"');
    expect(seriesOf('GET /nowhere')).toBeUndefined();
  });
});

it('durations are histograms, those of watches left out', () => {
  const text = counted('GET /api/v1/pods');
  expect(
    text
      .filter((line) => line.startsWith('apiserver_request_duration_seconds'))
      .map((line) => line.replace(/\{.*(le="[^"]*").*\}/, ' $1').replace(/\{.*\}/, '')),
  ).toEqual([
    ...['0.005', '0.025'].map((bound) => `apiserver_request_duration_seconds_bucket le="${bound}" 0`),
    ...[
      '0.05',
      '0.1',
      '0.2',
      '0.4',
      '0.6',
      '0.8',
      '1',
      '1.25',
      '1.5',
      '2',
      '3',
      '4',
      '5',
      '6',
      '8',
      '10',
      '15',
      '20',
      '30',
      '45',
      '60',
      '+Inf',
    ].map((bound) => `apiserver_request_duration_seconds_bucket le="${bound}" 1`),
    'apiserver_request_duration_seconds_sum 0.03',
    'apiserver_request_duration_seconds_count 1',
  ]);
  expect(counted('GET /api/v1/pods?watch=1').join('')).not.toContain('_bucket');
});

it('series have a limit, and labels are escaped', () => {
  const counter = new Counter('things', 'Things.');
  for (let i = 0; i < SERIES_MAX + 10; i += 1) {
    const series = counter.series({ name: i === 0 ? 'a"\\\n' : String(i) });
    if (series) series.count += 1;
  }
  const lines = counter.text().trim().split('\n');
  expect(lines).toHaveLength(SERIES_MAX + 2);
  expect(lines.slice(0, 3)).toEqual(['# HELP things Things.', '# TYPE things counter', 'things{name="a\\"\\\\\\n"} 1']);
});
