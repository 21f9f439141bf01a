/** Where a cell breaks the rules of the language, and how. */
export interface SyntaxFault {
  message: string;
  line: number;
  column: number;
}

/**
 * The first place where a cell cannot be parsed, if any, by Deno's formatter: the kernel only says
 * that something is wrong, and front ends not even that.
 */
export async function syntaxFault(source: string): Promise<SyntaxFault | undefined> {
  const formatter = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--no-config", "--ext=ts", "-"],
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const input = formatter.stdin.getWriter();
  await input.write(new TextEncoder().encode(source));
  await input.close();
  const { stderr } = await formatter.output();
  const report = new TextDecoder().decode(stderr);
  const [, message, line, column] =
    /SyntaxError: (.*)\n[^]*?at file:.*:(\d+):(\d+)$/m.exec(report) ?? [];
  return message === undefined
    ? undefined
    : { message, line: Number(line), column: Number(column) };
}
