import assert from "node:assert/strict";
import { replyTo } from "dlm/course/check_answer.ts";

Deno.test("exercise 09.1 counts from the file's beginning", async () => {
  assert.equal(await replyTo("09.1", [1032, 4]), "Right: all 2 values fit.");
  assert.match(await replyTo("09.1", [1024, 4]), /value 1 of 2.* length of the header/);
  assert.match(await replyTo("09.1", [1032, 16]), /value 2 of 2.* Those are bytes/);
  assert.match(await replyTo("09.1", [1000, 4]), /from the end of the header/);
});

Deno.test("exercise 09.2 finds the last whole number before the first gap", async () => {
  assert.equal(await replyTo("09.2", 2048), "Right: it is 2048.");
  assert.match(await replyTo("09.2", 65_504), /leaves many out/);
  assert.match(await replyTo("09.2", 2047), /power of two/);
  assert.match(await replyTo("09.2", 4096), /too high. Ten bits/);
});

/** A right reader, of which parts can be left out. */
function reader({ sign = true, subnormal = true, infinite = true } = {}) {
  return (bits: number) => {
    const [s, e, f] = [sign ? bits >> 15 : 0, (bits >> 10) & 31, bits & 1023];
    if (infinite && e === 31) return f === 0 ? (-1) ** s * Infinity : NaN;
    if (subnormal && e === 0) return (-1) ** s * 2 ** -14 * f / 1024;
    return (-1) ** s * 2 ** (e - 15) * (1 + f / 1024);
  };
}

Deno.test("exercise 09.3 tries a reader with all numbers, and says what it misses", async () => {
  assert.equal(await replyTo("09.3", reader()), "Right: it reads all 65,536 of them.");
  assert.match(await replyTo("09.3", () => NaN), /^No answer yet/);
  assert.match(await replyTo("09.3", (bits: number) => bits), /ten lowest bits/);
  assert.match(await replyTo("09.3", reader({ sign: false })), /highest bit/);
  assert.match(
    await replyTo("09.3", reader({ subnormal: false })),
    /of 0 it makes 0.0000305.* e = 0/,
  );
  assert.match(
    await replyTo("09.3", reader({ infinite: false })),
    /of 31744 it makes 65536.* e = 31/,
  );
});

Deno.test("exercise 09.4 knows what base64 costs", async () => {
  assert.equal(await replyTo("09.4", 8000 / 3), "Right: it is 2667.");
  assert.match(await replyTo("09.4", 2000), /Those are the bytes/);
  assert.match(await replyTo("09.4", 1500), /other way round/);
  assert.match(await replyTo("09.4", 1), /How many bytes/);
});
