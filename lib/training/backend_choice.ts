import deno from "../../deno.json" with { type: "json" };
import { type Backend, backendOfEnvironment, BACKENDS, useBackend } from "dlm/backend/backend.ts";
import { Interrupted } from "dlm/backend/interrupt.ts";
import { type Adapter, findAdapter } from "dlm/backend/webgpu/adapter.ts";
import { type Remembered, rememberedIn } from "dlm/backend/remembered.ts";
import { type Measured, measureSpeed, type Workload } from "dlm/training/backend_speed.ts";

/** What one can ask for: a backend, or the faster one. */
export const BACKEND_WISHES = ["auto", ...BACKENDS] as const;

/** One of {@linkcode BACKEND_WISHES}. */
export type BackendWish = typeof BACKEND_WISHES[number];

/** All that has to be the same for a comparison of backends still to count. */
interface Circumstances extends Workload {
  gpu: string;
  cores: number;
  deno: string;
  version: string;
}

/** What is asked on the way to a choice; a test has answers of its own. */
export interface Ingredients {
  findAdapter(): Promise<Adapter>;
  /** Does the work on a backend, which is then in use. */
  measure(backend: Backend, workload: Workload): Promise<Measured>;
  /** How many times as fast as the processor a graphics card was. */
  remembered: Remembered<Circumstances, number>;
  /** The backend that the environment names. */
  environment: Backend | undefined;
  /** Hears in a sentence what is done, where there is something to choose. */
  tell(sentence: string): void;
}

/** What really is. */
export function ingredientsHere(): Ingredients {
  const file = new URL("../../data/cache/graphics_card.json", import.meta.url);
  return {
    findAdapter,
    async measure(backend, workload) {
      await useBackend(backend);
      return await measureSpeed(workload);
    },
    remembered: rememberedIn(file, (value) => typeof value === "number" && value > 0),
    environment: backendOfEnvironment(),
    tell: console.error,
  };
}

/**
 * Puts the backend to use that is asked for; for `auto` the graphics card, where there is a real
 * one and it is faster at this work than the processor, and finds the same. That is tried once, a
 * second each, and remembered.
 *
 * @param wish by default that of the environment variable DLM_BACKEND, or else `auto`
 * @param workload what is about to be computed
 * @throws {RangeError} if the backend that is asked for does not start
 * @throws {Interrupted} if a Stop comes while backends are compared
 */
export async function chooseBackend(
  wish: BackendWish | undefined,
  workload: Workload,
  ingredients: Ingredients = ingredientsHere(),
): Promise<void> {
  const { findAdapter, environment, tell } = ingredients;
  const asked = wish ?? environment ?? "auto";
  if (asked !== "auto") return await useBackend(asked);
  const adapter = await findAdapter();
  if (adapter.kind !== "hardware") return await useBackend("wasm");
  const { name } = adapter;
  try {
    const times = await compare(name, workload, ingredients);
    const speed = `${times.toFixed(1)} times as fast as the processor at this size`;
    if (times <= 1) tell(`The graphics card, ${name}, stays idle: it is only ${speed}.`);
    else tell(`The graphics card computes, ${name}, ${speed}; --backend wasm does without it.`);
    await useBackend(times > 1 ? "webgpu" : "wasm");
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    await useBackend("wasm");
    const reason = error instanceof Error ? error.message : String(error);
    tell(`The graphics card, ${name}, stays idle: ${reason}`);
  }
}

/** How many times as fast as the processor the graphics card is, as was found before or is now. */
async function compare(
  gpu: string,
  workload: Workload,
  { measure, remembered, tell }: Ingredients,
): Promise<number> {
  const circumstances = {
    gpu,
    ...workload,
    cores: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
    version: deno.version,
  };
  const known = await remembered.read(circumstances);
  if (known) return known;
  tell("The graphics card is compared with the processor once, for some seconds …");
  const processor = await measure("wasm", workload);
  const card = await measure("webgpu", workload);
  checkSame(card.numbers, processor.numbers);
  const times = card.speed / processor.speed;
  // Where nothing can be kept, it is tried again the next time.
  await remembered.probe().then(() => remembered.keep(circumstances, times)).catch(() => {});
  return times;
}

/** How far a card's numbers may be from the processor's, as a share of the largest. Losses and logits
 * of 32 bits agree to a hundredth of that; those of a wrong shader do not. */
const TOLERANCE = 1e-3;

function checkSame(found: readonly number[], expected: readonly number[]): void {
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const wrong = expected.findIndex((x, i) => !(Math.abs(found[i]! - x) <= TOLERANCE * largest));
  if (wrong === -1) return;
  throw new Error(`it finds ${found[wrong]} where the processor finds ${expected[wrong]}.`);
}
