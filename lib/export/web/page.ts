/// <reference lib="dom" />
import { tf } from "dlm/backend/backend.ts";
import { glyphInText } from "dlm/display/glyphs.ts";
import { chooseBackend } from "dlm/export/web/choice.ts";
import { parameterCount, Transformer } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import { type Frame, promptTemplate, sample } from "dlm/sampler.ts";
import { STEPPED_SAMPLERS } from "dlm/sampling/samplers.ts";
import { readTemplates } from "dlm/sampling/templates.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";
import { decodeCheckpoint } from "dlm/training/checkpoint_format.ts";

// The program of the exported page: reads the model that stands in the page, writes with it,
// and plays back how the text came to be.

const element = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const form = element<HTMLFormElement>("form");
const text = element("text");
const status = element("status");
const write = element<HTMLButtonElement>("write");
const play = element<HTMLButtonElement>("play");
const time = element<HTMLInputElement>("time");
const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;

const { model, tokenizer, corpus } = await readModel();
let frames: Frame[] = [];
let timer: ReturnType<typeof setInterval> | undefined;

/** The model, in base64 in an element of the page, on the faster backend. */
async function readModel() {
  const bytes = Uint8Array.from(atob(element("model").textContent!), (c) => c.charCodeAt(0));
  const { config, average, characters, corpus } = decodeCheckpoint(bytes);
  await chooseBackend(config, average);
  return {
    model: new Transformer(config, average),
    tokenizer: new CharTokenizer(characters),
    corpus: corpus.name,
  };
}

/** What to write from: a text with holes, or a prompt followed by masks. */
function readTemplate(): Int32Array {
  const infill = field("infill").value;
  if (infill) {
    const [template, another] = readTemplates(infill, tokenizer);
    if (another) throw new RangeError("Give each hole one length, such as [20].");
    return template!;
  }
  const prompt = tokenizer.encode(field("prompt").value);
  return promptTemplate(prompt, { length: model.context, maskId: tokenizer.maskId });
}

/** Writes a text, a frame at a time. */
async function writeText(): Promise<void> {
  const sampler = STEPPED_SAMPLERS[field("sampler").value as keyof typeof STEPPED_SAMPLERS];
  const options = {
    sampler: sampler({ steps: Number(field("steps").value) }),
    temperature: Number(field("temperature").value),
    rng: new Rng(Number(field("seed").value)).stream("sampling"),
  };
  const start = performance.now();
  frames = [];
  for await (const frame of sample(model, [readTemplate()], options)) {
    frames.push(frame);
    time.max = `${frames.length - 1}`;
    time.value = time.max;
    show(frame);
    await new Promise((resolve) => setTimeout(resolve)); // lets the page be drawn
  }
  const seconds = (performance.now() - start) / 1000;
  status.textContent = `${frames.at(-1)!.evaluations} evaluations in ${seconds.toFixed(1)} s.`;
}

/** A frame, each character that was written on a ground the darker the surer the model was. */
function show({ sequences, confidences }: Frame): void {
  const characters = [...tokenizer.decode(sequences[0]!)];
  text.replaceChildren(...characters.map((character, i) => {
    const span = document.createElement("span");
    span.textContent = character === "\n" ? character : glyphInText(character);
    const confidence = confidences[0]![i]!; // NaN for what was given and for masks
    if (confidence >= 0) span.style.background = `hsl(190 70% ${97 - 30 * confidence}%)`;
    return span;
  }));
}

function stop(): void {
  clearInterval(timer);
  timer = undefined;
  play.textContent = "Play";
}

function start(): void {
  if (time.value === time.max) time.value = "0";
  play.textContent = "Pause";
  const pace = Math.min(400, 6000 / frames.length); // milliseconds a frame
  timer = setInterval(() => {
    show(frames[++time.valueAsNumber]!);
    if (time.value === time.max) stop();
  }, pace);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  stop();
  const controls = [write, play, time];
  controls.forEach((control) => control.disabled = true);
  status.textContent = "Writing …";
  try {
    await writeText();
  } catch (error) {
    status.textContent = error instanceof Error ? error.message : String(error);
  }
  write.disabled = false;
  play.disabled = time.disabled = frames.length < 2;
});
play.addEventListener("click", () => timer === undefined ? start() : stop());
time.addEventListener("input", () => {
  stop();
  show(frames[time.valueAsNumber]!);
});

element("about").textContent =
  `A masked-diffusion model of ${parameterCount(model.config).toLocaleString("en")} parameters ` +
  `that learned from ${corpus}. It and all it needs are in this page; nothing is sent anywhere.` +
  (tf.getBackend() === "webgpu" ? " The graphics card computes." : "");
field("sampler").append(...Object.keys(STEPPED_SAMPLERS).map((name) => new Option(name)));
field("steps").value = `${model.context}`;
status.textContent = "Ready.";
write.disabled = false;
