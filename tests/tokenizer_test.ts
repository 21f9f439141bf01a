import assert from "node:assert/strict";
import fc from "fast-check";
import { CharTokenizer } from "dlm/tokenizer.ts";

/** Texts of any code points, with the line ends and astral characters that go wrong. */
const texts = fc.array(
  fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\r\n", "\n", "🙂", "👩‍👩‍👧", "e\u0301", "▒"),
  ),
).map((parts) => parts.join(""));

Deno.test("encode() and decode() take any text there and back, one id a code point", () => {
  fc.assert(fc.property(texts, (text) => {
    const tokenizer = CharTokenizer.fromText(text);
    const ids = tokenizer.encode(text);
    assert.equal(tokenizer.decode(ids), text);
    assert.equal(ids.length, [...text].length);
    assert(ids.every((id) => id >= 0 && id < tokenizer.vocabularySize));
  }));
});

Deno.test("fromText() numbers the different characters in the order of their code points", () => {
  fc.assert(fc.property(texts, (text) => {
    const { characters, vocabularySize, maskId } = CharTokenizer.fromText(text);
    const codes = [...new Set(text)].map((c) => c.codePointAt(0)!);
    assert.deepEqual(
      characters,
      codes.sort((a, b) => a - b).map((code) => String.fromCodePoint(code)),
    );
    assert.equal(vocabularySize, codes.length);
    assert.equal(maskId, codes.length);
  }));
});

Deno.test("CRLF is two characters, and an emoji is one", () => {
  const tokenizer = CharTokenizer.fromText("🙂\r\na");
  assert.deepEqual(tokenizer.characters, ["\n", "\r", "a", "🙂"]);
  assert.deepEqual(tokenizer.encode("a\r\n🙂"), Int32Array.of(2, 1, 0, 3));
});

Deno.test("a tokenizer made of another's characters has the same ids", () => {
  fc.assert(fc.property(texts, (text) => {
    const tokenizer = CharTokenizer.fromText(text);
    const twin = new CharTokenizer(tokenizer.characters);
    assert.deepEqual(twin.encode(text), tokenizer.encode(text));
  }));
});

Deno.test("decode() shows a mask as ▒, or as asked", () => {
  const tokenizer = CharTokenizer.fromText("be horse");
  const ids = tokenizer.encode("horse");
  ids[0] = tokenizer.maskId;
  assert.equal(tokenizer.decode(ids), "▒orse");
  assert.equal(tokenizer.decode(ids, { mask: "_" }), "_orse");
});

Deno.test("encode() throws if a character is unknown, and says which and where", () => {
  const tokenizer = CharTokenizer.fromText("abc🙂\r\n");
  const cases: [text: string, named: string][] = [
    ["x", `"x" (U+0078) at line 1, column 1`],
    ["ab\nc\n🙂🙂é", `"é" (U+00E9) at line 3, column 3`],
    ["ab\r\na😀b", `"😀" (U+1F600) at line 2, column 2`],
    ["a\n\n\tb", `"\\t" (U+0009) at line 3, column 1`],
  ];
  for (const [text, named] of cases) {
    assert.throws(() => tokenizer.encode(text), (error) => {
      assert(error instanceof RangeError);
      assert(error.message.startsWith(`The character ${named} is not one of`));
      return true;
    });
  }
});

Deno.test("encode() counts lines in the file, whatever ends them and stands before the text", () => {
  const tokenizer = CharTokenizer.fromText("ab\r\n");
  for (
    const [after, text, place] of [
      ["a\nb\na", "b\nabx", "line 4, column 3"],
      ["a\nb\na", "bx", "line 3, column 3"],
      ["a\rb\r", "a\rx", "line 4, column 1"],
      ["a\r\n", "b\r\nax", "line 3, column 2"],
    ] as const
  ) {
    assert.throws(() => tokenizer.encode(text, { after }), (error: Error) => {
      assert(error.message.includes(`"x" (U+0078) at ${place} `), error.message);
      return true;
    });
  }
});

Deno.test("encode() throws if a character is unknown, and offers the nearest", () => {
  const tokenizer = CharTokenizer.fromText("abcesxyz SE'-.,?!3\n🙂");
  const cases: [character: string, offered: string][] = [
    ["é", `write "e" or "E" instead`], // without its mark, the nearer code point first
    ["B", `write "b" instead`],
    ["ß", `write "s" or "S" instead`],
    ["“", `write "'" instead`],
    ["—", `write "-" instead`],
    ["…", `write "." instead`],
    ["[", `write "?" or "." or "-" instead`],
    ["7", `write "3" instead`],
    ["\t", `write "\\n" or " " instead`],
    ["w", `write "x" or "y" or "z" instead`],
  ];
  for (const [character, offered] of cases) {
    assert.throws(() => tokenizer.encode(character), (error: Error) => {
      assert(error.message.includes(offered), error.message);
      return true;
    });
  }
  assert.throws(() => CharTokenizer.fromText("7").encode("a"), /vocabulary's 1: leave it out/);
});

Deno.test("decode() throws if an id is no token's", () => {
  const tokenizer = CharTokenizer.fromText("abc");
  for (const id of [-1, 4, 0.5]) {
    assert.throws(() => tokenizer.decode([0, id]), {
      name: "RangeError",
      message: `${id} is not a token id: characters are 0 to 2, and 3 is the mask.`,
    });
  }
});

Deno.test("CharTokenizer throws if the vocabulary has no single characters, or one twice", () => {
  const cases: [characters: string[], message: RegExp][] = [
    [["a", ""], /single characters, not ""/],
    [["a", "bc"], /single characters, not "bc"/],
    [["e\u0301"], /single characters/],
    [["a", "<mask>"], /single characters, not "<mask>"/],
    [["a", "b", "a"], /"a" stands twice/],
  ];
  for (const [characters, message] of cases) {
    assert.throws(() => new CharTokenizer(characters), {
      name: "RangeError",
      message,
    });
  }
});
