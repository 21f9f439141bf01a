import assert from "node:assert/strict";
import fc from "fast-check";
import { shareOf } from "dlm/_team.ts";

Deno.test("shareOf() gives each thing to one of the team, and nobody two more than another", () => {
  fc.assert(fc.property(fc.nat(50), fc.integer({ min: 1, max: 9 }), (count, size) => {
    const shares = Array.from(
      { length: size },
      (_, rank) => shareOf(count, { rank, size, combine() {} }),
    );
    assert.equal(shares[0]!.begin, 0);
    shares.forEach(({ end }, rank) => assert.equal(shares[rank + 1]?.begin ?? count, end));
    const sizes = shares.map(({ begin, end }) => end - begin);
    assert(Math.max(...sizes) - Math.min(...sizes) <= 1);
  }));
});
