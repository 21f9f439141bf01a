import assert from "node:assert/strict";
import type { NamedArrays } from "dlm/backend/variables.ts";
import { type Backend, tf, useBackend } from "dlm/backend/backend.ts";
import { findAdapter } from "dlm/backend/webgpu/adapter.ts";
import { installKernels, workingKernels } from "dlm/backend/kernels/mod.ts";
import { type Denoiser, parameterShapes, type TransformerConfig } from "dlm/model.ts";
import { usesMuon } from "dlm/optimizer/optimizer.ts";
import { Rng } from "dlm/rng.ts";

/** Asserts that numbers agree to within a share of the largest of those expected. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  assert.equal(actual.length, expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    assert(
      difference <= tolerance * scale, // not true of NaN either
      `number ${i} is ${actual[i]} instead of ${expected[i]}`,
    );
  }
}

/** Asserts that something leaves as many tensors as it found, and as much that is none. */
export async function assertNoLeak(
  run: () => unknown | Promise<unknown>,
): Promise<void> {
  // A kernel's scratch is the backend's alone; on a GPU it is freed when the commands are sent.
  const kept = () => tf.getBackend() === "webgpu" ? 0 : (tf.backend() as Backing).numDataIds();
  const before = [tf.memory().numTensors, kept()];
  await run();
  assert.deepEqual([tf.memory().numTensors, kept()], before, "tensors or scratch left behind");
}

type Backing = ReturnType<typeof tf.backend> & { numDataIds(): number };

/** The rows of a matrix, which is then disposed of. */
export async function take(matrix: tf.Tensor): Promise<number[][]> {
  const rows = await matrix.array() as number[][];
  matrix.dispose();
  return rows;
}

/** The graphics card of this machine, if only one that the processor plays. */
export const adapter = await findAdapter();

/** All that a model can run on here: plain JavaScript, tfjs's own kernels, ours of every kind, and
 * the graphics card. */
const WAYS = new Set(
  [
    ...["cpu", "none", "simd", ...await workingKernels()] as const,
    ...adapter.kind === "none" ? [] : ["webgpu"] as const,
  ],
);

/** A test that runs once in each of these ways. */
export function testOnEachBackend(name: string, run: () => void | Promise<void>): void {
  for (const way of WAYS) {
    Deno.test(`${name} (${way === "none" ? "stock" : way})`, async () => {
      const usual = tf.getBackend() as Backend;
      if (way === "cpu" || way === "webgpu") await useBackend(way);
      else {
        await useBackend("wasm");
        installKernels(way);
      }
      try {
        await run();
      } finally {
        await useBackend(usual);
      }
    });
  }
}

/** A model small enough for differences and for loops. */
export const TINY: TransformerConfig = {
  vocabularySize: 5,
  layers: 2,
  width: 8,
  heads: 2,
  context: 6,
  causal: false,
};

/** Parameters of which none is zero, unlike an untrained model's, so that all of it counts. */
export function randomParameters(config: TransformerConfig, seed: number): NamedArrays {
  const rng = new Rng(seed);
  const entries = Object.entries(parameterShapes(config)).map(([name, [rows, columns]]) => [
    name,
    Float32Array.from({ length: rows * columns }, () => rng.normal() / Math.sqrt(rows)),
  ]);
  return Object.fromEntries(entries);
}

/** What a run that could go on remembers, random as well. */
export function randomTraining(config: TransformerConfig, seed: number) {
  const [parameters, mean, squares] = [0, 1, 2].map((i) => randomParameters(config, seed + i));
  const meanSquare = Object.fromEntries(
    Object.entries(squares!).filter(([name]) => !usesMuon(name)),
  );
  return { parameters: parameters!, mean: mean!, meanSquare };
}

/** A denoiser that expects the same in a place whatever stands around it: `logits[place]`. */
export function lookupDenoiser(logits: readonly number[][]): Denoiser {
  const context = logits.length;
  return {
    context,
    vocabularySize: logits[0]!.length,
    logits: (tokens, rows) =>
      tf.tidy(() => {
        const [batch, length] = tokens.shape;
        const places = tf.mod(rows ?? tf.range(0, batch * length, 1, "int32"), length);
        return tf.gather(tf.tensor2d([...logits]), tf.cast(places, "int32"));
      }),
  };
}

/** Stands in front of a denoiser and keeps what it is asked. */
export function recordingDenoiser(denoiser: Denoiser) {
  const asked: { tokens: Promise<number[][]>; rows: Promise<number[][]> }[] = [];
  const read = (tensor: tf.Tensor) => take(tf.keep(tf.clone(tensor)));
  const recorder: Denoiser = {
    vocabularySize: denoiser.vocabularySize,
    context: denoiser.context,
    logits(tokens, rows) {
      const all = rows ?? tf.range(0, tokens.size, 1, "int32");
      asked.push({ tokens: read(tokens), rows: read(tf.expandDims(all, 1)) });
      return denoiser.logits(tokens, rows);
    },
  };
  return { recorder, asked };
}

/** Takes the place of Ctrl-C: shows who listens for it, and presses it. */
export function fakeInterrupt() {
  const { addSignalListener, removeSignalListener } = Deno;
  const listeners = new Set<() => void>();
  Deno.addSignalListener = (_, listener) => void listeners.add(listener);
  Deno.removeSignalListener = (_, listener) => void listeners.delete(listener);
  return {
    listeners,
    press: () => listeners.forEach((listener) => listener()),
    [Symbol.dispose]: () => Object.assign(Deno, { addSignalListener, removeSignalListener }),
  };
}

export async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Where Deno keeps its packages, which does not follow from another HOME. */
export async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
