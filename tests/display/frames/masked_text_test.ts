import assert from "node:assert/strict";
import fc from "fast-check";
import { maskedText, maskedTextBlock, widestColumns } from "dlm/display/frames/masked_text.ts";
import { bundleOf, pixelsOf, pngOf } from "../_support.ts";

Deno.test("maskedText() is plain text too, with masks and ends of lines to be seen", () => {
  const bundle = bundleOf(maskedText("To ▒e,\n\nor ▒ot\n"));
  assert.equal(bundle["text/plain"], "To ▒e,↵\n↵\nor ▒ot↵");
  assert.equal(bundleOf(maskedText("a\nb", { newline: "" }))["text/plain"], "a\nb");
});

Deno.test("maskedText() can be heard, from its first line to its last", () => {
  const bundle = bundleOf(maskedText("To ▒e,\n<or>", { newline: "" }));
  for (const type of ["text/html", "image/svg+xml"]) {
    assert(bundle[type]!.includes('"To ▒e, &lt;or&gt;"'));
  }
});

Deno.test("maskedText() breaks long lines, and loses no character by it", () => {
  const shown = (text: string, columns: number) =>
    bundleOf(maskedText(text, { columns }))["text/plain"]!;
  assert.equal(shown("abcdef", 4), "abcd\nef");
  assert.equal(shown("abcd\nef", 4), "abcd↵\nef");
  const text = fc.string({ unit: fc.constantFrom("a", " ", "\n", "▒", "&"), maxLength: 30 });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 9 }), (text, columns) => {
      const lines = shown(text, columns).split("\n");
      assert.equal(lines.join("").replaceAll("↵", "\n"), text);
      for (const line of lines) assert.ok(line.replace("↵", "").length <= columns);
    }),
    { numRuns: 10 },
  );
});

Deno.test("maskedText() places every glyph by itself, spaces and masks too", () => {
  const svg = bundleOf(maskedText("a  ▒<"))["image/svg+xml"]!;
  assert.match(svg, /<text x="0 8 16 24 32" y="13">a\u00a0\u00a0\u00a0&lt;<\/text>/);
});

Deno.test("maskedText() draws a mask as a grey block", () => {
  const { at } = pixelsOf(bundleOf(maskedText("▒ ")));
  assert.deepEqual(at(8 + 4, 8 + 8), [0xc9, 0xce, 0xd6]);
  assert.deepEqual(at(8 + 12, 8 + 8), [255, 255, 255]);
});

Deno.test("maskedText() colours each character by its value, and NaN and masks not", () => {
  const { at } = pixelsOf(bundleOf(maskedText("   ▒", { values: [0, 1, NaN, 1] })));
  const [low, high, none, mask] = [0, 1, 2, 3].map((i) => at(8 + 8 * i + 4, 8 + 8));
  assert.deepEqual(none, [255, 255, 255]);
  assert.deepEqual(mask, [0xc9, 0xce, 0xd6]);
  assert.ok(low![0] > high![0] + 100, "from light yellow to blue");
});

Deno.test("maskedText() shows the same value in the same colour wherever the domain is given", () => {
  const color = (values: number[], domain?: [number, number]) =>
    pixelsOf(bundleOf(maskedText("  ", { values, ...(domain && { domain }) }))).at(12, 16);
  assert.deepEqual(color([5, 9], [0, 10]), color([5, 7], [0, 10]));
  assert.notDeepEqual(color([5, 9]), color([5, 7]), "else it ends at the largest value");
});

Deno.test("maskedText() has a legend if the values have a name", () => {
  const values = [0, 20, 40];
  const svg = bundleOf(maskedText("abc", { values, label: "step" }))["image/svg+xml"]!;
  assert.match(svg, />step<\/text>/);
  assert.match(svg, />40<\/text>/);
  assert.doesNotMatch(svg, /currentColor/);
});

Deno.test("maskedText() shows what cannot be seen, or what XML cannot hold, by signs for it", () => {
  const bundle = bundleOf(maskedText("a\u0000\ud800\t\x1b\r\ufeffb"));
  assert.match(bundle["image/svg+xml"]!, />a␀⍰⇥␛␍⍰b</);
  assert.equal(bundle["text/plain"], "a␀⍰⇥␛␍⍰b");
  assert.ok(pngOf(bundle).length > 0);
});

Deno.test("maskedText() has room for wide characters, and a place of its own for each", () => {
  const svg = bundleOf(maskedText("a漢🙂e\u0301▒"))["image/svg+xml"]!;
  const texts = [...svg.matchAll(/<text x="([^"]+)" y="13">([^<]+)</g)].map(([, x, t]) => [x, t]);
  assert.deepEqual(texts, [
    ["0 16", "a漢"],
    ["32", "🙂"],
    ["48", "e"],
    ["64", "◌\u0301"],
    ["80", "\u00a0"],
  ]);
  assert.match(svg, /M80 0h15.5v17/, "the mask is as wide");
});

Deno.test("maskedTextBlock() gives each character the room that other frames need", () => {
  assert.equal(maskedTextBlock("▒a").width, 16);
  assert.equal(maskedTextBlock("▒a", { room: widestColumns("a", "漢") }).width, 32);
});

Deno.test("maskedText() draws every character, whatever its script, and no empty boxes", () => {
  const drawn = (text: string) => bundleOf(maskedText(text))["image/png"]!;
  const missing = drawn("\u{10fffd}"); // private: no font has it, and it becomes ⍰
  assert.equal(missing, drawn("⍰"));
  const scripts = [..."漢かな한🙂😀␛␀⍽⍰⇥אעابहกж☃ﬁ✅❌❗⏰₿"];
  assert.equal(new Set(scripts.map(drawn)).size, scripts.length, "two look alike: boxes");
});

Deno.test("maskedText() says so where letters are read from right to left", () => {
  const note = />Right-to-left letters stand here from left to right, as the model reads them\.</;
  for (const text of ["עברית", "عربي"]) {
    assert.match(bundleOf(maskedText(text))["image/svg+xml"]!, note);
  }
  assert.doesNotMatch(bundleOf(maskedText("English, 漢字 and Русский"))["image/svg+xml"]!, note);
});

Deno.test("maskedText() throws if the values are not one a character", () => {
  assert.throws(() => maskedText("abc", { values: [1, 2] }), {
    name: "RangeError",
    message: "2 values were given for a text of 3 characters: give one number for each character.",
  });
});

Deno.test("maskedText() colours a value outside of the domain like the domain's end", () => {
  const ground = (value: number) => {
    const { "image/svg+xml": svg } = bundleOf(maskedText("a", { values: [value], domain: [0, 8] }));
    return svg!.match(/<path fill="([^"]+)"/)![1];
  };
  assert.equal(ground(100), ground(8));
  assert.equal(ground(-1), ground(0));
  assert.notEqual(ground(8), ground(0));
});
