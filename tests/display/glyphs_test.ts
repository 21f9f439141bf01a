import assert from "node:assert/strict";
import fc from "fast-check";
import { columnsOf, glyphInText, glyphOf, printable } from "dlm/display/glyphs.ts";

Deno.test("glyphOf() has a sign for every character that cannot be seen", () => {
  const cases: [characters: string, signs: string][] = [
    ["aß漢🙂▒", "aß漢🙂▒"],
    [" \n\t", "␣↵⇥"],
    ["\0\r\x1b\x1f\x7f", "␀␍␛␟␡"],
    ["\u00a0\u2003\u3000\u2028", "⍽⍽⍽⍽"],
    ["\x85\u00ad\u200b\u202e\ufeff\ue000", "⍰⍰⍰⍰⍰⍰"],
  ];
  for (const [characters, signs] of cases) {
    assert.deepEqual([...characters].map(glyphOf), [...signs]);
  }
  assert.equal(glyphOf("\u0301"), "◌\u0301");
});

Deno.test("glyphs take one column or two, and none is empty or a command to a terminal", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), (character) => {
    for (const glyph of [glyphOf(character), glyphInText(character)]) {
      assert([1, 2].includes(columnsOf(glyph)));
      assert.doesNotMatch(glyph, /^$|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  }));
});

Deno.test("printable() keeps lines, letters and what joins them, and nothing that moves a cursor", () => {
  const kept = "naïve e\u0301 👩\u200d👧 ab\tc\nd";
  assert.equal(printable(kept), kept);
  assert.equal(printable("a\rb\x1b[2J\x9b\x07\u202ec"), "a␍b␛[2J⍰␇⍰c");
});
