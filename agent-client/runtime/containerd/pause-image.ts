/** The program that holds a sandbox's namespaces: made here, so that no registry is needed. */
import { type BuiltImage, buildImage } from './oci-image.ts';

const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const LOAD_ADDRESS = 0x400000;

/**
 * x86-64: ignore SIGCHLD (children of the pod's init are then reaped by the kernel), then wait for ever.
 * The struct sigaction that follows the code is {SIG_IGN, 0, 0, 0}.
 */
const CODE = Buffer.from([
  0xb8,
  0x0d,
  0x00,
  0x00,
  0x00, // mov eax, 13 (rt_sigaction)
  0xbf,
  0x11,
  0x00,
  0x00,
  0x00, // mov edi, 17 (SIGCHLD)
  0x48,
  0x8d,
  0x35,
  0x13,
  0x00,
  0x00,
  0x00, // lea rsi, [rip + 19]
  0x31,
  0xd2, // xor edx, edx
  0x41,
  0xba,
  0x08,
  0x00,
  0x00,
  0x00, // mov r10d, 8
  0x0f,
  0x05, // syscall
  0xb8,
  0x22,
  0x00,
  0x00,
  0x00, // mov eax, 34 (pause)
  0x0f,
  0x05, // syscall
  0xeb,
  0xf7, // jmp back to the mov
  0x01,
  0x00,
  0x00,
  0x00,
  0x00,
  0x00,
  0x00,
  0x00, // SIG_IGN
  ...Array<number>(24).fill(0),
]);

/** A static ELF executable for x86-64 of under 200 bytes. */
export function pauseProgram(): Buffer {
  const size = ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES + CODE.length;
  const elf = Buffer.alloc(ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(elf, 0);
  elf.writeUInt16LE(2, 16); // ET_EXEC
  elf.writeUInt16LE(62, 18); // EM_X86_64
  elf.writeUInt32LE(1, 20);
  elf.writeBigUInt64LE(BigInt(LOAD_ADDRESS + ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES), 24);
  elf.writeBigUInt64LE(BigInt(ELF_HEADER_BYTES), 32);
  elf.writeUInt16LE(ELF_HEADER_BYTES, 52);
  elf.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  elf.writeUInt16LE(1, 56);
  const header = ELF_HEADER_BYTES;
  elf.writeUInt32LE(1, header); // PT_LOAD
  elf.writeUInt32LE(5, header + 4); // readable, executable
  elf.writeBigUInt64LE(0n, header + 8);
  elf.writeBigUInt64LE(BigInt(LOAD_ADDRESS), header + 16);
  elf.writeBigUInt64LE(BigInt(LOAD_ADDRESS), header + 24);
  elf.writeBigUInt64LE(BigInt(size), header + 32);
  elf.writeBigUInt64LE(BigInt(size), header + 40);
  elf.writeBigUInt64LE(0x1000n, header + 48);
  return Buffer.concat([elf, CODE]);
}

export const PAUSE_IMAGE = 'zeroplane.local/pause:1';

export const pauseImage = (name: string): BuiltImage =>
  buildImage({
    name,
    files: [{ path: 'pause', mode: 0o755, content: pauseProgram() }],
    entrypoint: ['/pause'],
    user: '65535:65535',
    architecture: 'amd64',
  });
