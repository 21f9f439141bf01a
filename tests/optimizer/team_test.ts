import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addOverTeam,
  ALONE,
  shareOf,
  spreadOverTeam,
  sumOverTeam,
  type Team,
} from "dlm/optimizer/team.ts";
import { tf } from "dlm/backend/backend.ts";
import { assertNoLeak } from "../_support.ts";

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

/** The first of two, whose other does its part when they meet for the first time. */
function firstOfTwo(numbers: number, other: (slots: readonly Float32Array[]) => void): Team {
  const slots = [new Float32Array(numbers), new Float32Array(numbers)];
  let meetings = 0;
  return { rank: 0, size: 2, slots, meet: () => void (meetings++ === 0 && other(slots)) };
}

Deno.test("sumOverTeam() adds up what is wanted and frees what was brought", async () => {
  const team = firstOfTwo(3, ([own, others]) => {
    assert.deepEqual([...own!], [1, 2, 3]);
    others!.set([10, 20, 30]);
  });
  await assertNoLeak(() => {
    const brought = { a: tf.tensor1d([1, 2]), b: tf.tensor2d([[3]]) };
    const { b, ...rest } = sumOverTeam(brought, ["b"], team);
    assert.deepEqual(rest, {});
    assert.deepEqual(b!.arraySync(), [[33]]);
    b!.dispose();
  });
});

Deno.test("addOverTeam() adds up a number of each", () => {
  const team = firstOfTwo(1, ([own, others]) => others!.set([own![0]! + 1]));
  assert.equal(addOverTeam(2, team), 5);
  assert.equal(addOverTeam(2, ALONE), 2);
});

Deno.test("spreadOverTeam() gives what is its own and takes the rest from the others", async () => {
  const variables = { a: tf.variable(tf.tensor1d([1, 2])), b: tf.variable(tf.tensor1d([3])) };
  const team = firstOfTwo(3, ([common]) => {
    assert.deepEqual([...common!], [1, 2, 0]);
    common!.set([7], 2); // the other has b
  });
  await assertNoLeak(() => spreadOverTeam(variables, ["a"], team));
  assert.deepEqual([...await variables.a.data(), ...await variables.b.data()], [1, 2, 7]);
  tf.dispose(variables);
});
