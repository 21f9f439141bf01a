// An error on its way from one thread to another, where only its name and its message arrive.

/** What is left of an error on its way. */
export interface PackedError {
  name: string;
  message: string;
}

/** Packs what was thrown; that memory ran out is told as a sentence, as everywhere. */
export function packError(thrown: unknown): PackedError {
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (isOutOfMemory(name, message)) return { name: "RangeError", message: NO_MEMORY };
  return { name, message };
}

const NO_MEMORY = "There is not enough memory for so much at once: " +
  "take smaller batches, shorter texts, fewer Workers or a smaller model.";

/** Whether V8 had no memory for an array, or for a copy to another thread. */
function isOutOfMemory(name: string, message: string): boolean {
  return name === "RangeError" && /Array buffer allocation failed/.test(message) ||
    name === "DataCloneError" && /out of memory/.test(message);
}

/** An error that came from elsewhere, of the type that it had: bad input stays bad input. */
export function unpackError({ name, message }: PackedError): Error {
  if (name === "RangeError") return new RangeError(message);
  if (name === "TypeError") return new TypeError(message);
  return Object.assign(new Error(message), { name });
}
