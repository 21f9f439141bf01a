const HOST = "127.0.0.1";

/**
 * Ports of this machine that no one listens on, for a program that is about to. They lie below
 * those that systems give to clients: whoever knocks at one of these until it opens may be given
 * that very port to knock from, and then talks to itself. They are drawn, so that programs that
 * start at once seldom choose alike.
 */
export function freePorts(count: number): number[] {
  const [lowest, highest] = [20_000, 32_000];
  const ports = new Set<number>();
  while (ports.size < count) {
    const [drawn] = crypto.getRandomValues(new Uint32Array(1));
    const port = lowest + drawn! % (highest - lowest);
    if (isFree(port)) ports.add(port);
  }
  return [...ports];
}

/** Whether no one listens on a port. */
export function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: HOST, port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
