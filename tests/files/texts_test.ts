import assert from "node:assert/strict";
import { basename } from "node:path";
import { loadText, TEXT_NAMES } from "dlm/files/texts.ts";

const withoutDisk = (await Deno.permissions.query({ name: "write" })).state !== "granted";

Deno.test({
  name: "loadText() reads any UTF-8 text, and says in a sentence what is none",
  ignore: withoutDisk,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const texts = { [`${folder}/a.txt`]: "To be,\r\nor not 🙂", [`${folder}/empty.txt`]: "" };
      for (const [name, text] of Object.entries(texts)) {
        await Deno.writeTextFile(name, text);
        assert.deepEqual(await loadText(name), { name: basename(name), text });
      }
      await Deno.writeFile(`${folder}/latin1.txt`, Uint8Array.of(0x62, 0xe9));
      const cases: [path: string, message: RegExp][] = [
        [
          `${folder}/missing.txt`,
          /^There is no file .+missing.txt.+ a corpus \(tinyshakespeare, moby-dick\)\.$/,
        ],
        [`${folder}/latin1.txt`, /is not UTF-8 text/],
        [folder, /is a folder/],
      ];
      for (const [path, message] of cases) {
        await assert.rejects(loadText(path), { name: "RangeError", message });
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "loadText() knows Moby-Dick by name, without any notice",
  ignore: withoutDisk,
  async fn() {
    const { name, text } = await loadText("moby-dick", { onNotice: assert.fail });
    assert.equal(name, "moby-dick");
    assert.match(text, /^Call me Ishmael\./m);
    assert(TEXT_NAMES.includes(name));
  },
});
