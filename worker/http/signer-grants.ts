/**
 * What a writer of certificates.k8s.io may do with the signers concerned. Admission runs inside a shard,
 * where nobody can be asked, so the authorizer is asked before. A signer's name never changes once it is
 * stored: what is found out here still holds when the write comes to pass.
 */
import type { SignerVerb } from '../../schema/meta/resource.ts';
import type { SignerGrant, WriteRequest } from '../../schema/protocol/shard.ts';
import { authorize } from '../authz/chain.ts';
import type { ApiRequest } from './api-request.ts';
import { shardOf } from './stores.ts';

const GROUP = 'certificates.k8s.io';

type ObjectWrite = Extract<WriteRequest, { verb: 'create' | 'update' | 'patch' }>;

const VERBS: Readonly<Record<string, SignerVerb>> = {
  [`certificatesigningrequests.${GROUP}/approval`]: 'approve',
  [`certificatesigningrequests.${GROUP}/status`]: 'sign',
  [`podcertificaterequests.${GROUP}/status`]: 'sign',
  [`clustertrustbundles.${GROUP}/`]: 'attest',
};

/** Any more than a body and a stored object can name would not be asked for. */
interface WithSigner {
  readonly spec?: { readonly signerName?: unknown } | null;
}

function signerNameIn(text: string): string {
  const { spec } = (JSON.parse(text) ?? {}) as WithSigner;
  return typeof spec?.signerName === 'string' ? spec.signerName : '';
}

async function storedSignerName(api: ApiRequest, request: ObjectWrite): Promise<string> {
  if (request.verb === 'create') return '';
  const { resource, apiVersion, namespace, user, name } = request;
  const target = { resource, apiVersion, namespace, user, name };
  const answer = await shardOf(api.env, namespace).read({ ...target, verb: 'get', resourceVersion: '' });
  return answer.code === 200 ? signerNameIn(answer.body) : '';
}

async function isGranted(api: ApiRequest, verb: SignerVerb, signerName: string): Promise<boolean> {
  const about = {
    apiGroup: GROUP,
    apiVersion: '*',
    resource: 'signers',
    subresource: '',
    namespace: '',
    path: '',
    resourceRequest: true,
    user: api.user,
    verb,
  };
  if ((await authorize({ ...about, name: signerName }, api.security)).allowed) return true;
  // All signers of a domain at once. Source: pkg/certauthorization.
  const [domain = ''] = signerName.split('/');
  return (await authorize({ ...about, name: `${domain}/*` }, api.security)).allowed;
}

/** The write with the grants it takes; unchanged where signers do not matter. */
export async function withSignerGrants(api: ApiRequest, request: ObjectWrite): Promise<ObjectWrite> {
  const verb = VERBS[`${request.resource}/${request.subresource ?? ''}`];
  if (!verb) return request;
  if (api.user.groups.includes('system:masters')) return { ...request, signerGrants: 'every' };
  const names = new Set([await storedSignerName(api, request), signerNameIn(request.body)]);
  names.delete('');
  const signerGrants: SignerGrant[] = [];
  for (const signerName of names) {
    if (await isGranted(api, verb, signerName)) signerGrants.push({ verb, signerName });
  }
  return { ...request, signerGrants };
}
