import assert from "node:assert/strict";
import { tf, useBackend } from "dlm/backend/backend.ts";
import { Interrupted } from "dlm/backend/interrupt.ts";
import { chooseBackend, type Ingredients } from "dlm/training/backend_choice.ts";
import { measureSpeed, type Workload } from "dlm/training/backend_speed.ts";
import { adapter, assertClose, assertNoLeak, fakeInterrupt, TINY } from "../_support.ts";

const workload: Workload = { task: "train", config: TINY, batch: 2 };

const gpu = {} as GPUAdapter;

/** A machine with a card that is so many times as fast, what was measured on it, and what told. */
function prepare(times: number, changes: Partial<Ingredients> = {}) {
  const [measured, told, kept]: [string[], string[], number[]] = [[], [], []];
  const memory = new Map<string, number>(); // by circumstances
  const ingredients: Ingredients = {
    findAdapter: () => Promise.resolve({ kind: "hardware", name: "a card", gpu }),
    measure(backend) {
      measured.push(backend);
      return Promise.resolve({ speed: backend === "webgpu" ? 10 * times : 10, numbers: [1, 2] });
    },
    remembered: {
      place: "the cache",
      read: (circumstances) => Promise.resolve(memory.get(JSON.stringify(circumstances))),
      keep(circumstances, value) {
        memory.set(JSON.stringify(circumstances), value);
        return Promise.resolve(void kept.push(value));
      },
      probe: () => Promise.resolve(),
    },
    environment: undefined,
    tell: (sentence) => void told.push(sentence),
    ...changes,
  };
  return { ingredients, measured, told, kept };
}

/** The backend that a choice leads to. */
async function chosen(...[wish, of, ingredients]: Parameters<typeof chooseBackend>) {
  try {
    await chooseBackend(wish, of, ingredients);
    return tf.getBackend();
  } finally {
    await useBackend("wasm");
  }
}

Deno.test("chooseBackend() leaves a slower card idle, says so, and tries it once", async () => {
  const { ingredients, measured, told } = prepare(0.5);
  for (let i = 0; i < 2; i++) assert.equal(await chosen("auto", workload, ingredients), "wasm");
  assert.deepEqual(measured, ["wasm", "webgpu"]);
  assert.equal(told.length, 3);
  assert.match(told[0]!, /compared/);
  for (const sentence of told.slice(1)) assert.match(sentence, /a card, stays idle.* 0\.5 times/);
});

Deno.test("chooseBackend() tries another size, and another card, anew", async () => {
  const { ingredients, measured } = prepare(0.5);
  const other = () => Promise.resolve({ kind: "hardware", name: "another", gpu } as const);
  await chosen("auto", workload, ingredients);
  await chosen("auto", { ...workload, batch: 64 }, ingredients);
  await chosen("auto", workload, { ...ingredients, findAdapter: other });
  await chosen("auto", workload, ingredients);
  assert.equal(measured.length, 6);
});

Deno.test(
  "chooseBackend() takes a faster card (webgpu)",
  { ignore: adapter.kind === "none" },
  async () => {
    const { ingredients, told, kept } = prepare(3);
    assert.equal(await chosen(undefined, workload, ingredients), "webgpu");
    assert.deepEqual(kept, [3]);
    assert.match(told.at(-1)!, /computes, a card, 3\.0 times as fast/);
  },
);

const QUIET: [string, Partial<Ingredients>][] = [
  ["there is no card", { findAdapter: () => Promise.resolve({ kind: "none" }) }],
  ["the processor plays one", {
    findAdapter: () => Promise.resolve({ kind: "software", name: "llvmpipe", gpu }),
  }],
  ["the environment names another backend", { environment: "wasm" }],
];

for (const [situation, changes] of QUIET) {
  Deno.test(`chooseBackend() measures nothing and says nothing where ${situation}`, async () => {
    const { ingredients, measured, told } = prepare(3, changes);
    assert.equal(await chosen(undefined, workload, ingredients), "wasm");
    assert.deepEqual([measured, told], [[], []]);
  });
}

Deno.test("chooseBackend() does not ask for a card where a backend is named", async () => {
  const { ingredients, told } = prepare(3, { findAdapter: () => Promise.reject(new Error()) });
  assert.equal(await chosen("cpu", workload, ingredients), "cpu");
  assert.equal(await chosen("wasm", workload, { ...ingredients, environment: "cpu" }), "wasm");
  assert.deepEqual(told, []);
});

Deno.test("chooseBackend() takes the processor if the card fails", async () => {
  const measure = (backend: string) =>
    backend === "webgpu"
      ? Promise.reject(new Error("It broke."))
      : Promise.resolve({ speed: 1, numbers: [] });
  const { ingredients, told, kept } = prepare(3, { measure });
  assert.equal(await chosen("auto", workload, ingredients), "wasm");
  assert.match(told.at(-1)!, /stays idle: It broke\./);
  assert.deepEqual(kept, []);
});

Deno.test("chooseBackend() ends, and keeps nothing, if it is stopped while it compares", async () => {
  const measure = () => Promise.reject(new Interrupted("while backends were compared"));
  const { ingredients, kept } = prepare(3, { measure });
  await assert.rejects(chosen("auto", workload, ingredients), { name: "Interrupted" });
  assert.deepEqual(kept, []);
});

Deno.test("measureSpeed() takes the kernels that are named, and gives back those of before", async () => {
  await useBackend("wasm");
  const chosen = tf.getKernel("BatchMatMul", "wasm");
  const measuring = measureSpeed({ ...workload, kernels: "none" }, 1);
  assert.notEqual(tf.getKernel("BatchMatMul", "wasm"), chosen);
  assert((await measuring).speed > 0);
  assert.equal(tf.getKernel("BatchMatMul", "wasm")!.kernelFunc, chosen!.kernelFunc);
});

Deno.test("measureSpeed() starts no Workers where none are wanted", async () => {
  const { Worker } = globalThis;
  let started = 0;
  globalThis.Worker = class extends Worker {
    constructor(...of: ConstructorParameters<typeof Worker>) {
      super(...of);
      started++;
    }
  };
  try {
    for (const task of ["train", "predict"] as const) {
      assert((await measureSpeed({ ...workload, task, workers: 0 }, 1)).speed > 0);
    }
  } finally {
    globalThis.Worker = Worker;
  }
  assert.equal(started, 0);
});

Deno.test("measureSpeed() ends if it is stopped", async () => {
  using interrupt = fakeInterrupt();
  await useBackend("cpu");
  const presses = setInterval(() => interrupt.press(), 10);
  try {
    const speed = measureSpeed(workload, 60_000);
    await assert.rejects(speed, { name: "Interrupted", message: /while backends were compared/ });
  } finally {
    clearInterval(presses);
    await useBackend("wasm");
  }
});

Deno.test("chooseBackend() chooses as well where nothing can be kept", async () => {
  const { ingredients } = prepare(0.5);
  ingredients.remembered.probe = () => Promise.reject(new Error("Read-only file system"));
  assert.equal(await chosen("auto", workload, ingredients), "wasm");
});

Deno.test("chooseBackend() takes the processor if the card finds something else", async () => {
  for (const number of [2.1, NaN]) {
    const measure = (backend: string) =>
      Promise.resolve({ speed: 1, numbers: backend === "webgpu" ? [1, number] : [1, 2] });
    const { ingredients, told, kept } = prepare(3, { measure });
    assert.equal(await chosen("auto", workload, ingredients), "wasm");
    assert.match(told.at(-1)!, /stays idle: it finds (2\.1|NaN) where the processor finds 2\./);
    assert.deepEqual(kept, []);
  }
});

/** What the wasm backend finds in each task. */
await useBackend("wasm");
const found = {
  train: (await measureSpeed({ ...workload, workers: 0 }, 1)).numbers,
  predict: (await measureSpeed({ ...workload, task: "predict", workers: 0 }, 1)).numbers,
};

for (const backend of ["cpu", "webgpu"] as const) {
  Deno.test(`measureSpeed() measures learning and answering, and leaves nothing (${backend})`, {
    ignore: backend === "webgpu" && adapter.kind === "none",
  }, async () => {
    await useBackend(backend);
    try {
      for (const task of ["train", "predict"] as const) {
        await assertNoLeak(async () => {
          const { speed, numbers } = await measureSpeed({ ...workload, task }, 1);
          assert(speed > 0);
          assertClose(numbers, found[task], 1e-5);
          assert(new Set(numbers).size > 1, "there is something to compare");
        });
      }
    } finally {
      await useBackend("wasm");
    }
  });
}
