/**
 * What simple_dlm does otherwise than this library, by name and in the order in which the
 * course undoes it: `[what it does, what this library does instead]`.
 */
export const CHOICES = {
  doubledNewlines: ["each line break is read as two", "the text as it is"],
  oneRate: ["one share of masks for a whole batch", "all shares in every batch"],
  smallRate: ["a learning rate of 0.0001", "the preset's learning rates"],
  bareAdam: ["Adam alone, at one rate", "Muon and AdamW, warm-up, fall, average"],
  learnedPositions: ["a learned vector for each position", "rotary positions"],
  noNeighbours: ["a place begins by itself", "tables for the neighbours of a place"],
  freeScores: ["attention scores of any size", "normalised queries and keys"],
  oneHead: ["one attention head", "several heads"],
  noOutputProjection: ["attention adds what it collects", "a matrix after attention"],
  noFinalNorm: ["no norm before the head", "a norm before the head"],
  largeEmbeddings: ["embeddings of size 1, as they are", "small embeddings, normalised"],
  timeConditioning: ["told the share of masks", "not told the share of masks"],
  layerNorm: ["LayerNorm", "RMSNorm without a gain"],
  relu: ["ReLU", "ReLU squared"],
  biases: ["a bias for every matrix", "no biases"],
  torchInitialisation: ["PyTorch's random start", "head and blocks start at zero"],
  maskOutput: ["an output for the mask", "outputs for characters alone"],
} as const satisfies Record<string, readonly [does: string, instead: string]>;

/** The name of one of the {@linkcode CHOICES}. */
export type Choice = keyof typeof CHOICES;

/** Which choices are made; the others are undone. */
export type Choices = Readonly<Record<Choice, boolean>>;

/** All of them: simple_dlm as it is. One is undone with `{ ...SIMPLE_DLM, oneHead: false }`. */
export const SIMPLE_DLM: Choices = allChoices(true);

/** None of them: this library. One is put back with `{ ...UNDONE, oneHead: true }`. */
export const UNDONE: Choices = allChoices(false);

function allChoices(made: boolean): Choices {
  return Object.fromEntries(Object.keys(CHOICES).map((name) => [name, made])) as Choices;
}

/**
 * From simple_dlm to this library: each of them undoes one choice more than the one before, in
 * the order of {@linkcode CHOICES}, and is named by what takes its place.
 */
export function undoneInTurn(): Record<string, Choices> {
  let choices = SIMPLE_DLM;
  const path: Record<string, Choices> = { "simple_dlm": choices };
  for (const [name, [, instead]] of Object.entries(CHOICES)) {
    path[instead] = choices = { ...choices, [name]: false };
  }
  return path;
}

/**
 * Refuses choices that nothing is known of: they would change nothing.
 *
 * @throws {RangeError} if there is one
 */
export function checkChoices(choices: Choices): void {
  const unknown = Object.keys(choices).find((name) => !Object.hasOwn(CHOICES, name));
  if (unknown === undefined) return;
  throw new RangeError(
    `simple_dlm has no choice "${unknown}": give one of ${Object.keys(CHOICES).join(", ")}.`,
  );
}
