import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { codeCell, writeNotebook } from "dlm/jupyter/notebook.ts";
import { CHROMIUM_FLAGS, findChromium } from "../../_chromium.ts";
import { inFolder } from "../../_support.ts";
import { hasJupyter, startJupyter } from "./_jupyter_server.ts";
import { createNotebook, markdownCell } from "../_notebooks.ts";

const chromium = await findChromium();
const ready = chromium !== undefined && await hasJupyter();
const needs = ready ? "" : " (needs Chromium and JupyterLab)";

/** Where pictures of the pages are kept, to be looked at. */
const PICTURES = fileURLToPath(new URL("../../../build/front_ends/", import.meta.url));

const NOTEBOOKS = ["00_whole_idea.ipynb", "05_training.ipynb", "06_sampling.ipynb"];

/** The front ends that one server has, and the addresses at which they open a notebook. */
const FRONT_ENDS = { JupyterLab: "/lab/tree/", "Notebook 7": "/notebooks/" };

/** Opens a notebook; `troubles` are the errors of its console. */
async function open(browser: Browser, address: string) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1300, height: 1000 });
  const troubles = new Set<string>();
  page.on("console", (message) => {
    if (message.type() === "error") troubles.add(message.text());
  });
  page.on("pageerror", (error) => troubles.add(String(error)));
  await page.goto(address);
  await page.waitForSelector(".jp-Notebook .jp-Cell");
  await pause(3000); // until the front end has written what it wants to write
  return { page, troubles };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const isDirty = (page: Page) =>
  page.evaluate(`document.querySelector(".jp-mod-dirty") !== null`) as Promise<boolean>;

/** The widths of the pictures that stand in the place of a cell's outputs, in CSS pixels. */
const widths = (page: Page) =>
  page.evaluate(
    `[...document.querySelectorAll(".jp-OutputArea img")].map((image) => image.width)`,
  ) as Promise<number[]>;

/** What charts that have just been run say to those who do not see them. */
const alternatives = (page: Page) =>
  page.evaluate(
    `[...document.querySelectorAll(".jp-OutputArea img[src^='data:image/svg']")].map(({ alt }) => alt)`,
  ) as Promise<string[]>;

/** How many outputs with pictures have to be scrolled sideways. */
const countTooWide = (page: Page) =>
  page.evaluate(
    `[...document.querySelectorAll(".jp-OutputArea-output:has(img)")]
      .filter((output) => output.scrollWidth > output.clientWidth).length`,
  ) as Promise<number>;

const countCells = (page: Page) =>
  page.evaluate(`document.querySelectorAll(".jp-Notebook .jp-Cell").length`) as Promise<number>;

/** What can be seen of the first player. */
const player = (page: Page) =>
  page.evaluate(`(() => {
    const root = document.querySelector("details").parentNode;
    const seen = (selector) =>
      [...root.querySelectorAll(selector)].filter((element) => element.checkVisibility());
    return {
      sentences: seen("p:not(:has(button))").length,
      controls: seen("button, input").length,
      texts: seen("figure > pre").map(({ textContent }) => textContent),
      frame: Number(root.querySelector("input")?.value),
    };
  })()`) as Promise<{ sentences: number; controls: number; texts: string[]; frame: number }>;

/**
 * Runs the code cell whose source has such a text, to its end, as its button does. Before the kernel
 * is there, a front end runs nothing; and the kernel may say that a cell is over before it shows the
 * last of it, which the front end then does not hear, or keep that word to itself until it is asked
 * for more: so a cell without an output is run again.
 */
async function run(page: Page, source: string): Promise<void> {
  const shown = await page.evaluate(`(async () => {
    const { commands, shell } = globalThis.jupyterapp;
    const notebook = shell.currentWidget.content;
    const place = notebook.widgets.findIndex(({ model }) =>
      model.type === "code" && model.sharedModel.source.includes("${source}"));
    notebook.activeCellIndex = place;
    const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    for (let tries = 0; tries < 5; tries++) {
      notebook.widgets[place].model.clearExecution();
      await Promise.race([commands.execute("notebook:run-cell"), pause(30)]);
      await pause(1); // until it is drawn
      if (notebook.widgets[place].model.outputs.length > 0) return true;
    }
    return false;
  })()`);
  assert(shown, `the cell with ${source} shows nothing`);
}

/** What a cell shows, as text. */
const textOf = (page: Page, source: string) =>
  page.evaluate(
    `globalThis.jupyterapp.shell.currentWidget.content.widgets.find(({ model }) =>
      model.type === "code" && model.sharedModel.source.includes("${source}"))
      .outputArea.node.textContent`,
  ) as Promise<string>;

/** Runs a cell, stops it a second after it shows a sign of life, and returns what it shows then. */
async function stop(page: Page, source: string, sign: string): Promise<string> {
  const stopped = run(page, source);
  await page.waitForFunction(sign);
  await pause(1000);
  await page.evaluate(`globalThis.jupyterapp.commands.execute("notebook:interrupt-kernel")`);
  await stopped;
  return await textOf(page, source);
}

/** Has the first cell that trains for some seconds do so for others, as a reader would. */
const trainFor = (page: Page, seconds: number) =>
  page.evaluate(`(() => {
    const cells = globalThis.jupyterapp.shell.currentWidget.content.widgets;
    const { sharedModel } = cells.map(({ model }) => model).find((model) =>
      model.type === "code" && model.sharedModel.source.includes("const seconds"));
    sharedModel.setSource(sharedModel.source.replace(/(const seconds = )\\d+/, "$1${seconds}"));
  })()`);

for (const theme of ["JupyterLab Light", "JupyterLab Dark"]) {
  Deno.test({
    name: `the course is at home in ${Object.keys(FRONT_ENDS).join(" and ")}, ${theme}${needs}`,
    ignore: !ready,
    fn: (t) =>
      inFolder(async (folder) => {
        const { default: puppeteer } = await import("puppeteer-core"); // asks for permissions itself
        await Deno.mkdir(PICTURES, { recursive: true });
        await using server = await startJupyter(folder, NOTEBOOKS, theme);
        const formula = markdownCell("formula", "$T$"); // which makes a front end ask for fonts
        await writeNotebook(
          `${folder}/notebooks/empty.ipynb`,
          createNotebook([formula, codeCell("c", '"ran"')]),
        );
        const browser = await puppeteer.launch({
          executablePath: chromium!,
          args: [...CHROMIUM_FLAGS, "--disable-gpu"],
          userDataDir: `${folder}/profile`,
        });
        try {
          for (const [name, place] of Object.entries(FRONT_ENDS)) {
            await t.step(name, () => visit(browser, server.url + place, `${name}, ${theme}`));
          }
        } finally {
          await browser.close();
        }
      }),
  });
}

async function visit(browser: Browser, address: string, name: string): Promise<void> {
  const picture = (page: Page, of: string) =>
    page.screenshot({ path: `${PICTURES}${name}, ${of}.png` });
  const { page: empty, troubles: usual } = await open(browser, `${address}empty.ipynb`);
  await run(empty, "ran");

  const { page, troubles } = await open(browser, `${address}06_sampling.ipynb`);
  assert.equal(await isDirty(page), false, "it asks to save what was only opened");
  const untrusted = await player(page);
  assert.deepEqual([untrusted.sentences, untrusted.controls, untrusted.texts.length], [1, 0, 1]);
  const stored = await widths(page);
  await run(page, "bars(");
  await picture(page, "a chart, with a stored one");
  assert.deepEqual(await widths(page), stored, "a chart has another size when it is run");
  const [words] = await alternatives(page);
  assert(words, "a chart that has just been run has no words for those who do not see it");
  await page.setViewport({ width: 900, height: 1000 });
  await page.waitForFunction(`innerWidth === 900`);
  assert.equal(await countTooWide(page), 0, "a picture is wider than a narrow page");
  await page.setViewport({ width: 1300, height: 1000 });

  await run(page, "player(");
  const { sentences, controls, texts: [finished], frame: last } = await player(page);
  assert.deepEqual([sentences, controls], [0, 2]);
  await (await page.$("p:has(> input[type=range]) > button"))!.click();
  await page.waitForFunction(`document.querySelector("details").parentNode
    .querySelector("input").value > 4`);
  await picture(page, "the player at play");
  assert.notDeepEqual((await player(page)).texts, [finished]);
  await page.waitForFunction(`document.querySelector("details").parentNode
    .querySelector("input").value == ${last}`);
  assert.deepEqual((await player(page)).texts, [finished]);

  const cells = await countCells(page);
  await pause(1000); // until the front end leaves the focus where it is put
  await page.focus("p > input[type=range]");
  for (const key of ["ArrowLeft", "ArrowLeft", "a", "b"] as const) await page.keyboard.press(key);
  assert.equal((await player(page)).frame, last - 2);
  assert.equal(await countCells(page), cells, "a key in the player inserted a cell");

  assert.deepEqual(troubles.difference(usual), new Set());
  await page.close();

  const whole = await open(browser, `${address}00_whole_idea.ipynb`);
  await trainFor(whole.page, 600);
  const started = `document.body.textContent.includes("step 0: ")`;
  assert.match(await stop(whole.page, "const seconds", started), /Interrupted: .*after step \d/s);
  await picture(whole.page, "the whole program, stopped");
  await run(whole.page, "const [prompt"); // the kernel lives on
  await whole.page.evaluate(`globalThis.jupyterapp.commands.execute("docmanager:save")`);
  const shown = await textOf(whole.page, "const seconds");
  await whole.page.reload();
  await whole.page.waitForSelector(".jp-Notebook .jp-Cell");
  await pause(3000);
  assert.equal(await textOf(whole.page, "const seconds"), shown, "what was saved is shown again");
  assert.deepEqual(whole.troubles.difference(usual), new Set());
  await whole.page.close();

  const training = await open(browser, `${address}05_training.ipynb`);
  await run(training.page, "showTraining(");
  await picture(training.page, "the live panel");
  await trainFor(training.page, 600);
  const trained = await textOf(training.page, "showTraining(");
  const anew = `document.querySelector(".jp-OutputArea img[src^='data:image/svg']") !== null`;
  const stopped = await stop(training.page, "showTraining(", anew);
  assert.notEqual(stopped, trained);
  for (const sentence of [/Your model is .*steps/, /Interrupted: .*after step \d/]) {
    assert.match(stopped, sentence); // in any order: the kernel sends what is written on its own time
  }
  await run(training.page, "bitsByMasks("); // with the model as it was when it was stopped
  assert.deepEqual(training.troubles.difference(usual), new Set());
  await training.page.close();
}
