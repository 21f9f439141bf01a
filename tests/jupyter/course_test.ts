import assert from "node:assert/strict";
import { courseOrder, findInCourse, notebookName, selectNotebooks } from "dlm/jupyter/course.ts";
import { inFolder } from "../_support.ts";

const ignore = (await Deno.permissions.query({ name: "write" })).state !== "granted";

Deno.test("courseOrder() goes by number, solutions last", () => {
  assert.deepEqual(
    courseOrder([
      "solutions",
      "10_be_horse",
      "02_masking",
      "9_export",
      "01_data",
    ]),
    [
      "01_data",
      "02_masking",
      "9_export",
      "10_be_horse",
      "solutions",
    ],
  );
});

Deno.test("findInCourse() takes a number or a name, and nothing near them", () => {
  const course = ["01_data", "10_be_horse", "solutions"];
  assert.equal(findInCourse("01", course), "01_data");
  assert.equal(findInCourse("10_be_horse", course), "10_be_horse");
  assert.equal(findInCourse("solutions", course), "solutions");
  for (const name of ["0", "1", "01_", "01_dat", "data", ""]) {
    assert.equal(findInCourse(name, course), undefined);
  }
});

Deno.test("selectNotebooks() takes a file once, however it is named, and no two of one name", {
  ignore,
}, () =>
  inFolder(async (folder) => {
    const [first] = await selectNotebooks(["01"]);
    await Deno.symlink(first!, `${folder}/link.ipynb`);
    assert.equal(
      (await selectNotebooks(["01", "01_data", first!, `${folder}/link.ipynb`])).length,
      1,
    );
    await Deno.copyFile(first!, `${folder}/01_data.ipynb`);
    await assert.rejects(selectNotebooks(["01", `${folder}/01_data.ipynb`]), {
      name: "RangeError",
      message: /^Several notebooks are called 01_data\.ipynb, .* one after the other\.$/,
    });
    assert.deepEqual(await selectNotebooks([`${folder}/01_data.ipynb`]), [
      `${folder}/01_data.ipynb`,
    ]);
  }));

Deno.test("notebookName() is the file name without its ending", () => {
  assert.equal(notebookName("a/b/01_data.ipynb"), "01_data");
});
