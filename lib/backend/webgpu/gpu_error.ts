/** The graphics card failed: what it computed since is not to be trusted. */
export class GpuError extends Error {
  override name = "GpuError";
}
