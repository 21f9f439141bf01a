import { path, runCommand } from "dlm/cli/_command.ts";
import { Command } from "commander";
import { loadCorpus } from "dlm/corpus.ts";
import { chooseText } from "dlm/course/choose_text.ts";
import { writeChoice } from "dlm/files/choice.ts";
import { TEXT_NAMES } from "dlm/files/texts.ts";
import { findModel } from "dlm/training/known_models.ts";

const command = new Command("text")
  .description("Chooses the text that all notebooks and commands work with, or tells which it is.")
  .argument("[name|file]", `${TEXT_NAMES.join(", ")}, or any UTF-8 text file`, path)
  .option("--model <name|file>", "a model that learned from it (default: one that is found)", path)
  .option("--forget", "go back to tiny Shakespeare")
  .option("--json", "print the result as one line of JSON")
  .action(async (text, { model, forget, json }) => {
    if (forget) await writeChoice({});
    const sentence = await chooseText(text, model);
    if (!json) return console.log(sentence);
    const { name, sha256, train, validation } = await loadCorpus();
    const found = await findModel(sha256, { prefer: "best" });
    const characters = train.length + validation.length;
    console.log(JSON.stringify({ name, sha256, characters, model: found?.name ?? null }));
  });

await runCommand(command);
