import assert from "node:assert/strict";
import { tf } from "dlm/backend/backend.ts";
import { rotary, rotaryTurns } from "dlm/ops/rotary.ts";
import { Rng } from "dlm/rng.ts";
import { assertLikeReference, dot, FLOAT32_TOLERANCE, randomMatrix } from "../_reference.ts";
import * as reference from "../_reference.ts";
import { assertClose, assertNoLeak, take, testOnEachBackend } from "../_support.ts";

testOnEachBackend("rotary() has the values and gradients of plain loops", async () => {
  const x = randomMatrix(7, 6, new Rng(1));
  await assertNoLeak(() => assertLikeReference(rotary, reference.rotary, [x]));
});

testOnEachBackend(
  "rotary() makes products depend on distance alone, and keeps lengths",
  async () => {
    const rng = new Rng(2);
    const [query, key] = [randomMatrix(1, 8, rng)[0]!, randomMatrix(1, 8, rng)[0]!];
    const everywhere = (row: number[]) => Array.from({ length: 9 }, () => row);
    const turn = (row: number[]) => take(tf.tidy(() => rotary(tf.tensor2d(everywhere(row)))));
    const [queries, keys] = [await turn(query), await turn(key)];

    const atDistance = (d: number, i: number) => dot(queries[i]!, keys[i + d]!);
    const scale = Math.sqrt(dot(query, query) * dot(key, key));
    for (const d of [0, 1, 5]) {
      for (let i = 1; i + d < keys.length; i++) {
        const change = atDistance(d, i) - atDistance(d, 0);
        assert(Math.abs(change) <= FLOAT32_TOLERANCE * scale);
      }
    }
    assert(Math.abs(atDistance(0, 0) - atDistance(1, 0)) > 0.1, "distance matters");
    const lengths = queries.map((row) => dot(row, row));
    assertClose(lengths, lengths.map(() => dot(query, query)), FLOAT32_TOLERANCE);
  },
);

testOnEachBackend("rotary() turns every sequence and head alike", async () => {
  const x = randomMatrix(5, 4, new Rng(3));
  const turned = tf.tidy(() => rotary(tf.tensor4d([[x, x], [x, x]])));
  const expected = reference.rotary(x).flat();
  assertClose(
    await turned.data(),
    [...expected, ...expected, ...expected, ...expected],
    FLOAT32_TOLERANCE,
  );
  turned.dispose();
});

Deno.test("rotaryTurns() throws if there is no place, or a feature without a partner", () => {
  for (const [length, features] of [[0, 4], [-3, 4], [1.5, 4], [NaN, 4], [3, 5], [3, 0], [3, -2]]) {
    assert.throws(() => rotaryTurns(length!, features!), {
      name: "RangeError",
      message: `Cannot turn ${features} features in ${length} places: ` +
        "give a whole number of places, and an even number of features.",
    });
  }
});

testOnEachBackend(
  "rotaryTurns() has the angles of the length and width last asked for",
  async () => {
    for (const [length, features] of [[2, 6], [3, 4], [2, 4], [2, 6], [2, 6]] as const) {
      const { cos, sin } = rotaryTurns(length, features);
      const half = features / 2;
      const angles = Array.from({ length }, (_, t) => {
        return Array.from({ length: half }, (_, i) => t / 10_000 ** (i / half));
      }).flat();
      assertClose(await cos.data(), angles.map(Math.cos), FLOAT32_TOLERANCE);
      assertClose(await sin.data(), angles.map(Math.sin), FLOAT32_TOLERANCE);
      tf.dispose([cos, sin]);
    }
  },
);
