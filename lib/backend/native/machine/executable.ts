import { openC } from "./_library.ts";

/** Code in memory that the processor may run, until it is disposed of. */
export interface Executable extends Disposable {
  /** Where it begins. */
  readonly address: bigint;
}

/** What a system does with whole pages of memory. */
interface Pages {
  /** Pages that can be written to and not be run; null if there are none. */
  reserve(bytes: number): Deno.PointerValue;
  /** From now on they can be run and not be written to; whether that is allowed. */
  protect(pages: Deno.PointerObject, bytes: number): boolean;
  release(pages: Deno.PointerObject, bytes: number): void;
}

let pages: Pages | undefined; // opened when they are needed, since that asks for a permission

/**
 * Puts code where the processor may run it. The memory can first be written to and then be run,
 * never both at once: so no slip of another part of the program can change what is run.
 *
 * @throws {Error} if the system does not allow it
 */
export function makeExecutable(code: Uint8Array): Executable {
  const { reserve, protect, release } = pages ??= Deno.build.os === "windows"
    ? windowsPages()
    : unixPages();
  const bytes = code.length;
  const memory = reserve(bytes);
  if (!memory) throw new Error(`The system gave no memory for ${bytes} bytes of code.`);
  new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(memory, bytes)).set(code);
  if (!protect(memory, bytes)) {
    release(memory, bytes);
    throw new Error("The system does not allow a program to make code of its own.");
  }
  return {
    address: Deno.UnsafePointer.value(memory),
    [Symbol.dispose]: () => release(memory, bytes),
  };
}

/** @see https://man7.org/linux/man-pages/man2/mmap.2.html */
function unixPages(): Pages {
  const { symbols: { mmap, mprotect, munmap } } = openC({
    mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
    mprotect: { parameters: ["pointer", "usize", "i32"], result: "i32" },
    munmap: { parameters: ["pointer", "usize"], result: "i32" },
  });
  const [READ, WRITE, EXECUTE] = [1, 2, 4];
  const PRIVATE = 2;
  const ANONYMOUS = Deno.build.os === "darwin" ? 0x1000 : 0x20;
  const FAILED = 2n ** 64n - 1n; // -1
  return {
    reserve(bytes) {
      const memory = mmap(0n, BigInt(bytes), READ | WRITE, PRIVATE | ANONYMOUS, -1, 0n);
      return Deno.UnsafePointer.value(memory) === FAILED ? null : memory;
    },
    protect: (memory, bytes) => mprotect(memory, BigInt(bytes), READ | EXECUTE) === 0,
    release: (memory, bytes) => void munmap(memory, BigInt(bytes)),
  };
}

/** @see https://learn.microsoft.com/en-us/windows/win32/api/memoryapi/nf-memoryapi-virtualalloc */
function windowsPages(): Pages {
  const { symbols } = Deno.dlopen("kernel32.dll", {
    VirtualAlloc: { parameters: ["usize", "usize", "u32", "u32"], result: "pointer" },
    VirtualProtect: { parameters: ["pointer", "usize", "u32", "buffer"], result: "i32" },
    VirtualFree: { parameters: ["pointer", "usize", "u32"], result: "i32" },
    FlushInstructionCache: { parameters: ["isize", "pointer", "usize"], result: "i32" },
  });
  const { VirtualAlloc, VirtualProtect, VirtualFree, FlushInstructionCache } = symbols;
  const [COMMIT, RESERVE, RELEASE] = [0x1000, 0x2000, 0x8000];
  const [READ_WRITE, EXECUTE_READ] = [0x04, 0x20];
  const THIS_PROCESS = -1n;
  return {
    reserve: (bytes) => VirtualAlloc(0n, BigInt(bytes), COMMIT | RESERVE, READ_WRITE),
    protect(memory, bytes) {
      const before = new Uint32Array(1); // it wants to say what was allowed
      return VirtualProtect(memory, BigInt(bytes), EXECUTE_READ, before) !== 0 &&
        FlushInstructionCache(THIS_PROCESS, memory, BigInt(bytes)) !== 0;
    },
    release: (memory) => void VirtualFree(memory, 0n, RELEASE),
  };
}
