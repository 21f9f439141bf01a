import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import { tf } from "dlm/backend/backend.ts";
import { kernelInstance } from "dlm/backend/kernels/_instance.ts";
import { Rng } from "dlm/rng.ts";
import type { Contest } from "./_process.ts";
import { openTorch, type Torch } from "./_torch.ts";

/** One product of training, `rows × depth` by `depth × columns`. */
interface Product {
  name: string;
  /** How many of them at once. */
  count: number;
  rows: number;
  depth: number;
  columns: number;
  /** Which factor is kept transposed. */
  left?: boolean;
  right?: boolean;
  /** Whether it is known to be symmetric, of which ours makes use. */
  symmetric?: boolean;
}

type Size = Pick<Contest, "width" | "context" | "microBatch" | "batch">;

/** Sequences that go through the smaller and the larger model at once, here as in the README. */
const characters = ({ width, context, batch, microBatch }: Size) =>
  context * (width < 256 ? batch : microBatch);

/** How many matrices Muon orthogonalises at once, here. */
const MATRICES = 8;

/** Milliseconds for which a product is repeated in a round. */
const PATIENCE = 50;

/** The matrix products of the blocks and of the head, forward and backward, and of Muon. */
function productsOf(size: Size): Product[] {
  const { width } = size;
  const layer = (name: string, depth: number, columns: number): Product[] => {
    const rows = characters(size);
    return [
      { name: `${name}, forward`, count: 1, rows, depth, columns },
      { name: `${name}, dY·Wᵀ`, count: 1, rows, depth: columns, columns: depth, right: true },
      { name: `${name}, Xᵀ·dY`, count: 1, rows: depth, depth: rows, columns, left: true },
    ];
  };
  const muon = { count: MATRICES, rows: width };
  return [
    ...layer("qkv", width, 3 * width),
    ...layer("out", width, width),
    ...layer("up", width, 4 * width),
    ...layer("down", 4 * width, width),
    ...layer("head", width, 65),
    { name: "Muon, X·Xᵀ", ...muon, depth: width, columns: width, right: true, symmetric: true },
    { name: "Muon, P·X", ...muon, depth: width, columns: width },
    { name: "Muon, X·Xᵀ", ...muon, depth: 4 * width, columns: width, right: true, symmetric: true },
    { name: "Muon, P·X", ...muon, depth: width, columns: 4 * width },
  ];
}

type Measured = Awaited<ReturnType<typeof compareProducts>>[number];

/**
 * The products of some models in one thread, ours and PyTorch's, in turn. The fastest counts, and
 * symmetric products as if they were computed whole.
 */
export async function compareProducts(sizes: Size[], rounds: number, torch?: Torch) {
  const products = sizes.flatMap(productsOf);
  await using other = torch && await openTorch(torch, { task: "products", threads: 1, products });
  const found = products.map((product) => ({ product, ours: 0, pytorch: other && 0 }));
  for (let round = 1; round <= rounds; round++) {
    for (const row of found) {
      const { count, rows, depth, columns } = row.product;
      const gflops = (seconds: number) => 2 * count * rows * depth * columns / seconds / 1e9;
      row.ours = Math.max(row.ours, gflops(measure(row.product)));
      if (other) row.pytorch = Math.max(row.pytorch!, gflops(await other.round()));
    }
    if (!Deno.stderr.isTerminal()) console.error(`products: round ${round} of ${rounds} is done.`);
  }
  return found;
}

/** Seconds that a product takes in this thread. */
function measure({ count, rows, depth, columns, left, right, symmetric }: Product): number {
  const { kernels, address, allocate, free } = kernelInstance(tf.backend() as BackendWasm);
  const rng = new Rng(1);
  const random = (size: number) =>
    tf.tensor1d(Float32Array.from({ length: size }, () => rng.uniform()));
  const a = random(count * rows * depth);
  const b = random(count * depth * columns);
  const c = allocate([count, rows, columns]);
  const [aStrides, bStrides] = [left ? [1, rows] : [depth, 1], right ? [1, depth] : [columns, 1]];
  let fastest = Infinity;
  const end = performance.now() + PATIENCE;
  while (performance.now() < end) {
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      kernels.matmul(
        address(a) + 4 * i * rows * depth,
        ...aStrides,
        address(b) + 4 * i * depth * columns,
        ...bStrides,
        address(c) + 4 * i * rows * columns,
        columns,
        rows,
        depth,
        columns,
        Number(symmetric ?? false),
      );
    }
    fastest = Math.min(fastest, performance.now() - start);
  }
  free(c);
  tf.dispose([a, b]);
  return fastest / 1000;
}

export function showProducts(measured: Measured[]): void {
  console.table(measured.map(({ product, ours, pytorch }) => ({
    product: product.name,
    size: `${product.count > 1 ? `${product.count} of ` : ""}` +
      `${product.rows} × ${product.depth} × ${product.columns}`,
    "ours, GFLOPS": Number(ours.toFixed(1)),
    ...pytorch && {
      "PyTorch, GFLOPS": Number(pytorch.toFixed(1)),
      "ours / PyTorch": `${(ours / pytorch).toFixed(2)}×`,
    },
  })));
}
