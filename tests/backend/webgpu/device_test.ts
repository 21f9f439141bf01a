import assert from "node:assert/strict";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { tf, useBackend } from "dlm/backend/backend.ts";
import { gatherRows } from "dlm/ops/gather_rows.ts";
import { addTo } from "dlm/ops/add_to.ts";
import { rmsNorm } from "dlm/ops/rms_norm.ts";
import { assertNoLeak } from "../../_support.ts";
import { testOnCard } from "./_card.ts";

/** Starts a shader that does not compile, of which tfjs says nothing. */
function startNonsense(backend: WebGPUBackend, x: tf.Tensor): tf.Tensor {
  const info = backend.runWebGPUProgram(
    {
      variableNames: ["x"],
      outputShape: x.shape,
      shaderKey: "nonsense",
      dispatch: [1, 1, 1],
      dispatchLayout: { x: [0] },
      workgroupSize: [64, 1, 1],
      getUserCode: () => "fn main(index : i32) { result[index] = nonsense(x[index]); }",
    },
    [x],
    "float32",
  );
  return tf.engine().makeTensorFromTensorInfo(info);
}

testOnCard("a shader that does not compile is an error at the next read", async (backend) => {
  const x = tf.tensor1d([1, 2, 3]);
  const y = startNonsense(backend, x);
  const z = tf.mul(x, 2); // which nothing is wrong with
  for (const tensor of [y, z]) {
    await assert.rejects(tensor.data(), {
      name: "GpuError",
      message: /^The graphics card refused to compute: .*nonsense.*; start again with/,
    });
  }
  tf.dispose([x, y, z]);
});

testOnCard("a device that is lost is an error at the next read", async (backend) => {
  const x = rmsNorm(tf.tensor1d([1, 2, 3]));
  backend.device.destroy();
  await assert.rejects(x.data(), {
    name: "GpuError",
    message: /^The graphics card was lost: .*; start again with .*last checkpoint\.$/,
  });
});

testOnCard("useBackend() opens a device anew if it failed, and only then", async (backend) => {
  await useBackend("webgpu");
  assert.equal(tf.backend(), backend);
  const x = startNonsense(backend, tf.tensor1d([1]));
  await assert.rejects(x.data());
  await useBackend("webgpu");
  assert.notEqual(tf.backend(), backend);
  const y = tf.mul(tf.tensor1d([1, 2, 3]), 2);
  assert.deepEqual([...await y.data()], [2, 4, 6]);
  y.dispose();
});

testOnCard("what is on the device cannot be read without waiting", () => {
  const x = tf.tensor1d([1, 2, 3]);
  assert.deepEqual([...x.dataSync()], [1, 2, 3]); // it never was there
  const y = tf.mul(x, tf.fill([3], 2));
  const z = rmsNorm(y);
  assert.throws(() => z.dataSync(), { name: "TypeError", message: /use data\(\)/ });
  tf.dispose([x, y, z]);
});

testOnCard("a read leaves no copy behind that a kernel in place would not change", async () => {
  const sum = rmsNorm(tf.ones([2, 2]));
  const [before] = await sum.data();
  const during = sum.data();
  assert.equal(addTo(sum, tf.ones([2, 2])), sum);
  assert.equal((await during)[0], before);
  assert.equal((await sum.data())[0], before! + 1);
  sum.dispose();
});

testOnCard("as many tensors can be added at once as the adapter allows, not eight", async () => {
  await assertNoLeak(async () => {
    const sum = tf.tidy(() =>
      tf.addN(Array.from({ length: 12 }, (_, i) => rmsNorm(tf.fill([1, 1], 100 + i))))
    );
    const [value] = await sum.data();
    assert(Math.abs(value! - 12) < 1e-4, `the sum is ${value}`);
    sum.dispose();
  });
});

testOnCard("the shaders refuse numbers of a type they do not read", () => {
  const x = tf.ones([2, 2], "int32") as tf.Tensor2D;
  const y = tf.ones([2, 2]) as tf.Tensor2D;
  assert.throws(() => rmsNorm(x), TypeError);
  assert.throws(() => gatherRows(y, tf.ones([2])), TypeError);
  tf.dispose([x, y]);
});
