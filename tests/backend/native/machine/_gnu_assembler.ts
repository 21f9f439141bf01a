/** Whether the real assembler is here, and may be run: under `deno test -A`, with binutils. */
export const hasAssembler = await (async () => {
  if (Deno.build.arch !== "x86_64") return false; // there it knows other instructions
  for (const name of ["run", "read", "write"] as const) {
    if ((await Deno.permissions.query({ name })).state !== "granted") return false;
  }
  try {
    return (await run("as", "--version")).includes("GNU assembler") && !!await run("objcopy", "-V");
  } catch {
    return false;
  }
})();

/** What GNU as makes of instructions in Intel's syntax: the bytes of each, as hexadecimal digits. */
export async function assembleEach(instructions: readonly string[]): Promise<string[]> {
  const lines = instructions.map((instruction) =>
    `1: ${instruction}\n2: .pushsection .sizes\n.byte 2b - 1b\n.popsection`
  );
  const { text, sizes } = await assemble(`.section .sizes\n.text\n${lines.join("\n")}`);
  let end = 0;
  return Array.from(sizes, (size) => text.subarray(end, end += size).toHex());
}

/** What GNU as makes of a program. */
export async function assembleProgram(program: string): Promise<string> {
  return (await assemble(`.section .sizes\n.byte 0\n.text\n${program}`)).text.toHex();
}

async function assemble(program: string) {
  const folder = await Deno.makeTempDir();
  try {
    const path = (name: string) => `${folder}/${name}`;
    await Deno.writeTextFile(path("program.s"), `.intel_syntax noprefix\n${program}\n`);
    await run("as", "-o", path("object"), path("program.s"));
    const section = async (name: string) => {
      await run("objcopy", "-O", "binary", "-j", name, path("object"), path("section"));
      return await Deno.readFile(path("section"));
    };
    // A section that is not loaded comes out empty, so this one is said to be.
    await run("objcopy", "--set-section-flags", ".sizes=alloc,load", path("object"));
    return { text: await section(".text"), sizes: await section(".sizes") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(command: string, ...args: string[]): Promise<string> {
  const output = await new Deno.Command(command, { args }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!output.success) throw new Error(`${command}: ${text(output.stderr).slice(0, 1000)}`);
  return text(output.stdout);
}
