import type { Container } from './pod-types.ts';

type AppArmorProfile = NonNullable<NonNullable<Container['securityContext']>['appArmorProfile']>;

/** The field that says what an old annotation's value says. Source: kubernetes pkg/api/pod/util.go (1.37). */
export function appArmorProfileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const localhostProfile = annotation.startsWith('localhost/') ? annotation.slice('localhost/'.length) : '';
  return localhostProfile ? { type: 'Localhost', localhostProfile } : undefined;
}
