import { tf } from "dlm/backend/backend.ts";
import { symmetricMatMul } from "dlm/ops/symmetric_matmul.ts";
import { Rng } from "dlm/rng.ts";
import { FLOAT32_TOLERANCE, matMul, randomMatrix, transpose } from "../_reference.ts";
import { assertClose, assertNoLeak, testOnEachBackend } from "../_support.ts";

testOnEachBackend(
  "symmetricMatMul() has the values of plain loops, of several at once",
  async () => {
    const rng = new Rng(1);
    for (const [size, depth] of [[9, 5], [8, 16], [1, 3]] as const) {
      const matrices = [randomMatrix(size, depth, rng), randomMatrix(size, depth, rng)];
      const expected = matrices.flatMap((x) => matMul(x, transpose(x)).flat());
      await assertNoLeak(async () => {
        const wide = tf.tensor3d(matrices);
        const tall = tf.tensor3d(matrices.map(transpose));
        for (const [x, transposed] of [[wide, false], [tall, true]] as const) {
          const product = symmetricMatMul(x, x, transposed, !transposed);
          assertClose(await product.data(), expected, FLOAT32_TOLERANCE);
          product.dispose();
        }
        tf.dispose([wide, tall]);
      });
    }
  },
);
