import assert from "node:assert/strict";
import { untrainedModel } from "dlm/course/models/untrained_model.ts";
import { assertNoLeak, inFolder } from "../../_support.ts";

// The text is read from a file, so this runs under `deno test -A` only.
const ignore = (await Deno.permissions.query({ name: "write" })).state !== "granted";

Deno.test(
  "untrainedModel() begins anew each time, and keeps one in memory",
  { ignore },
  async () => {
    await inFolder(async (folder) => {
      const source = `${folder}/rhyme.txt`;
      await Deno.writeTextFile(source, "one for sorrow, two for joy\n".repeat(20));
      const { model, start, corpus } = await untrainedModel({ source });
      assert.equal(model.vocabularySize, corpus.tokenizer.vocabularySize);
      const name = "blocks.0.mlp.up";
      const first = await model.parameters[name]!.data();
      assert.deepEqual(start[name], first);
      await assertNoLeak(async () => {
        const again = await untrainedModel({ source });
        assert.deepEqual(await again.model.parameters[name]!.data(), first);
        const other = await untrainedModel({ source, seed: 2 });
        assert.notDeepEqual(await other.model.parameters[name]!.data(), first);
      });
    });
  },
);
