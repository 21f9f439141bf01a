import { tf } from "dlm/backend/backend.ts";
import { weightedSum } from "dlm/ops/weighted_sum.ts";
import { assertClose, assertNoLeak, testOnEachBackend } from "../_support.ts";

testOnEachBackend("weightedSum() adds number by number, whatever the shape", async () => {
  for (const shape of [[7], [3, 5], [2, 2, 2], []]) {
    await assertNoLeak(async () => {
      const size = shape.reduce((product, n) => product * n, 1);
      const [x, y] = [0, 1].map((k) => Float32Array.from({ length: size }, (_, i) => i - 2 * k));
      const [a, b] = [tf.tensor(x!, shape), tf.tensor(y!, shape)];
      const sum = weightedSum(a, b, [0.5, -3]);
      assertClose(await sum.data(), x!.map((x, i) => 0.5 * x - 3 * y![i]!), 1e-6);
      tf.dispose([a, b, sum]);
    });
  }
});
