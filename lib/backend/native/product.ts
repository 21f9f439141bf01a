// TEMPORARY: stands where the matrix product in machine code will be, and is to be dropped for it.

import type { VectorSet } from "./assembler.ts";

/** A matrix product with the parameters of the wasm kernel `matmul`. */
export type Product = (...parameters: number[]) => void;

/** A stand-in: three loops in plain JavaScript. */
export function createProduct(_set: VectorSet, memory: WebAssembly.Memory): Product {
  return (...parameters) => {
    const [a, aRow, aColumn, b, bRow, bColumn, c, cRow, rows, depth, columns] = parameters as [
      ...[number, number, number, number, number, number],
      ...[number, number, number, number, number],
    ];
    const view = new Float32Array(memory.buffer);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < depth; k++) {
          sum += view[a / 4 + i * aRow + k * aColumn]! * view[b / 4 + k * bRow + j * bColumn]!;
        }
        view[c / 4 + i * cRow + j] = sum;
      }
    }
  };
}
