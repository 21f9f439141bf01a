/** Folds a kernel's messages into the outputs of a cell. */
import type { Message } from "dlm/jupyter/kernel/_wire.ts";
import type {
  DisplayOutput,
  MimeBundle,
  Output,
  ResultOutput,
  StreamOutput,
} from "dlm/jupyter/notebook.ts";

/** All outputs shown under a display id, which any later cell may update. */
export type Displays = Map<string, (DisplayOutput | ResultOutput)[]>;

interface DisplayContent {
  data: MimeBundle;
  metadata?: MimeBundle;
  transient?: { display_id?: string };
}

/** Returns a function that folds messages into `outputs`; what is no output changes nothing. */
export function createFolder(outputs: Output[], displays: Displays): (message: Message) => void {
  let clearBeforeNext = false;

  function append(output: Output): void {
    if (clearBeforeNext) outputs.length = 0;
    clearBeforeNext = false;
    outputs.push(output);
  }

  function print({ name, text }: Pick<StreamOutput, "name" | "text">): void {
    const last = clearBeforeNext ? undefined : outputs.at(-1);
    if (last?.output_type === "stream" && last.name === name) last.text += text;
    else append({ output_type: "stream", name, text });
  }

  function show(output: DisplayOutput | ResultOutput, id: string | undefined): void {
    append(output);
    if (id !== undefined) displays.set(id, [...displays.get(id) ?? [], output]);
  }

  return ({ type, content }) => {
    // The kernel has signed the message, and the protocol gives these shapes to the types.
    const { data, metadata = {}, transient } = content as unknown as DisplayContent;
    const id = transient?.display_id;
    switch (type) {
      case "stream":
        return print(content as unknown as StreamOutput);
      case "display_data":
        return show({ output_type: type, data, metadata }, id);
      case "execute_result":
        return show({
          output_type: type,
          data,
          metadata,
          execution_count: content.execution_count as number,
        }, id);
      case "update_display_data":
        return displays.get(id ?? "")?.forEach((output) =>
          Object.assign(output, { data, metadata })
        );
      case "clear_output":
        if (content.wait) clearBeforeNext = true;
        else outputs.length = 0;
    }
  };
}
