/** gRPC over a unix socket, with our own codec. */
import { Client, credentials, Metadata, type ServiceError, status as GrpcStatus } from '@grpc/grpc-js';
import { RuntimeFailure, type RuntimeFailureCode } from '../runtime/port.ts';

interface Codec<Request, Reply> {
  readonly request: { encode(value: Request): Uint8Array };
  readonly reply: { decode(bytes: Uint8Array): Reply };
}

const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
const RECONNECT_MS_MAX = 1_000;

export class GrpcChannel {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  /** `namespace`: containerd's own services want one; CRI does not. */
  constructor(endpoint: string, namespace?: string) {
    this.#client = new Client(endpoint, credentials.createInsecure(), {
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
      'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': RECONNECT_MS_MAX,
    });
    if (namespace) this.#metadata.set('containerd-namespace', namespace);
  }

  /** Calls from now on hold what they make under this containerd lease. */
  useLease(id: string | undefined): void {
    if (id === undefined) this.#metadata.remove('containerd-lease');
    else this.#metadata.set('containerd-lease', id);
  }

  /** One call. Rejects with RuntimeFailure. */
  call<Request, Reply>(
    path: string,
    codec: Codec<Request, Reply>,
    value: Request,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        (request: Request) => Buffer.from(codec.request.encode(request)),
        (bytes) => codec.reply.decode(bytes),
        value,
        this.#metadata,
        { deadline: new Date(Date.now() + timeoutMs) },
        (error, reply) => {
          signal?.removeEventListener('abort', cancel);
          if (error) reject(toFailure(error));
          else resolve(reply as Reply);
        },
      );
      const cancel = (): void => call.cancel();
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  /** A stream of replies; `ended` is called once when it stops for whatever reason. The answer ends it. */
  stream<Request, Reply>(
    path: string,
    codec: Codec<Request, Reply>,
    value: Request,
    received: (reply: Reply) => void,
    ended: () => void,
  ): () => void {
    const call = this.#client.makeServerStreamRequest(
      path,
      (request: Request) => Buffer.from(codec.request.encode(request)),
      (bytes) => codec.reply.decode(bytes),
      value,
      this.#metadata,
    );
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      ended();
    };
    call.on('data', received);
    call.on('error', end);
    call.on('end', end);
    return () => {
      over = true;
      call.cancel();
    };
  }

  /** Client and server both stream; for uploads. */
  upload<Request, Reply>(
    path: string,
    codec: Codec<Request, Reply>,
  ): { send(value: Request): Promise<Reply>; end(): void } {
    const call = this.#client.makeBidiStreamRequest(
      path,
      (request: Request) => Buffer.from(codec.request.encode(request)),
      (bytes) => codec.reply.decode(bytes),
      this.#metadata,
    );
    let waiting: { resolve(reply: Reply): void; reject(error: unknown): void } | undefined;
    call.on('data', (reply: Reply) => waiting?.resolve(reply));
    call.on('error', (error: ServiceError) => waiting?.reject(toFailure(error)));
    return {
      send: (value) =>
        new Promise((resolve, reject) => {
          waiting = { resolve, reject };
          call.write(value);
        }),
      end: () => call.end(),
    };
  }

  close(): void {
    this.#client.close();
  }
}

const CODES: Readonly<Record<number, RuntimeFailureCode>> = {
  [GrpcStatus.NOT_FOUND]: 'NotFound',
  [GrpcStatus.UNAVAILABLE]: 'Unavailable',
  [GrpcStatus.DEADLINE_EXCEEDED]: 'DeadlineExceeded',
};

const toFailure = (error: ServiceError): RuntimeFailure =>
  new RuntimeFailure(CODES[error.code] ?? 'Other', error.details || error.message);
