import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What a project brings and its commands do not change. */
const BROUGHT = ["deno.json", "lib", "data/corpora.json", "data/models"];

/** The project again in a folder of its own, with nothing chosen and no runs: made of links. */
export async function inFreshProject(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/data`);
    for (const path of BROUGHT) await Deno.symlink(ROOT + path, `${folder}/${path}`);
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs a command of such a project, which reaches no site; its exit code and what it printed. */
export async function command(folder: string, name: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--quiet", "-A", "--deny-net", `lib/cli/${name}.ts`, ...args],
    cwd: folder,
    env: { NO_COLOR: "1", INIT_CWD: folder },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
  return { code, stdout: out!, stderr: err! };
}
