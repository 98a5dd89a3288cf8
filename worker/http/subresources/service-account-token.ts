/** serviceaccounts/token: makes a token. What is decided lies in authn/token-request.ts. */
import { invalidStatus } from '../../../schema/meta/field-error.ts';
import type { UntypedObject } from '../../../schema/meta/object-meta.ts';
import { fail, notFound, ok, type Result, serviceUnavailable } from '../../../schema/meta/status.ts';
import { formatTime } from '../../../schema/meta/time.ts';
import { nodeOf } from '../../../schema/protocol/user-info.ts';
import { signingKeys } from '../../authn/signing-keys.ts';
import {
  bindingObstacle,
  boundResource,
  issueToken,
  misdirected,
  nodeObstacle,
  type TokenRequest,
  type TokenSubject,
  validateTokenRequest,
  withTokenRequestDefaults,
} from '../../authn/token-request.ts';
import type { ApiRequest, Handled } from '../api-request.ts';
import { createdAnswer } from '../answers/foreign-answer.ts';
import { type ForeignKind, readForeignObject } from '../request/foreign-body.ts';
import type { SubresourceRoute } from './subresource-route.ts';
import { readLatest } from '../objects/latest-object.ts';

const TOKEN_REQUEST: ForeignKind = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  plural: 'tokenrequests',
  schema: 'AuthenticationV1TokenRequest',
};

/** Reads what the token is to be bound to. */
async function subjectOf(
  api: ApiRequest,
  request: TokenRequest,
  account: UntypedObject,
): Promise<Result<TokenSubject>> {
  const reference = request.spec.boundObjectRef;
  if (!reference) return ok({ account });
  const resource = boundResource(reference);
  if (typeof resource !== 'string') return fail(resource);
  const name = reference.name ?? '';
  const bound = await readLatest(api, resource, resource === 'nodes' ? '' : api.info.namespace, name);
  if (bound === undefined) return fail(notFound(resource, name));
  const obstacle = bindingObstacle(request, account.metadata.name ?? '', bound);
  if (obstacle !== undefined) return fail(obstacle);
  if (resource === 'secrets') return ok({ account, secret: bound });
  if (resource === 'nodes') return ok({ account, node: bound });
  const { nodeName } = bound['spec'] as { nodeName?: string };
  if (!nodeName) return ok({ account, pod: bound });
  const node = await api.security.objects.get('nodes', '', nodeName);
  return ok({ account, pod: bound, node: node ?? { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } } });
}

async function handle(api: ApiRequest): Promise<Handled> {
  const { name, namespace } = api.info;
  const read = await readForeignObject<TokenRequest>(api, TOKEN_REQUEST);
  if (!read.ok) return read.status;
  const asked = read.value.object;
  const account = await readLatest(api, 'serviceaccounts', namespace, name);
  if (account === undefined) return notFound('serviceaccounts', name);
  const astray = misdirected(asked, account);
  if (astray !== undefined) {
    return 'code' in astray ? astray : invalidStatus('authentication.k8s.io', 'TokenRequest', name, astray);
  }
  const { security, runtime } = api;
  const now = runtime.now();
  const request = withTokenRequestDefaults(asked, account, security.audiences, formatTime(now));
  const errors = validateTokenRequest(request);
  if (errors.length > 0) return invalidStatus('authentication.k8s.io', 'TokenRequest', '', errors);
  const subject = await subjectOf(api, request, account);
  if (!subject.ok) return subject.status;
  const node = nodeOf(api.user);
  if (node !== '') {
    const refused = nodeObstacle(
      node,
      name,
      asked.spec?.audiences ?? [],
      request.spec.boundObjectRef,
      subject.value.pod,
    );
    if (refused !== undefined) return refused;
  }
  const keys = await signingKeys(security.objects);
  if (keys === undefined) return serviceUnavailable('the cluster has no signing key yet');
  const issuer = { keys, issuer: security.issuer, audiences: security.audiences, now, tokenId: runtime.newUid() };
  return createdAnswer(api, await issueToken(request, subject.value, issuer), read.value.body.warnings);
}

export const serviceAccountTokenRoute: SubresourceRoute = {
  resource: 'serviceaccounts',
  subresource: 'token',
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  verbs: ['create'],
  handle,
};
