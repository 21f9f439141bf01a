import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { kernelsInUse, tf, useBackend } from "dlm/backend/backend.ts";
import { installKernels } from "dlm/backend/kernels/mod.ts";
import { predictInWorkers } from "dlm/crew/crew.ts";
import { predictorOf } from "dlm/crew/predictor.ts";
import { Transformer } from "dlm/model.ts";
import { assertClose, randomParameters, TINY } from "../_support.ts";
import { hasVectors } from "./native/_ffi.ts";

// In plain `deno test`, machine code may not be called; some tests need that it may.
const isAllowed = hasVectors && Deno.permissions.querySync({ name: "write" }).state === "granted";

/** Whatever kernels a test uses, the next one has those of before. */
async function restoring(run: () => Promise<void>): Promise<void> {
  const before = kernelsInUse().set;
  try {
    await run();
  } finally {
    await useBackend("wasm", { kernels: before.startsWith("native") ? "native" : "wasm" });
  }
}

Deno.test("without permission, the kernels are those in WebAssembly, and say why", {
  ignore: Deno.permissions.querySync({ name: "ffi" }).state === "granted",
}, async () => {
  const { set, reason } = kernelsInUse();
  assert.doesNotMatch(set, /native/);
  assert.match(reason, /add --allow-ffi/);
  await assert.rejects(useBackend("wasm", { kernels: "native" }), {
    name: "RangeError",
    message: /^Native kernels cannot be used\. There is no permission .+ add --allow-ffi\.$/,
  });
  assert.equal(kernelsInUse().set, set);
});

Deno.test("useBackend() uses the kernels in WebAssembly if they are asked for, and then stays", async () => {
  await restoring(async () => {
    await useBackend("wasm", { kernels: "wasm" });
    const choice = kernelsInUse();
    assert.deepEqual(choice.reason, "WebAssembly was asked for.");
    assert.doesNotMatch(choice.set, /native/);
    await useBackend("wasm");
    assert.deepEqual(kernelsInUse(), choice);
  });
});

Deno.test("useBackend() has no native kernels on another backend", async () => {
  try {
    await assert.rejects(useBackend("cpu", { kernels: "native" }), { name: "RangeError" });
    assert.deepEqual(kernelsInUse(), { set: "none", reason: "The backend is cpu." });
  } finally {
    await useBackend("wasm");
  }
});

Deno.test(
  "native kernels multiply as those in WebAssembly do",
  { ignore: !isAllowed },
  async () => {
    await restoring(async () => {
      const a = tf.randomUniform([2, 37, 70], -1, 1, "float32", 1);
      const b = tf.randomUniform([2, 41, 70], -1, 1, "float32", 2);
      const multiply = async () => await tf.matMul(a, b, false, true).data<"float32">();
      await useBackend("wasm", { kernels: "wasm" });
      const expected = await multiply();
      await useBackend("wasm", { kernels: "native" });
      const { set } = kernelsInUse();
      assert.match(set, /^native avx/);
      assertClose(await multiply(), expected, 1e-6);
      installKernels("none");
      assert.equal(kernelsInUse().set, "none");
      assert.equal(installKernels(), set, "the chosen ones come back");
    });
  },
);

Deno.test("Workers use the kernels of the thread that starts them, to the last bit", {
  ignore: !isAllowed,
}, async () => {
  await restoring(async () => {
    using model = new Transformer(TINY, randomParameters(TINY, 1));
    const answers: Float32Array[] = [];
    for (const kernels of ["wasm", "native"] as const) {
      await useBackend("wasm", { kernels });
      const batch = () => ({
        tokens: Int32Array.of(0, 1, 5, 3, 2, 5, 4, 4, 5, 5, 0, 1),
        lengths: Int32Array.of(6, 6),
        rows: Int32Array.from({ length: 12 }, (_, i) => i),
      });
      const expected = await predictorOf(model).logits(batch());
      using workers = predictInWorkers(model, { workers: 2 });
      assert.deepEqual(await workers.logits(batch()), expected);
      answers.push(expected);
    }
    assertClose(answers[1]!, answers[0]!, 1e-5);
  });
});

/** What a program that imports the backend prints of its kernels, if the environment has a wish. */
async function choiceUnder(wish: string, permissions: string[]) {
  const backend = new URL("../../lib/backend/backend.ts", import.meta.url).href;
  const program = `
    import { kernelsInUse } from ${JSON.stringify(backend)};
    console.log(JSON.stringify(kernelsInUse()));
  `;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--quiet", "--no-prompt", ...permissions]
      .concat("--config", fileURLToPath(new URL("../../deno.json", import.meta.url)))
      .concat(`data:text/typescript,${encodeURIComponent(program)}`),
    env: { DLM_KERNELS: wish, NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, out: text(stdout), err: text(stderr) };
}

const ignore = Deno.permissions.querySync({ name: "run" }).state !== "granted";

Deno.test("the environment may wish for kernels, if it may be read", { ignore }, async () => {
  const wasm = await choiceUnder("wasm", ["--allow-env"]);
  assert.match(wasm.out, /WebAssembly was asked for/);
  const unread = await choiceUnder("nonsense", []);
  assert.match(unread.out, /add --allow-ffi/);
  const native = await choiceUnder("native", ["--allow-env=DLM_KERNELS"]);
  assert.match(native.err, /RangeError: Native kernels cannot be used.*add --allow-ffi/);
  const nonsense = await choiceUnder("nonsense", ["--allow-env"]);
  assert.match(nonsense.err, /RangeError: DLM_KERNELS is nonsense: set it to native or wasm\./);
  for (const { success, err } of [wasm, unread]) assert.deepEqual([success, err], [true, ""]);
});

Deno.test("whatever is not allowed, importing the backend is silent", { ignore }, async () => {
  for (const permissions of [[], ["--allow-ffi"], ["--allow-ffi", "--allow-read"]]) {
    const { success, out, err } = await choiceUnder("", permissions);
    assert.deepEqual([success, err], [true, ""]);
    assert.match(out, /"reason":".+"/);
  }
});

Deno.test("useBackend() throws if there is no such backend", async () => {
  await assert.rejects(useBackend("gpu" as "cpu"), {
    name: "RangeError",
    message: "There is no backend gpu: choose one of webgpu, wasm, cpu.",
  });
});
