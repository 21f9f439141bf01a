import assert from "node:assert/strict";
import { replyTo } from "dlm/course/check_answer.ts";

Deno.test("07.1 wants windows, as many as the square of the factor says", async () => {
  assert.match(await replyTo("07.1", 3600), /^Right/);
  assert.match(await replyTo("07.1", 1200), /too low. Three times as many .* √3/);
  assert.match(await replyTo("07.1", 9), /the number of windows is asked for/);
  assert.match(await replyTo("07.1", 7200), /too high. .* square root/);
});

Deno.test("07.2 adds the squares of the errors", async () => {
  assert.match(await replyTo("07.2", 1.06), /^Right/);
  assert.match(await replyTo("07.2", 1.5), /less certain than either/);
  assert.match(await replyTo("07.2", 0.75), /Add the squares/);
  assert.match(await replyTo("07.2", 3), /Divide the difference/);
});

Deno.test("07.3 tells the mean surprisal from the surprisal of the mean", async () => {
  assert.match(await replyTo("07.3", [4.33, 3.19]), /^Right/);
  assert.match(await replyTo("07.3", [4.33, 4.33]), /too high \(value 2 of 2\)/);
  assert.match(await replyTo("07.3", [3.19, 4.33]), /too low \(value 1 of 2\)/);
});

Deno.test("07.4 takes the error of the share that was found", async () => {
  assert.match(await replyTo("07.4", 1.43), /^Right/);
  assert.match(await replyTo("07.4", 1.5), /take the one found/);
});

Deno.test("07.5 tries a longestCopy() on pages", async () => {
  const longestCopy = (page: string, known: string) => {
    let longest = 0;
    for (let start = 0; start < page.length; start++) {
      while (
        start + longest < page.length && known.includes(page.slice(start, start + longest + 1))
      ) {
        longest++;
      }
    }
    return longest;
  };
  assert.match(await replyTo("07.5", longestCopy), /^Right/);
  assert.match(await replyTo("07.5", () => NaN), /^No answer yet/);
  const ofStart = (page: string, known: string) => {
    let length = 0;
    while (length < page.length && known.includes(page.slice(0, length + 1))) length++;
    return length;
  };
  assert.match(await replyTo("07.5", ofStart), /gives 3, but the longest run has 6/);
  const atLeastOne = (page: string, known: string) => Math.max(1, longestCopy(page, known));
  assert.match(await replyTo("07.5", atLeastOne), /gives 1, but the longest run has 0/);
});
