import assert from "node:assert/strict";
import fc from "fast-check";
import { ALONE, shareOf, spreadOverTeam } from "dlm/_team.ts";
import { tf } from "dlm/backend/backend.ts";
import { assertNoLeak } from "./_support.ts";

const teamOf = (size: number) =>
  Array.from({ length: size }, (_, rank) => ({ ...ALONE, rank, size }));

Deno.test("shareOf() gives each thing to one of the team, and nobody much more than another", () => {
  const works = fc.dictionary(fc.string(), fc.integer({ min: 1, max: 1000 }));
  fc.assert(fc.property(works, fc.integer({ min: 1, max: 9 }), (work, size) => {
    const shares = teamOf(size).map((team) => shareOf(work, team));
    assert.deepEqual(shares.flat().sort(), Object.keys(work).sort());
    const loads = shares.map((names) => names.reduce((sum, name) => sum + work[name]!, 0));
    const largest = Math.max(0, ...Object.values(work));
    assert(Math.max(...loads) - Math.min(...loads) <= largest);
  }));
});

Deno.test("shareOf() gives away the largest first, while small ones can still even it out", () => {
  const shares = teamOf(2).map((team) => shareOf({ small: 1, other: 1, large: 2 }, team));
  assert.deepEqual(shares, [["large"], ["small", "other"]]);
});

Deno.test("spreadOverTeam() brings what is its own and takes the rest from the others", async () => {
  const variables = { a: tf.variable(tf.tensor1d([1, 2])), b: tf.variable(tf.tensor1d([3])) };
  const team = {
    rank: 0,
    size: 2,
    combine(numbers: Float32Array) {
      assert.deepEqual([...numbers], [1, 2, 0]);
      numbers.set([7], 2); // the other has b
    },
  };
  await assertNoLeak(() => spreadOverTeam(variables, { a: variables.a }, team));
  assert.deepEqual([...await variables.a.data(), ...await variables.b.data()], [1, 2, 7]);
  tf.dispose(variables);
});
