import { ownNumbers } from "dlm/backend/numbers.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addOverTeam,
  ALONE,
  ownersOf,
  spreadOverTeam,
  sumOverTeam,
  type Team,
} from "dlm/optimizer/team.ts";
import { tf } from "dlm/backend/backend.ts";
import { assertNoLeak } from "../_support.ts";

Deno.test("ownersOf() gives each thing to one of the team, and nobody much more than another", () => {
  const works = fc.dictionary(fc.string(), fc.integer({ min: 1, max: 1000 }));
  fc.assert(fc.property(works, fc.integer({ min: 1, max: 9 }), (work, size) => {
    const owners = ownersOf(work, size);
    assert.deepEqual(Object.keys(owners).sort(), Object.keys(work).sort());
    const loads = Array.from({ length: size }, () => 0);
    for (const [name, owner] of Object.entries(owners)) loads[owner]! += work[name]!;
    const largest = Math.max(0, ...Object.values(work));
    assert(Math.max(...loads) - Math.min(...loads) <= largest);
  }));
});

Deno.test("ownersOf() gives away the largest first, while small ones can still even it out", () => {
  const owners = ownersOf({ small: 1, other: 1, large: 2 }, 2);
  assert.deepEqual(owners, { large: 0, small: 1, other: 1 });
});

/** The first of two, whose other does its part when they meet for the first time. */
function firstOfTwo(
  size: number,
  other: (slots: readonly Float32Array[], numbers: Float32Array) => void,
): Team {
  const slots = [new Float32Array(size), new Float32Array(size)];
  const numbers = new Float32Array(2);
  let meetings = 0;
  const meet = () => void (meetings++ === 0 && other(slots, numbers));
  return { rank: 0, size: 2, slots, numbers, meet };
}

Deno.test("sumOverTeam() adds up what is wanted and frees what was brought", async () => {
  const team = firstOfTwo(3, ([own, others]) => {
    assert.deepEqual([...own!], [1, 2, 0]); // nobody else wants the last
    others!.set([10, 20, 30]);
  });
  await assertNoLeak(() => {
    const brought = { a: tf.tensor1d([1, 2]), b: tf.tensor2d([[3]]) };
    const { b, ...rest } = sumOverTeam(brought, { a: 1, b: 0 }, team);
    assert.deepEqual(rest, {});
    assert.deepEqual(b!.arraySync(), [[33]]);
    b!.dispose();
  });
});

Deno.test("addOverTeam() adds up a number of each", () => {
  const team = firstOfTwo(1, (_, numbers) => numbers[1] = numbers[0]! + 1);
  assert.equal(addOverTeam(2, team), 5);
  assert.equal(addOverTeam(2, ALONE), 2);
});

Deno.test("spreadOverTeam() gives what is its own and takes the rest from the others", async () => {
  const variables = { a: tf.variable(tf.tensor1d([1, 2])), b: tf.variable(tf.tensor1d([3])) };
  const team = firstOfTwo(3, ([own, others]) => {
    assert.deepEqual([...own!], [1, 2, 0]);
    others!.set([7], 2); // the other has b
  });
  Object.values(variables).forEach(ownNumbers); // as those that have been trained
  await assertNoLeak(() => spreadOverTeam(variables, { a: 0, b: 1 }, team));
  assert.deepEqual([...await variables.a.data(), ...await variables.b.data()], [1, 2, 7]);
  tf.dispose(variables);
});
