/** Damages safetensors files at random and watches what reading them does: `deno task fuzz --help`. */
import { anyWholeNumber, runCommand, wholeNumber } from "dlm/cli/_command.ts";
import assert from "node:assert/strict";
import { SingleBar } from "cli-progress";
import { Command } from "commander";
import { Rng } from "dlm/rng.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  type SafetensorsContent,
  SafetensorsError,
  type SafetensorsErrorCode,
  type StoredTensor,
} from "dlm/files/safetensors.ts";

const command = new Command("fuzz")
  .description(
    "Reads damaged safetensors files: each must give a SafetensorsError, or tensors that can be " +
      "written and read again, and take no memory out of proportion to its size.",
  )
  .option("--count <N>", "how many files", wholeNumber(1), 100_000)
  .option("--seed <N>", "another seed, other files", anyWholeNumber, 1)
  .option("--first <N>", "start at this file of the seed", wholeNumber(0), 0)
  .action(({ count, seed, first }) => {
    const bar = new SingleBar({ format: "{bar} {value}/{total} files | {eta_formatted} left" });
    const seen: Record<string, number> = {};
    let slowest = 0;
    bar.start(count, 0);
    for (let i = 0; i < count; i++) {
      if (i % 250 === 0) bar.update(i); // before the files, so that a hang shows where it is
      const file = damagedFile(new Rng(seed).stream(first + i));
      const start = performance.now();
      const outcome = read(file, `deno task fuzz --seed ${seed} --first ${first + i} --count 1`);
      slowest = Math.max(slowest, performance.now() - start);
      seen[outcome] = (seen[outcome] ?? 0) + 1;
    }
    bar.update(count);
    bar.stop();
    console.table(Object.fromEntries(Object.entries(seen).sort(([, a], [, b]) => b - a)));
    console.log(`${count} files, nothing wrong; the slowest took ${slowest.toFixed(0)} ms.`);
  });

/** Reads one file; an error that is not the file's says how to meet it again. */
function read(file: Uint8Array, again: string): SafetensorsErrorCode | "valid" {
  try {
    const result = decodeWithinBounds(file);
    if (result instanceof SafetensorsError) return result.code;
    const sizes = Object.values(result.tensors).map(({ data }) => data.byteLength);
    const header = new DataView(file.buffer).getUint32(0, true);
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 8 + header),
      file.length,
      "every byte once",
    );
    const rewritten = encodeSafetensors(result.tensors, result.metadata);
    assert.deepEqual(decodeSafetensors(rewritten), result);
    return "valid";
  } catch (cause) {
    throw new Error(`A file of ${file.length} bytes was read wrongly (${cause}): ${again}`, {
      cause,
    });
  }
}

/** Parsed JSON takes many times the memory of its text, but no megabytes for a hundred bytes. */
function decodeWithinBounds(file: Uint8Array): SafetensorsContent | SafetensorsError {
  const before = allocated();
  try {
    return decodeSafetensors(file);
  } catch (error) {
    if (error instanceof SafetensorsError) return error;
    throw error;
  } finally {
    const taken = allocated() - before;
    assert.ok(taken < 2e6 + 200 * file.length, `it took ${taken} bytes of memory`);
  }
}

function allocated(): number {
  const { heapUsed, external } = Deno.memoryUsage(); // external: the buffers of typed arrays
  return heapUsed + external;
}

function damagedFile(rng: Rng): Uint8Array {
  let file = validFile(rng);
  for (let times = 1 + rng.integer(3); times > 0; times--) {
    const damage = pick(rng, rng.integer(3) === 0 ? BYTE_DAMAGE : HEADER_DAMAGE);
    file = damage(file, rng);
  }
  return file;
}

function validFile(rng: Rng): Uint8Array {
  const tensors: Record<string, StoredTensor> = {};
  for (let n = rng.integer(5); n > 0; n--) {
    const shape = Array.from({ length: rng.integer(4) }, () => rng.integer(4));
    const length = shape.reduce((product, size) => product * size, 1);
    const numbers = Array.from({ length }, () => rng.normal());
    const data = rng.integer(2) === 0 ? new Float32Array(numbers) : new Float16Array(numbers);
    tensors[pick(rng, ["a", "b", "é", '"', "embedding.weight"])] = { shape, data };
  }
  return encodeSafetensors(
    tensors,
    pick<Record<string, string>>(rng, [{}, { step: "400", note: "{}" }]),
  );
}

type Damage = (file: Uint8Array, rng: Rng) => Uint8Array;

/** What a bad disk or a broken download does: bytes change, vanish, come twice, end early. */
const BYTE_DAMAGE: Damage[] = [
  (file, rng) => splice(file, place(file, rng), 1, [rng.integer(256)]),
  (file, rng) => file.map((byte) => rng.integer(50) === 0 ? byte ^ (1 << rng.integer(8)) : byte),
  (file, rng) => splice(file, place(file, rng), rng.integer(9), []),
  (file, rng) => splice(file, place(file, rng), 0, file.subarray(place(file, rng))),
  (file, rng) => splice(file, file.length, 0, new Uint8Array(rng.integer(9))),
  (file, rng) => file.slice(0, place(file, rng)),
];

/** What a wrong or hostile program writes: a header that nearly parses, or parses and lies. */
const HEADER_DAMAGE: Damage[] = [
  replaceOne(/\d+/g, (_, rng) => pick(rng, NUMBERS)),
  replaceOne(/"[^"]*"/g, (_, rng) => pick(rng, STRINGS)),
  replaceOne(/\[[^\]]*\]|\{[^{}]*\}/g, (_, rng) => pick(rng, VALUES)),
  replaceOne(/"[^"]*":("[^"]*"|\[[^\]]*\]|\{[^{}]*\})/g, (member) => `${member},${member}`),
  replaceOne(/\d+,\d+(?=\]\})/g, (offsets, rng) => {
    const shift = pick(rng, [-4, -2, 2, 4]);
    return offsets.replace(/\d+/g, (offset) => `${Number(offset) + shift}`);
  }),
  replaceOne(/[^]/gu, (_, rng) => pick(rng, [...NUMBERS, ...STRINGS, ...VALUES, ...'[]{}:," '])),
];

const NUMBERS = ["0", "-0", "1", "2", "4", "8", "-1", "0.5", "1e999"]
  .concat([2 ** 28, 2 ** 31, 2 ** 52, 2 ** 53].map(String));
const STRINGS = ["F32", "F16", "BF16", "__metadata__", "__proto__", "\\ud83d", "a", "\\u0061", ""]
  .map((text) => `"${text}"`);
const VALUES = [
  ...["null", "true", "[]", "{}", "[1,1]", "[0,4]"],
  "[".repeat(20_000) + "]".repeat(20_000),
  '{"":'.repeat(20_000) + "0" + "}".repeat(20_000),
  `[${"1,".repeat(20_000)}1]`,
];

/** Replaces one match in the header, and states the new length, so that the lie itself is met. */
function replaceOne(pattern: RegExp, replace: (match: string, rng: Rng) => string): Damage {
  return (file, rng) => {
    if (file.length < 8) return file;
    const stated = new DataView(file.buffer).getBigUint64(0, true);
    const end = stated < file.length - 8 ? 8 + Number(stated) : file.length;
    const header = new TextDecoder().decode(file.subarray(8, end));
    const matches = [...header.matchAll(pattern)];
    if (matches.length === 0) return file;
    const { 0: match, index } = pick(rng, matches);
    const after = header.slice(index + match.length);
    const edited = new TextEncoder().encode(header.slice(0, index) + replace(match, rng) + after);
    const result = splice(file, 8, end - 8, edited);
    new DataView(result.buffer).setBigUint64(0, BigInt(edited.length), true);
    return result;
  };
}

function splice(file: Uint8Array, at: number, removed: number, inserted: ArrayLike<number>) {
  const tail = file.subarray(at + removed);
  const result = new Uint8Array(at + inserted.length + tail.length);
  result.set(file.subarray(0, at));
  result.set(inserted, at);
  result.set(tail, at + inserted.length);
  return result;
}

/** A place in a list, its end included. */
function place(list: ArrayLike<unknown>, rng: Rng): number {
  return rng.integer(list.length + 1);
}

function pick<T>(rng: Rng, choices: readonly T[]): T {
  return choices[rng.integer(choices.length)]!;
}

if (import.meta.main) await runCommand(command);
