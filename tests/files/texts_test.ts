import assert from "node:assert/strict";
import { encode } from "fast-png";
import { basename } from "node:path";
import { loadText, TEXT_NAMES } from "dlm/files/texts.ts";
import { inFolder } from "../_support.ts";

// These write files and start processes, so they run under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "run" })).state !== "granted";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Text in UTF-16, as Windows calls it Unicode. */
function utf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), littleEndian);
  return new Uint8Array(view.buffer);
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

const LINE = "Ah, Müller! Nächste Straße, zweites Haus – früh um 7.\n";
const MARK = "\ufeff";

/** Files that are read as they are, and what is said of them. */
const TEXTS: [what: string, text: string, said?: RegExp][] = [
  ["nothing", ""],
  ["one character", "a"],
  ["letters with marks", LINE],
  ["combining marks", "e\u0301 n\u0303\n"],
  ["emoji", "🙂 👩‍👩‍👧 🇨🇭\n"],
  ["Chinese", "道可道，非常道。\n"],
  ["Arabic", "كان يا ما كان\n"],
  ["Hebrew", "בראשית ברא\n"],
  ["no line end", "all in one line"],
  ["tabs", "a\tb\n"],
  ["a character beyond all planes but one", "\u{10fffd}\n"],
  ["XML", "<?xml version='1.0'?><a/>\n"],
  ["words that begin like a picture", "BM is short for benchmark.\n"],
  ["words that begin like a program", "MZ was a programmer.\n"],
  ["CR LF", "a\r\nb\r\n", /has 2 × CR LF at a line's end: kept as they are/],
  ["CR alone", "a\rb\r", /has 2 × CR without LF:/],
  ["NUL", `${LINE}\0`, /has 1 × NUL \(U\+0000\):/],
  ["ESC", `${LINE}\x1b[31m red`, /has 1 × ESC \(U\+001B\):/],
  ["another control", `${LINE}\x07`, /has 1 × a control character \(U\+0007\):/],
  ["a control of Latin-1", `${LINE}\x85`, /has 1 × a control character \(U\+0085\):/],
  ["a mark inside", `${LINE}${MARK}${LINE}`, /has 1 × a byte order mark inside \(U\+FEFF\):/],
  ["lost characters", "Stra\ufffde", /has 1 × a character lost in an earlier conversion/],
  ["several of these", `\x1b[1m${LINE}\r\n\r\n`, /has 1 × ESC \(U\+001B\), 2 × CR LF/],
];

/** Files that are no UTF-8 text, and what they are said to be. */
const OTHERS: [what: string, bytes: Uint8Array, said: RegExp][] = [
  ["UTF-16", utf16(MARK + LINE, true), / is UTF-16 text: save it as UTF-8 text first\.$/],
  ["UTF-16, the other way round", utf16(MARK + LINE, false), / is UTF-16 text:/],
  [
    "UTF-16 without a mark",
    utf16("plain English", true),
    /is 50 % control characters, like UTF-16/,
  ],
  ["… the other way round", utf16("plain English", false), /like UTF-16 text without a byte order/],
  ["Russian in UTF-16 without a mark", utf16("Все счастливые семьи", true), /like UTF-16/],
  ["UTF-32", Uint8Array.of(0xff, 0xfe, 0, 0, 65, 0, 0, 0), / is UTF-32 text:/],
  ["Latin-1", Uint8Array.of(0x63, 0x61, 0x66, 0xe9), /not UTF-8 text, but perhaps Latin-1/],
  ["a character cut in two", utf8("🙂").subarray(0, 3), /not UTF-8 text/],
  ["gzip", await gzip(utf8(LINE)), / kind gz \(application\/gzip\), not text: save it as UTF-8/],
  ["PDF", utf8("%PDF-1.7\n1 0 obj\n"), / kind pdf /],
  ["RTF", utf8("{\\rtf1\\ansi hello}"), / kind rtf /],
  ["PNG", encode({ width: 1, height: 1, data: new Uint8Array(4) }), / kind png /],
  [
    "zip",
    Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 0xff, 0xfe, ...new Array(40).fill(0)),
    / kind zip/,
  ],
  ["a document of Word", await docx(), / kind docx /],
];

/** As much of a Word file as tells it from other zip files. */
async function docx(): Promise<Uint8Array> {
  const name = "word/document.xml";
  const data = new Uint8Array(
    await new Response(
      new Blob(["<w:document/>"]).stream().pipeThrough(new CompressionStream("deflate-raw")),
    ).arrayBuffer(),
  );
  const header = new DataView(new ArrayBuffer(30));
  header.setUint32(0, 0x04034b50, true);
  header.setUint16(8, 8, true);
  header.setUint32(18, data.length, true);
  header.setUint32(22, 13, true);
  header.setUint16(26, name.length, true);
  return Uint8Array.from([...new Uint8Array(header.buffer), ...utf8(name), ...data, 0xff]);
}

Deno.test("loadText() reads text as it is, and says what no editor shows of it", {
  ignore,
}, async (t) => {
  for (const [what, text, said] of TEXTS) {
    await t.step(what, () =>
      inFolder(async (folder) => {
        const path = `${folder}/a.txt`;
        await Deno.writeTextFile(path, text);
        const notices: string[] = [];
        const onNotice = (sentence: string) => void notices.push(sentence);
        for (let time = 0; time < 2; time++) {
          assert.deepEqual(await loadText(path, { onNotice }), { name: basename(path), text });
        }
        assert.equal(notices.length, said ? 1 : 0, notices.join());
        if (said) assert.match(notices[0]!, said);
      }));
  }
});

Deno.test(
  "loadText() leaves out a byte order mark at the beginning",
  { ignore },
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/a.txt`, MARK + LINE);
      const { text } = await loadText(`${folder}/a.txt`, { onNotice: assert.fail });
      assert.equal(text, LINE);
    }),
);

Deno.test("loadText() says in a sentence what is no text", { ignore }, async (t) => {
  for (const [what, bytes, said] of OTHERS) {
    await t.step(what, () =>
      inFolder(async (folder) => {
        const path = `${folder}/a file`;
        await Deno.writeFile(path, bytes);
        await assert.rejects(loadText(path), (error: Error) => {
          assert.equal(error.name, "RangeError");
          assert.match(error.message, said);
          assert.match(error.message, /^[^\n]+ save it as UTF-8 text first\.$/);
          return true;
        });
      }));
  }
});

Deno.test("loadText() says in a sentence what is no file to read", {
  ignore: ignore || Deno.build.os === "windows",
}, () =>
  inFolder(async (folder) => {
    await Deno.symlink(`${folder}/loop`, `${folder}/loop`);
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    await Deno.writeTextFile(`${folder}/huge.txt`, "a");
    await Deno.truncate(`${folder}/huge.txt`, 600_000_000); // takes no room, and is all zeros
    const cases: [path: string, said: RegExp][] = [
      [
        `${folder}/missing.txt`,
        /^There is no file .+missing.txt.+ a corpus \(tinyshakespeare, moby-dick\)\.$/,
      ],
      [folder, / is a folder: give the path of a text file in it\.$/],
      [`${folder}/pipe`, / is a device or a pipe: /],
      ["/dev/zero", / is a device or a pipe: /],
      [`${folder}/loop`, / cannot be read \(.+\): /],
      [`${folder}/huge.txt/`, / cannot be read \(.+\): /],
      [`${folder}/${"long".repeat(99)}`, / cannot be read \(.+\): /],
      [
        `${folder}/huge.txt`,
        / has 600\.0 MB, and a text file may have 536\.9 MB: give a smaller one\.$/,
      ],
    ];
    for (const [path, message] of cases) {
      await assert.rejects(loadText(path), { name: "RangeError", message });
    }
  }));

Deno.test("loadText() knows Moby-Dick by name, without any notice", { ignore }, async () => {
  const { name, text } = await loadText("moby-dick", { onNotice: assert.fail });
  assert.equal(name, "moby-dick");
  assert.match(text, /^Call me Ishmael\./m);
  assert(TEXT_NAMES.includes(name));
});
