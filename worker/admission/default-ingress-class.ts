/** Source: plugin/pkg/admission/network/defaultingressclass. */
import type { Ingress } from '../../schema/resources/networking/ingress.ts';
import type { AdmissionPlugin } from './admission-plugin.ts';
import { defaultClassOf } from './default-class.ts';

const ON_CLASS = ['ingressclass.kubernetes.io/is-default-class'];
const ON_INGRESS = 'kubernetes.io/ingress.class';

/** Gives a new Ingress that names no class the default one. */
export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  admit({ resource, subresource, operation, object }, reader) {
    if (resource !== 'ingresses.networking.k8s.io' || subresource !== '' || operation !== 'CREATE') return undefined;
    const ingress = object as Ingress;
    if (ingress.spec?.ingressClassName !== undefined) return undefined;
    if (ingress.metadata.annotations?.[ON_INGRESS] !== undefined) return undefined;
    const found = defaultClassOf(reader, 'ingressclasses.networking.k8s.io', ON_CLASS);
    if (found) ingress.spec = { ...ingress.spec, ingressClassName: found.metadata.name ?? '' };
    return undefined;
  },
};
