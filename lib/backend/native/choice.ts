import { type Detection, detectProcessor, type Processor } from "./processor.ts";
import type { ProductSet } from "./product/open.ts";
import { type Outcome, tryInProcess } from "./trial/process.ts";
import { circumstancesOf, type Verdicts, verdictsIn } from "./trial/verdict.ts";

/** The folder of the project, in which its sources are, and that in which the verdicts are kept. */
const ROOT = new URL("../../../", import.meta.url);
const CACHE = new URL("data/cache/", ROOT);

/** Whether machine code is to be used, of which set of instructions, and why, as a sentence. */
export interface NativeChoice {
  set?: ProductSet;
  reason: string;
}

/** What is asked on the way to a choice; a test has answers of its own. */
export interface Ingredients {
  /** Whether something is allowed; nobody is asked to allow it. */
  isGranted(descriptor: Deno.PermissionDescriptor): boolean;
  /** Deno itself, to start it once more; none where this is a program made by `deno compile`. */
  deno: string | undefined;
  detect(): Detection;
  verdicts: Verdicts;
  tryOut(set: ProductSet): Promise<Outcome>;
  /** Whether machine code is wanted even where it is slower. */
  insist: boolean;
}

/** What really is; `insist` says that machine code is wanted even where it is slower. */
export function ingredientsHere({ insist = false } = {}): Ingredients {
  return {
    isGranted: (descriptor) => Deno.permissions.querySync(descriptor).state === "granted",
    deno: Deno.build.standalone ? undefined : Deno.execPath(),
    detect: detectProcessor,
    verdicts: verdictsIn(),
    tryOut: (set) => tryInProcess(new URL("./trial/program.ts", import.meta.url), [set]),
    insist,
  };
}

/**
 * Chooses whether machine code is to be used. A fault in it would take the whole process along:
 * so only code runs here that has shown in a process of its own, on this very machine, that it is
 * right, and is worth it. What came of that is kept, and the next start reads it.
 */
export async function chooseNative(
  ingredients: Ingredients = ingredientsHere(),
): Promise<NativeChoice> {
  const { isGranted, detect } = ingredients;
  if (!isGranted({ name: "ffi" })) {
    return { reason: "There is no permission to call machine code: add --allow-ffi." };
  }
  const { processor, sets, reason } = candidates(detect);
  let first: NativeChoice = { reason: reason ?? "This processor has no AVX2." };
  for (const [i, set] of sets.toReversed().entries()) { // the widest first
    const choice = await judge(processor, set, ingredients);
    if (choice.set) return choice;
    if (i === 0) first = choice;
  }
  return first;
}

/** What could be tried: on a Mac its own library, elsewhere code for what the processor has. */
function candidates(detect: Ingredients["detect"]) {
  const { processor, reason } = detect();
  const unknown: Processor = { vendor: "", brand: "", family: 0, model: 0, vectors: [] };
  const sets: readonly ProductSet[] = Deno.build.os === "darwin"
    ? ["accelerate"]
    : processor?.vectors ?? [];
  return { processor: processor ?? unknown, sets, reason };
}

/** The sets whose machine code works here, the narrowest first: to compare them. */
export async function workingVectors(
  ingredients: Ingredients = ingredientsHere({ insist: true }),
): Promise<ProductSet[]> {
  if (!ingredients.isGranted({ name: "ffi" })) return [];
  const { processor, sets } = candidates(ingredients.detect);
  const working: ProductSet[] = [];
  for (const set of sets) {
    if ((await judge(processor, set, ingredients)).set) working.push(set);
  }
  return working;
}

/** What a verdict on one set says, be it an old one or one that is found now. */
async function judge(
  processor: Processor,
  set: ProductSet,
  ingredients: Ingredients,
): Promise<NativeChoice> {
  const { isGranted, verdicts, insist } = ingredients;
  try {
    if (!isGranted({ name: "read", path: ROOT })) {
      return {
        reason: `There is no permission to read the folder of the project: add --allow-read.`,
      };
    }
    const circumstances = await circumstancesOf(processor, set);
    const known = await verdicts.read(circumstances);
    if (known) return conclude(set, known, verdicts.place, insist);
    const obstacle = await findObstacle(ingredients);
    if (obstacle) return { reason: obstacle };
    const outcome = await ingredients.tryOut(set);
    await verdicts.keep(circumstances, outcome);
    return conclude(set, outcome, verdicts.place, insist);
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Why the machine code cannot be tried, or not in vain. */
async function findObstacle(
  { isGranted, deno, verdicts }: Ingredients,
): Promise<string | undefined> {
  const untested = "The machine code was not yet tested here";
  if (!deno) return `${untested}, and a compiled program cannot do it.`;
  if (!isGranted({ name: "run", command: deno }) || !isGranted({ name: "write", path: CACHE })) {
    return `${untested}, which takes more permissions: run deno task doctor once.`;
  }
  try {
    await verdicts.probe();
  } catch (error) {
    return `A verdict on the machine code could not be kept in ${verdicts.place}: ${
      error instanceof Error ? error.message : error
    }`;
  }
}

function conclude(
  set: ProductSet,
  outcome: Outcome,
  place: string,
  insist: boolean,
): NativeChoice {
  const again = `To have it tried again, delete ${place}.`;
  if (!outcome.works) return { reason: `${outcome.reason} ${again}` };
  const times = `${outcome.speed.toFixed(2)} times as fast as WebAssembly`;
  if (outcome.speed < 1 && !insist) return { reason: `Machine code was only ${times}. ${again}` };
  return { set, reason: `Machine code passed its self-test, ${times}.` };
}
