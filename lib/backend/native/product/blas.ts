import type { Product } from "./product.ts";
import { addressOf } from "./workspace.ts";

/** The library that every Mac has, and that reaches matrix units for which there is no other way. */
export const ACCELERATE = "/System/Library/Frameworks/Accelerate.framework/Accelerate";

// What the interface of BLAS in C calls things (BLAS Technical Forum, 2001, appendix B).
const [ROW_MAJOR, AS_IT_IS, TRANSPOSED] = [101, 111, 112];

/**
 * The product of a library with the interface of BLAS in C, in the memory of WebAssembly. Unlike
 * ours it may round a row in another way where it stands among others.
 *
 * @param path of the library
 * @throws {Error} if there is no such library, or it may not be opened
 */
export function openBlas(path: string, memory: WebAssembly.Memory): Product {
  const { symbols: { cblas_sgemm } } = Deno.dlopen(path, {
    cblas_sgemm: {
      // order, transposed a and b; rows, columns, depth; alpha, a, lda, b, ldb, beta, c, ldc
      parameters: [
        ...["i32", "i32", "i32", "i32", "i32", "i32"] as const,
        ...["f32", "usize", "i32", "usize", "i32", "f32", "usize", "i32"] as const,
      ],
      result: "void",
    },
  });
  let buffer = memory.buffer;
  let base = addressOf(buffer);
  return (a, aRow, aColumn, b, bRow, bColumn, c, cRow, rows, depth, columns) => {
    if (buffer !== memory.buffer) { // it has grown
      buffer = memory.buffer;
      base = addressOf(buffer);
    }
    const [left, lda] = layout(aRow, aColumn, rows, depth);
    const [right, ldb] = layout(bRow, bColumn, depth, columns);
    const at = (address: number) => BigInt(base + address);
    cblas_sgemm(
      ...[ROW_MAJOR, left, right, rows, columns, depth] as const,
      ...[1, at(a), lda, at(b), ldb, 0, at(c), Math.max(1, cRow)] as const,
    );
  };
}

/**
 * Whether a matrix is transposed, and how far apart what then are its rows lie: as far as they are
 * long, at least, for BLAS refuses less even where there is one row alone, and 0 always.
 */
function layout(
  rowStride: number,
  columnStride: number,
  rows: number,
  columns: number,
): [transposed: number, stride: number] {
  return columnStride === 1
    ? [AS_IT_IS, Math.max(1, rowStride, columns)]
    : [TRANSPOSED, Math.max(1, columnStride, rows)];
}
