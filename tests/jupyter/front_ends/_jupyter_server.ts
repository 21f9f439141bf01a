import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "dlm/jupyter/kernel/_ports.ts";
import { codeCells, parseNotebook, writeNotebook } from "dlm/jupyter/notebook.ts";
import { quickSource } from "dlm/jupyter/quick.ts";
import { denoDir } from "../../_support.ts";

const project = new URL("../../../", import.meta.url);

/** Whether Jupyter's server is on the PATH, and processes may be started. */
export async function hasJupyter(): Promise<boolean> {
  if ((await Deno.permissions.query({ name: "run" })).state !== "granted") return false;
  if (Deno.build.os === "windows") return false;
  const { success } = await new Deno.Command("sh", {
    args: ["-c", "command -v jupyter-lab && command -v jupyter-notebook"],
  }).output();
  return success;
}

/** A server over some notebooks of the course, in a folder in which nothing is trusted yet. */
export interface JupyterServer extends AsyncDisposable {
  /** Its address, without a slash at the end. */
  url: string;
}

/** Starts one, with the theme of that name, and waits until it answers. */
export async function startJupyter(
  folder: string,
  notebooks: readonly string[],
  theme: string,
): Promise<JupyterServer> {
  await copyCourse(folder, notebooks);
  await install(folder, theme);
  const [port] = freePorts(1);
  const server = new Deno.Command("jupyter-lab", {
    args: [
      "--no-browser",
      "--allow-root",
      `--port=${port}`,
      `--ServerApp.root_dir=${folder}/notebooks`,
    ]
      .concat("--IdentityProvider.token=", "--ServerApp.password=")
      .concat(["LabApp", "JupyterNotebookApp"].map((app) => `--${app}.expose_app_in_browser=True`)),
    env: {
      HOME: folder,
      JUPYTER_CONFIG_DIR: `${folder}/config`,
      JUPYTER_DATA_DIR: `${folder}/jupyter`,
      JUPYTERLAB_SETTINGS_DIR: `${folder}/settings`,
      DLM_PRESET: "smoke",
      DENO_DIR: await denoDir(),
    },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !await answers(`${url}/api`); tries++) {
    if (tries > 300) throw new Error("JupyterLab does not answer.");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.kill("SIGTERM"); // its kernels end with it
      await server.status;
    },
  };
}

/** The course as a reader has it, with notebooks that may be changed, and train for an instant. */
async function copyCourse(folder: string, notebooks: readonly string[]): Promise<void> {
  for (const part of ["lib", "data", "deno.json"]) {
    await Deno.symlink(fileURLToPath(new URL(part, project)), `${folder}/${part}`);
  }
  await Deno.mkdir(`${folder}/notebooks`);
  for (const name of notebooks) {
    const notebook = parseNotebook(
      await Deno.readTextFile(new URL(`notebooks/${name}`, project)),
      name,
    );
    for (const cell of codeCells(notebook)) cell.source = quickSource(cell);
    await writeNotebook(`${folder}/notebooks/${name}`, notebook);
  }
}

/** The kernel, and what readers would choose in the menu of settings. */
async function install(folder: string, theme: string): Promise<void> {
  const argv = [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"];
  const kernel = `${folder}/jupyter/kernels/deno`;
  await Deno.mkdir(kernel, { recursive: true });
  await Deno.writeTextFile(
    `${kernel}/kernel.json`,
    JSON.stringify({ argv, display_name: "Deno", language: "typescript" }),
  );
  const settings = {
    "apputils-extension/themes": { theme },
    "apputils-extension/notification": { fetchNews: "false" },
    "notebook-extension/tracker": { windowingMode: "none" }, // the page has all cells at once
  };
  for (const [plugin, values] of Object.entries(settings)) {
    const path = `${folder}/settings/@jupyterlab/${plugin}.jupyterlab-settings`;
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, JSON.stringify(values));
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
