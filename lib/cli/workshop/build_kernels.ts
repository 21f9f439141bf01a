/**
 * Compiles the AssemblyScript in `lib/backend/kernels/assembly` to the two WebAssembly files
 * that stand beside it and are committed, so that nobody needs a compiler to use them.
 * With `--check` nothing is written: it fails if a committed file is not, byte for byte, what
 * the source compiles to.
 */
import { main as compile } from "assemblyscript/asc";
import { Command } from "commander";
import { Buffer } from "node:buffer";
import { writeFileAtomic } from "dlm/files/atomic.ts";

const FOLDER = new URL("../../backend/kernels/", import.meta.url);

/** The file each build makes and the WebAssembly features it may use. */
const BUILDS = {
  "relaxed_simd.wasm": "simd,relaxed-simd",
  "simd.wasm": "simd",
};

const options = new Command("kernels")
  .description("Compiles the WebAssembly kernels.")
  .option("--check", "only compare with the committed files")
  .parse(Deno.args, { from: "user" })
  .opts();

for (const [file, features] of Object.entries(BUILDS)) {
  const built = await build(features);
  const address = new URL(file, FOLDER);
  if (!options.check) {
    await writeFileAtomic(address, built);
    console.log(`${file}: ${built.length} bytes`);
  } else if (!Buffer.from(built).equals(await Deno.readFile(address))) {
    console.error(
      `${file} is not what its source compiles to: run \`deno task kernels\` and commit it.`,
    );
    Deno.exitCode = 1;
  }
}

/** The compiled module. */
async function build(features: string): Promise<Uint8Array> {
  let module = new Uint8Array();
  const { error, stderr } = await compile([
    "assembly/index.ts",
    "--outFile=module.wasm",
    `--enable=${features}`,
    // The kernels live in the memory of the tfjs backend and own none of it.
    "--importMemory",
    "--noExportMemory",
    "--initialMemory=1",
    "--runtime=stub",
    // Higher levels reorder the loads of a loop until V8 runs out of registers for it.
    "-O1",
  ], {
    readFile: readSource,
    writeFile: (_name, bytes) => void (module = Uint8Array.from(Buffer.from(bytes))),
    listFiles: () => [],
  });
  if (error) {
    throw new Error(`The kernels do not compile: ${stderr.toString()}`);
  }
  return module;
}

/**
 * A source file as asc wants it: it adds the `.ts` to imports by itself, and its decorators,
 * which Deno's formatter would drop, stand at the end of a function's comment. Loops under the
 * comment `@unroll` are written out, which no compiler does by itself here.
 */
async function readSource(name: string): Promise<string | null> {
  const source = await Deno.readTextFile(new URL(name, FOLDER)).catch(() => null);
  return source && source
    .replaceAll(/^(import|export) (.* from ".*)\.ts";$/gm, '$1 $2";')
    .replaceAll(" @inline */\n", " */\n@inline\n")
    .replaceAll(
      /^( *)\/\/ @unroll\n *for \(let (\w+) = 0; \2 < (\w+); \2\+\+\) (\{\n.*?\n\1\})$/gms,
      (_, _indent, variable, count, body) => {
        const [, times] = source.match(RegExp(`^const ${count}: i32 = (\\d+);`, "m"))!;
        const rounds = Array.from({ length: Number(times) }, (_, i) => String(i));
        return rounds.map((i) => body.replaceAll(RegExp(`\\b${variable}\\b`, "g"), i)).join("\n");
      },
    );
}
