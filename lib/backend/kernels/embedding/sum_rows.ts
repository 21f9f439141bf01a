import { fusion } from "../_fusion.ts";

/** A matrix, `[N, D]`, and which of its rows to add up, `[M, K]`, int32. */
type Inputs = "table" | "indices";

/** `M` sums of `K` rows of a matrix each; a row that does not exist adds nothing. */
export const sumRows = fusion<Inputs, Inputs>({
  name: "SumRows",
  variable: "table",
  saved: ["table", "indices"],
  run({ kernels, address, allocate }, { table, indices }) {
    const [rows, columns] = table.shape as [number, number];
    const [count, terms] = indices.shape as [number, number];
    const result = allocate([count, columns]);
    kernels.sumRows(
      address(table),
      address(indices, "int32"),
      address(result),
      count,
      terms,
      rows,
      columns,
    );
    return result;
  },
  differentiate({ kernels, address, allocate }, { table, indices, dy }) {
    const [rows, columns] = table.shape as [number, number];
    const [count, terms] = indices.shape as [number, number];
    const gradient = allocate([rows, columns]);
    kernels.sumRowsGradient(
      address(indices, "int32"),
      address(dy),
      address(gradient),
      count,
      terms,
      rows,
      columns,
    );
    return gradient;
  },
});
