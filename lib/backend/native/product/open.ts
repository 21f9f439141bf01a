import type { VectorSet } from "../machine/assembler.ts";
import { ACCELERATE, openBlas } from "./blas.ts";
import { createProduct, type Product } from "./product.ts";

/** Who multiplies: code of ours for a set of vectors, or the library of a Mac. */
export type ProductSet = VectorSet | "accelerate";

/** The product of a set; see {@linkcode createProduct} and {@linkcode openBlas}. */
export function openProduct(
  set: ProductSet,
  memory: WebAssembly.Memory,
  mirror: (c: number, rowStride: number, rows: number) => void,
): Product {
  return set === "accelerate" ? openBlas(ACCELERATE, memory) : createProduct(set, memory, mirror);
}
