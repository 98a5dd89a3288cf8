/** PodCertificateRequest as it comes and goes. Source: k8s.io/api certificates/v1. */
import type { KubeObject } from '../../meta/object-meta.ts';

export interface PodCertificateSpec {
  signerName?: string;
  podName?: string;
  podUID?: string;
  serviceAccountName?: string;
  serviceAccountUID?: string;
  nodeName?: string;
  nodeUID?: string;
  maxExpirationSeconds?: number;
  /** DER, in base64. */
  stubPKCS10Request?: string;
  unverifiedUserAnnotations?: Record<string, string>;
}

interface Condition {
  type?: string;
  status?: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

export interface PodCertificateStatus {
  conditions?: Condition[];
  certificateChain?: string;
  notBefore?: string;
  beginRefreshAt?: string;
  notAfter?: string;
}

export interface PodCertificateRequest extends KubeObject {
  spec?: PodCertificateSpec;
  status?: PodCertificateStatus;
}
