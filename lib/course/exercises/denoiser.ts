/** The exercises of notebook 03. */
import { tf } from "dlm/backend/backend.ts";
import { type Exercises, NO_ANSWER, numeric } from "dlm/course/exercises/_exercise.ts";
import {
  type GetMatrix,
  type InspectedNetwork,
  inspectNetwork,
  Matrices,
  type OwnNetwork,
} from "dlm/course/own_network.ts";
import { neighbourOffsets, parameterCount } from "dlm/model.ts";
import { attention } from "dlm/ops/attention.ts";
import { embed, embedNeighbours } from "dlm/ops/embed.ts";
import { rmsNorm } from "dlm/ops/rms_norm.ts";
import { Rng } from "dlm/rng.ts";

export const DENOISER: Exercises = {
  "03.1": numeric({
    truth: widest,
    tolerance: 0.3,
    hint: "Put L = 8 and V = 65 into the sum of section 7: it is quadratic in D. And what does a " +
      "width have to be, so that each of eight heads gets whole pairs?",
    slips: [
      {
        answer: (Math.sqrt(659 ** 2 + 4 * 96 * 4e6) - 659) / (2 * 96),
        reason: "So much for the sum. But eight heads have to share the width, in whole pairs.",
      },
      {
        answer: 200,
        reason: "Eight heads of 25 numbers each: that leaves one of them without a partner.",
      },
      {
        answer: Math.sqrt(4e6 / 96),
        reason: "The blocks are not everything: the tables and the head have parameters, too.",
      },
    ],
  }),
  "03.2": numeric({
    truth: () => 3 * 128 / 4,
    tolerance: 0.5,
    hint:
      "A sequence has 3D numbers of queries, keys and values for each of its places. How many " +
      "weights does it have in one head? And in all of them?",
    slips: [
      { answer: 3 * 128, reason: "Each head has weights of its own." },
      { answer: 128 / 4, reason: "Queries, keys and values: there are three of each number." },
    ],
  }),
  "03.3": takesHome,
  "03.4": numeric({
    truth: () => (1000 / (2 * Math.PI)) ** (32 / 30),
    tolerance: 0.5,
    hint:
      "The slowest pair is the last one, i = 15. By which angle has it turned at p = 1000, and " +
      "by which should it have?",
    slips: [
      {
        answer: 1000 / (2 * Math.PI),
        reason: "The pairs are counted from 0, so the last one is number 15, and 2i is not yet 32.",
      },
      { answer: 1000 ** (32 / 30), reason: "A full turn is an angle of 2π, not of 1." },
    ],
  }),
  "03.5": gatedMlp,
};

/** The largest width that 4 million parameters allow, in whole pairs for eight heads. */
function widest(): number {
  const size = { vocabularySize: 65, layers: 8, heads: 8, context: 64, causal: false };
  let width = 16;
  while (parameterCount({ ...size, width: width + 16 }) <= 4e6) width += 16;
  return width;
}

/** Scores with powers that no number can hold, and what a place takes home. */
const FAR = [
  [[1000, 0, 0], 10],
  [[5000, 0, 0], 10],
  [[0, 0, 1000], 60],
  [[-1000, -1000, -1000], 30],
  [[1001, 1000, 1000], (10 * Math.E + 20 + 60) / (Math.E + 2)],
] as const;

/** What a place takes home from three others, told for some scores. */
async function takesHome(answer: unknown): Promise<string> {
  if (typeof answer !== "function") return NO_ANSWER;
  const tries = [[0, 0, 0], [0, 0, 50], [Math.log(2), 0, 0]];
  const small = numeric({
    truth: () => [30, 60, 25],
    hint: "Tried with the scores (0, 0, 0), (0, 0, 50) and (ln 2, 0, 0). The powers of e have to " +
      "become shares of 1, and with these the values are mixed.",
    slips: [{ answer: 90, reason: "The weights have to add up to 1." }],
  });
  const reply = await small(tries.map((scores) => answer(scores)));
  if (!reply.startsWith("Right")) return reply;
  for (const [scores, truth] of FAR) {
    const found = Number(await answer([...scores]));
    if (Math.abs(found - truth) < 0.01) continue;
    return `Nearly: small scores are right, but for (${
      scores.join(", ")
    }) it gives ${found}, and ` +
      `not ${
        Number(truth.toFixed(2))
      }: a power of e may be more, or less, than a number can hold. What happens to the ` +
      "weights if all three scores are made smaller, or larger, by the same amount?";
  }
  return "Right: for small scores and for large ones.";
}

/** The sizes that the exercise about the gated MLP gives. */
const [V, D, L, H] = [5, 24, 2, 2];

/** What a block finds, from the products of its row with two matrices. */
type Gate = (gate: tf.Tensor, up: tf.Tensor) => tf.Tensor;

/** Ways to write the gate that are not the one asked for. */
const WRONG_GATES: readonly { gate: Gate; reason: string }[] = [
  {
    gate: (gate, up) => tf.mul(tf.square(tf.relu(gate)), up),
    reason: "Here the gate is not squared.",
  },
  {
    gate: (gate, up) => tf.mul(gate, tf.relu(up)),
    reason: "It is the gate that loses what is negative, not what the gate lets through.",
  },
  {
    gate: (gate, up) => tf.mul(tf.relu(gate), tf.relu(up)),
    reason: "What the gate lets through may be negative.",
  },
  { gate: (gate, up) => tf.mul(gate, up), reason: "The gate lets nothing negative through." },
];

/** Tries a network whose blocks are to have a gated MLP. */
async function gatedMlp(answer: unknown): Promise<string> {
  if (typeof answer !== "function") return NO_ANSWER;
  const network = answer as OwnNetwork;
  const found = await inspectNetwork(network, { vocabularySize: V });
  return faultOfMatrices(found) ?? await faultOfGate(network) ?? faultOfSlopes(found) ??
    `Right: a gate in each block, ${PARAMETERS} parameters as before, and the slopes agree.`;
}

/** What is wrong with the names and the sizes of the matrices. */
function faultOfMatrices({ matrices, parameters }: InspectedNetwork): string | undefined {
  const names = matrices.map(({ matrix }) => matrix);
  if (!names.some((name) => name.endsWith("gate"))) {
    return "No answer yet: this network asks for no gate. Give its MLP one, and run this cell again.";
  }
  const missing = NAMES.find((name) => !names.includes(name));
  if (missing) return `Not quite: there is no matrix "${missing}", which the check looks for.`;
  const more = parameters - PARAMETERS;
  if (more === 0) return undefined;
  return `Not quite: it has ${parameters} parameters, ${Math.abs(more)} too ` +
    `${more > 0 ? "many" : "few"}. The MLP had 8·D² of them before. How many do three matrices ` +
    "have that lead from D numbers to m, and back?";
}

/** What is wrong with the gradient; where a parameter moves over the corner of max(0, a), little. */
function faultOfSlopes({ slopes }: InspectedNetwork): string | undefined {
  const size = (numbers: number[]) => Math.hypot(...numbers);
  const off = size(slopes.map(({ gradient, difference }) => gradient - difference));
  if (off < 0.1 * size(slopes.map(({ difference }) => difference))) return undefined;
  return "Not quite: it computes the right numbers, but its gradient does not agree with differences.";
}

/** What is wrong with what the network computes. */
async function faultOfGate(network: OwnNetwork): Promise<string | undefined> {
  const right: Gate = (gate, up) => tf.mul(tf.relu(gate), up);
  if (await isSame(network, referenceWith(right))) return undefined;
  for (const { gate, reason } of WRONG_GATES) {
    if (await isSame(network, referenceWith(gate))) return `Not quite: ${reason}`;
  }
  return "Not quite: the parameters are right, but what comes out is not what the formula says. Do " +
    "both products read the normed row, and is the result added to x?";
}

const BLOCK = ["qkv", "out", "gate", "up", "down"];
const NAMES = [0, 1].flatMap((i) => BLOCK.map((name) => `${i} ${name}`));

/** As many as the network has without gates. */
const PARAMETERS = parameterCount({
  vocabularySize: V,
  layers: L,
  width: D,
  heads: H,
  context: 8,
  causal: false,
});

/** The network of the notebook, with gates. */
function referenceWith(gate: Gate): OwnNetwork {
  return (tokens, matrix) => {
    const size = { batch: tokens.shape[0], heads: H, causal: false };
    const times = (x: tf.Tensor2D, ...which: Parameters<GetMatrix>): tf.Tensor2D =>
      tf.matMul(x, matrix(...which));
    const own = embed(matrix("embedding", V + 1, D), tokens);
    const table = matrix("neighbours", 8 * (V + 1), D);
    let x = rmsNorm(
      tf.add<tf.Tensor2D>(own, embedNeighbours(table, tokens, neighbourOffsets(false))),
    );
    for (let i = 0; i < L; i++) {
      const mixed = attention(times(rmsNorm(x), `${i} qkv`, D, 3 * D), size);
      x = tf.add(x, times(mixed, `${i} out`, D, D));
      const [inner, normed] = [8 * D / 3, rmsNorm(x)];
      const open = times(normed, `${i} gate`, D, inner);
      const found = gate(open, times(normed, `${i} up`, D, inner)) as tf.Tensor2D;
      x = tf.add(x, times(found, `${i} down`, inner, D));
    }
    return times(rmsNorm(x), "head", D, V);
  };
}

/** Whether two networks say the same with the same matrices. */
async function isSame(one: OwnNetwork, other: OwnNetwork): Promise<boolean> {
  using matrices = new Matrices(new Rng(2));
  const furthest = tf.tidy(() => {
    const tokens = tf.tensor2d([[0, 5, 3, 5, 1], [2, 2, 5, 4, 5]], [2, 5], "int32");
    return tf.max(tf.abs(tf.sub(one(tokens, matrices.get), other(tokens, matrices.get))));
  });
  const [difference] = await furthest.data();
  furthest.dispose();
  return difference! < 1e-4;
}
