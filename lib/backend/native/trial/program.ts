/**
 * Tries the matrix product in machine code in a process of its own, which a fault may end. It
 * prints what came of it as one line of JSON.
 *
 *     deno run --allow-ffi lib/backend/native/trial/program.ts avx2
 */
import relaxedSimd from "dlm/backend/kernels/relaxed_simd.wasm" with { type: "bytes" };
import simd from "dlm/backend/kernels/simd.wasm" with { type: "bytes" };
import { openProduct, type ProductSet } from "../product/open.ts";
import type { Product } from "../product/product.ts";
import type { Outcome } from "./process.ts";
import { findFault, ROOM } from "./self_test.ts";
import { measureSpeed } from "./speed.ts";

const PAGE = 64 * 1024; // bytes

/** The kernels in WebAssembly, in memory of their own. */
function startWasm() {
  const code = [relaxedSimd, simd].find((code) => WebAssembly.validate(code))!;
  const memory = new WebAssembly.Memory({ initial: 2 * ROOM / PAGE });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), {
    env: { memory, "Math.log": Math.log },
    product: { product() {} }, // which attention would call
  });
  const { matmul, matmulScratch, useScratch, mirror } = exports as Record<string, Product>;
  const scratch = memory.grow(Math.ceil(Number(matmulScratch!()) / PAGE)) * PAGE;
  useScratch!(scratch);
  return { memory, reference: matmul!, mirror: mirror! };
}

function attempt(set: ProductSet): Outcome {
  const { memory, reference, mirror } = startWasm();
  const product = openProduct(set, memory, mirror);
  const fault = findFault({ product, reference, memory, start: ROOM });
  if (fault) return { works: false, reason: fault };
  const start = memory.grow(ROOM / PAGE) * PAGE; // as that of tfjs grows, when it is in use
  const later = findFault({ product, reference, memory, start });
  if (later) return { works: false, reason: `Once the memory had grown: ${later}` };
  return { works: true, speed: measureSpeed({ product, reference, memory, start }) };
}

function run(set: ProductSet): Outcome {
  try {
    return attempt(set);
  } catch (error) {
    return { works: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

console.log(JSON.stringify(run(Deno.args[0] as ProductSet)));
