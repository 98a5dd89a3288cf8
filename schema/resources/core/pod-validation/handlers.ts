/** Rules for probes and lifecycle hooks. Source: kubernetes pkg/apis/core/validation (1.37). */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../meta/field-error.ts';
import { isHTTPHeaderName, isValidPortName, isValidPortNum } from '../../../meta/name-rules.ts';
import type { Container, PodSpec } from '../pod-types.ts';
import { pushInvalid, validateNonNegative } from './names.ts';

type Probe = NonNullable<Container['livenessProbe']>;
type Lifecycle = NonNullable<Container['lifecycle']>;
type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> &
  Pick<NonNullable<Lifecycle['preStop']>, 'sleep'>;
type HttpGetAction = NonNullable<Handler['httpGet']>;

/** Liveness and startup probes succeed at once; readiness probes do not end containers. */
export function validateProbes(
  container: Container,
  gracePeriodSeconds: number | undefined,
  path: string,
  errors: FieldError[],
): void {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  if (livenessProbe) validateSingleSuccessProbe(livenessProbe, gracePeriodSeconds, `${path}.livenessProbe`, errors);
  if (readinessProbe) validateReadinessProbe(readinessProbe, gracePeriodSeconds, `${path}.readinessProbe`, errors);
  if (startupProbe) validateSingleSuccessProbe(startupProbe, gracePeriodSeconds, `${path}.startupProbe`, errors);
}

function validateSingleSuccessProbe(
  probe: Probe,
  gracePeriod: number | undefined,
  path: string,
  errors: FieldError[],
): void {
  validateProbe(probe, gracePeriod, path, errors);
  if (probe.successThreshold !== 1) {
    errors.push(invalid(`${path}.successThreshold`, probe.successThreshold ?? 0, 'must be 1'));
  }
}

function validateReadinessProbe(
  probe: Probe,
  gracePeriod: number | undefined,
  path: string,
  errors: FieldError[],
): void {
  validateProbe(probe, gracePeriod, path, errors);
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined) {
    errors.push(invalid(`${path}.terminationGracePeriodSeconds`, own, 'must not be set for readinessProbes'));
  }
}

function validateProbe(probe: Probe, gracePeriod: number | undefined, path: string, errors: FieldError[]): void {
  validateHandler(probe, gracePeriod, path, errors);
  validateNonNegative(probe.initialDelaySeconds, `${path}.initialDelaySeconds`, errors);
  validateNonNegative(probe.timeoutSeconds, `${path}.timeoutSeconds`, errors);
  validateNonNegative(probe.periodSeconds, `${path}.periodSeconds`, errors);
  validateNonNegative(probe.successThreshold, `${path}.successThreshold`, errors);
  validateNonNegative(probe.failureThreshold, `${path}.failureThreshold`, errors);
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined && own <= 0) {
    errors.push(invalid(`${path}.terminationGracePeriodSeconds`, own, 'must be greater than 0'));
  }
}

export function validateLifecycle(
  lifecycle: Lifecycle,
  gracePeriod: number | undefined,
  os: PodSpec['os'],
  path: string,
  errors: FieldError[],
): void {
  if (lifecycle.postStart) validateHandler(lifecycle.postStart, gracePeriod, `${path}.postStart`, errors);
  if (lifecycle.preStop) validateHandler(lifecycle.preStop, gracePeriod, `${path}.preStop`, errors);
  if (lifecycle.stopSignal) validateStopSignal(lifecycle.stopSignal, os, `${path}.stopSignal`, errors);
}

/** Exactly one kind of handler. */
function validateHandler(handler: Handler, gracePeriod: number | undefined, path: string, errors: FieldError[]): void {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  let count = 0;
  const isFirst = (name: string): boolean => {
    if (++count === 1) return true;
    errors.push(forbiddenField(`${path}.${name}`, 'may not specify more than 1 handler type'));
    return false;
  };
  if (exec && isFirst('exec') && !exec.command?.length) errors.push(required(`${path}.exec.command`));
  if (httpGet && isFirst('httpGet')) validateHttpGet(httpGet, `${path}.httpGet`, errors);
  if (tcpSocket && isFirst('tcpSocket')) validatePort(tcpSocket.port, `${path}.tcpSocket.port`, errors);
  if (grpc && isFirst('grpc')) validatePort(grpc.port, `${path}.grpc.port`, errors);
  if (sleep && isFirst('sleep') && gracePeriod !== undefined && (sleep.seconds < 0 || sleep.seconds > gracePeriod)) {
    const detail = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
    errors.push(invalid(`${path}.sleep`, sleep.seconds, detail));
  }
  if (count === 0) errors.push(required(path, 'must specify a handler type'));
}

const SCHEMES = ['HTTP', 'HTTPS'];

function validateHttpGet(action: HttpGetAction, path: string, errors: FieldError[]): void {
  if (!action.path) errors.push(required(`${path}.path`));
  validatePort(action.port, `${path}.port`, errors);
  if (!SCHEMES.includes(action.scheme ?? '')) errors.push(notSupported(`${path}.scheme`, action.scheme ?? '', SCHEMES));
  for (const { name } of action.httpHeaders ?? []) {
    pushInvalid(isHTTPHeaderName(name ?? ''), name ?? '', `${path}.httpHeaders`, errors);
  }
}

/** A port's number, or the name of one of the container's ports. */
function validatePort(port: string | number | undefined, path: string, errors: FieldError[]): void {
  if (typeof port === 'string') pushInvalid(isValidPortName(port), port, path, errors);
  else pushInvalid(isValidPortNum(port ?? 0), port ?? 0, path, errors);
}

const NAMED_SIGNALS =
  'SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL ' +
  'SIGPROF SIGPWR SIGQUIT SIGRTMAX SIGRTMIN SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU ' +
  'SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ';
const fromOneTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);
const LINUX_SIGNALS = [
  ...NAMED_SIGNALS.split(' '),
  ...fromOneTo(15).map((n) => `SIGRTMIN+${n}`),
  ...fromOneTo(14).map((n) => `SIGRTMAX-${n}`),
].sort();
const WINDOWS_SIGNALS = ['SIGKILL', 'SIGTERM'];

function validateStopSignal(signal: string, os: PodSpec['os'], path: string, errors: FieldError[]): void {
  if (!os) return void errors.push(forbiddenField(path, 'may not be set for containers with empty `spec.os.name`'));
  const supported = os.name === 'windows' ? WINDOWS_SIGNALS : os.name === 'linux' ? LINUX_SIGNALS : undefined;
  if (supported && !supported.includes(signal)) errors.push(notSupported(path, signal, supported));
}
