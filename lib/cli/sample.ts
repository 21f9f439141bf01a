import {
  anyWholeNumber,
  path,
  positiveNumber,
  probability,
  runCommand,
  wholeNumber,
} from "dlm/cli/_command.ts";
import { Command, Option } from "commander";
import { Interrupted } from "dlm/backend/interrupt.ts";
import { writeFileAtomic } from "dlm/files/atomic.ts";
import { backendOption, MODEL_OPTION, openModel } from "dlm/cli/_inputs.ts";
import { startBar } from "dlm/cli/_progress.ts";
import { printable } from "dlm/display/glyphs.ts";
import { watcher } from "dlm/display/frames/terminal.ts";
import { denoisingGif } from "dlm/display/frames/gif.ts";
import { rankTemplates } from "dlm/measures/infill.ts";
import { predictInWorkers } from "dlm/crew/crew.ts";
import type { Predictor } from "dlm/crew/predictor.ts";
import { Rng } from "dlm/rng.ts";
import { type Frame, promptTemplate, sampleInLots } from "dlm/sampler.ts";
import { inBlocks } from "dlm/sampling/in_blocks.ts";
import type { Sampler } from "dlm/sampling/canvas.ts";
import { STEPPED_SAMPLERS, UNSTEPPED_SAMPLERS } from "dlm/sampling/samplers.ts";
import { readTemplates } from "dlm/sampling/templates.ts";
import { chooseBackend } from "dlm/training/backend_choice.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

type SteppedName = keyof typeof STEPPED_SAMPLERS;
type UnsteppedName = keyof typeof UNSTEPPED_SAMPLERS;
const STEPPED = Object.keys(STEPPED_SAMPLERS) as SteppedName[];
const UNSTEPPED = Object.keys(UNSTEPPED_SAMPLERS) as UnsteppedName[];

/** The temperature at which a small model is read with most pleasure. */
const SAFE = 0.8;

const topP = ["<X>", "draw from the likeliest characters that make up this much"] as const;
const topK = ["<N>", "draw from this many of the likeliest characters"] as const;

const command = new Command("sample")
  .description("Writes text with a trained model.")
  .option("--model <name|file>", MODEL_OPTION, path)
  .option("--prompt <text>", "what the text begins with")
  .option(
    "--infill <text>",
    "text with holes: [40] is one of 40 characters, [3-12] one of a length to be found, [[ a bracket",
  )
  .option("--length <T>", "characters in all (default: the model's context)", wholeNumber(1))
  .addOption(
    new Option("--sampler <name>", "the way from noise to text")
      .choices([...STEPPED, ...UNSTEPPED]).default("ancestral" as const),
  )
  .option(
    "--steps <N>",
    "steps from noise to text, or in each block (default: one a character)",
    wholeNumber(1),
  )
  .option(
    "--block <N>",
    "write blocks of this many characters from left to right (default: half the context, if the text is longer)",
    wholeNumber(1),
  )
  .option(
    "--temperature <X>",
    "below 1 plays safe, above 1 dares; 1 is the model's own distribution",
    positiveNumber,
    SAFE,
  )
  .option(`--topP ${topP[0]}`, topP[1], probability)
  .option(`--topK ${topK[0]}`, topK[1], wholeNumber(1))
  .addOption(new Option(`--top-p ${topP[0]}`).argParser(probability).hideHelp())
  .addOption(new Option(`--top-k ${topK[0]}`).argParser(wholeNumber(1)).hideHelp())
  .option("--count <N>", "how many texts", wholeNumber(1), 1)
  .option("--seed <N>", "another seed, another text", anyWholeNumber, 1)
  .addOption(backendOption)
  .option("--watch", "show the text as it resolves")
  .option("--gif <file>", "write an animation of the first text", path)
  .option("--json", "print the result as one line of JSON")
  .action(async (options) => {
    const { count, seed, temperature, topP, topK } = options;
    const sampler = chooseSampler(options.sampler as SteppedName | UnsteppedName, options.steps);
    using opened = await openModel(options.model);
    const { model, tokenizer } = opened;
    await chooseBackend(options.backend, { task: "predict", config: model.config, batch: count });
    using predictor = predictInWorkers(model);
    const template = await chooseTemplate(predictor, tokenizer, options);
    const block = options.block ??
      (template.length > model.context ? Math.ceil(model.context / 2) : undefined);
    const start = performance.now();
    const watched = options.watch && Deno.stderr.isTerminal();
    const show = watched ? watcher(tokenizer) : progress();
    const lots: Frame[] = []; // as they stand at last
    const shown: Frame[] = []; // of the first text alone, for the animation
    let interrupted: Interrupted | undefined;
    try {
      const sampling = {
        count,
        sampler: block ? inBlocks({ length: block, sampler }) : sampler,
        temperature,
        topP,
        topK,
        rng: new Rng(seed).stream("sampling"),
      };
      const frames = sampleInLots(count > 1 ? predictor : model, template, sampling);
      for await (const { lot, frame, share } of frames) {
        show.frame(frame, share);
        lots[lot] = frame;
        if (options.gif && lot === 0) keep(shown, frame);
      }
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      interrupted = error;
    } finally {
      show.end();
    }
    const seconds = (performance.now() - start) / 1000;
    const evaluations = lots.reduce((sum, { evaluations }) => sum + evaluations, 0);
    const sequences = lots.flatMap(({ sequences }) => sequences);
    const texts = sequences.map((ids) => tokenizer.decode(ids));
    const text = texts.join("\n———\n");
    const safe = options.json || Deno.stdout.isTerminal() ? printable(text) : text;
    if (texts.length > 0) console[options.json ? "error" : "log"](safe);
    if (!options.json && !interrupted && temperature === SAFE) {
      console.error(
        `(The ${options.sampler} sampler at temperature ${SAFE}, a little safer than the model's own ` +
          `distribution: --temperature 1 draws from that.)`,
      );
    }
    if (options.json) {
      const stopped = interrupted !== undefined;
      const { sampler } = options;
      console.log(JSON.stringify({ texts, evaluations, seconds, sampler, seed, stopped }));
    }
    if (interrupted) throw interrupted;
    if (options.gif) await writeFileAtomic(options.gif, await denoisingGif(shown, tokenizer));
  });

function chooseSampler(name: SteppedName | UnsteppedName, steps: number | undefined): Sampler {
  if (Object.hasOwn(STEPPED_SAMPLERS, name)) {
    return STEPPED_SAMPLERS[name as SteppedName]({ steps });
  }
  if (steps === undefined) return UNSTEPPED_SAMPLERS[name as UnsteppedName]();
  throw new RangeError(
    `The sampler ${name} takes as many steps as it needs: leave out --steps, or choose one of ${
      STEPPED.join(", ")
    }.`,
  );
}

/** What is given and what is to be written. */
interface Wish {
  prompt?: string | undefined;
  infill?: string | undefined;
  length?: number | undefined;
}

/** The template wished for; of several, the one whose holes fit best. */
async function chooseTemplate(
  predictor: Predictor,
  tokenizer: CharTokenizer,
  { prompt, infill, length }: Wish,
): Promise<Int32Array> {
  if (infill === undefined) {
    const { maskId } = tokenizer;
    const options = { length: length ?? predictor.context, maskId };
    return promptTemplate(encodePrompt(prompt ?? "", tokenizer), options);
  }
  if (prompt !== undefined || length !== undefined) {
    throw new RangeError(
      "A text with holes has its beginning and its length: leave out --prompt and --length.",
    );
  }
  const templates = readTemplates(infill, tokenizer);
  if (templates.length === 1) return templates[0]!;
  const ranked = await rank(predictor, templates);
  ranked.sort((a, b) => b.probability - a.probability);
  const best = ranked.slice(0, 5).map(({ template, probability }) => {
    const holes = template.filter((id) => id === tokenizer.maskId).length;
    return `${holes} characters (${(100 * probability).toFixed(0)} %)`;
  });
  console.error(`What fits best: ${best.join(", ")}.`);
  return ranked[0]!.template;
}

/** The ids of a prompt, in which a shell has left "\\n" as it is. */
function encodePrompt(prompt: string, tokenizer: CharTokenizer): Int32Array {
  if (prompt.includes("\\n") && !tokenizer.characters.includes("\\")) {
    throw new RangeError(
      `The prompt has a backslash and an n, and the model knows no backslash: for a line end, ` +
        `write a dollar sign before the quotes, as in --prompt $'ROMEO:\\n'.`,
    );
  }
  return tokenizer.encode(prompt);
}

/** About how many frames of a long text are kept for an animation. */
const MOST_KEPT = 400;

/** Keeps a frame for an animation: the first and the last, and of those close together one. */
function keep(kept: Frame[], frame: Frame): void {
  const moment = ({ time }: Frame) => Math.floor(time * MOST_KEPT);
  if (kept.length > 1 && moment(kept.at(-1)!) === moment(frame)) kept.pop();
  kept.push(ofFirst(frame));
}

/** A frame without the other texts. */
function ofFirst(frame: Frame): Frame {
  const { sequences, confidences } = frame;
  return { ...frame, sequences: [sequences[0]!], confidences: [confidences[0]!] };
}

/** Ranks templates, with a bar. */
async function rank(predictor: Predictor, templates: Int32Array[]) {
  using bar = startBar("{bar} {percentage} % of the lengths compared");
  return await rankTemplates(predictor, templates, { onProgress: (share) => bar.update(share) });
}

/** Shows the share of the texts that is written. */
function progress() {
  const bar = startBar("{bar} {percentage} % written");
  return {
    frame: (_: Frame, share: number) => bar.update(share),
    end: () => bar.stop(),
  };
}

await runCommand(command);
