/** The names by which the C library can be opened, on Linux that of GNU and that of musl. */
const C_LIBRARIES: Record<string, string[]> = {
  linux: ["libc.so.6", "libc.musl-x86_64.so.1", "libc.so"],
  darwin: ["libSystem.B.dylib"],
  windows: ["ucrtbase.dll"],
};

/**
 * Opens functions of the C library; the caller needs the permission `ffi`.
 *
 * @throws {Error} if the library is not found, lacks one of them, or may not be opened
 */
export function openC<const Functions extends Deno.ForeignLibraryInterface>(
  functions: Functions,
): Deno.DynamicLibrary<Functions> {
  const names = C_LIBRARIES[Deno.build.os] ?? C_LIBRARIES.linux!;
  let failure: unknown;
  for (const name of names) {
    try {
      return Deno.dlopen(name, functions);
    } catch (error) {
      failure ??= error; // the first library is the likeliest, and its error tells most
    }
  }
  throw failure;
}
