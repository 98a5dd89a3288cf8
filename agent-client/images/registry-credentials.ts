/** Credentials from a pod's imagePullSecrets. Source: credentialprovider/config.go, keyring.go. */
import type { UntypedObject } from '../../schema/meta/object-meta.ts';
import type { ImageAuth } from '../runtime/port.ts';
import { parseImage } from './image-name.ts';

interface DockerEntry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** All credentials of the Secrets that fit the image's registry, the longest match first. */
export function credentialsFor(image: string, secrets: readonly UntypedObject[]): ImageAuth[] {
  const parsed = parseImage(image);
  if (!parsed.ok) return [];
  const target = `${parsed.registry === 'docker.io' ? 'index.docker.io' : parsed.registry}/${parsed.path}`;
  return secrets
    .flatMap(entriesOf)
    .map(([server, entry]) => ({ server: normalise(server), entry }))
    .filter(({ server }) => matches(server, target))
    .sort((a, b) => b.server.length - a.server.length)
    .map(({ entry }) => toAuth(entry, parsed.registry));
}

function entriesOf(secret: UntypedObject): [string, DockerEntry][] {
  const data = (secret['data'] ?? {}) as Record<string, string>;
  const text = data['.dockerconfigjson'] ?? data['.dockercfg'];
  if (!text) return [];
  try {
    const config = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as Record<string, unknown>;
    const auths = data['.dockerconfigjson'] ? config['auths'] : config;
    return Object.entries((auths ?? {}) as Record<string, DockerEntry>);
  } catch {
    // A Secret that is no Docker configuration brings no credentials, as upstream.
    return [];
  }
}

const normalise = (server: string): string =>
  server
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/+$/, '');

/** `*` stands for one part of the host name. */
function matches(pattern: string, target: string): boolean {
  const [patternHost = '', ...patternPath] = pattern.split('/');
  const [targetHost = '', ...targetPath] = target.split('/');
  const wanted = patternHost.split('.');
  const given = targetHost.split('.');
  if (wanted.length !== given.length || !wanted.every((part, i) => part === '*' || part === given[i])) return false;
  return targetPath.join('/').startsWith(patternPath.join('/'));
}

function toAuth(entry: DockerEntry, registry: string): ImageAuth {
  const [username = '', ...password] = entry.auth ? Buffer.from(entry.auth, 'base64').toString('utf8').split(':') : [];
  return {
    username: entry.username ?? username,
    password: entry.password ?? password.join(':'),
    // Left empty for Docker Hub: the runtime ignores credentials whose address is not the one it asks.
    serverAddress: registry === 'docker.io' ? '' : registry,
    identityToken: entry.identitytoken,
    registryToken: entry.registrytoken,
  };
}
