import { freePorts, isFree } from "dlm/jupyter/kernel/_ports.ts";

/** Where a kernel listens, and the key that signs what is said: what its connection file holds. */
export interface Connection {
  transport: "tcp";
  ip: "127.0.0.1";
  shell_port: number;
  iopub_port: number;
  stdin_port: number;
  control_port: number;
  hb_port: number;
  key: string;
  signature_scheme: "hmac-sha256";
}

/** A connection with a new key, on ports that no one listens on yet. */
export function drawConnection(): Connection {
  const [shell, iopub, stdin, control, heartbeat] = freePorts(5);
  return {
    transport: "tcp",
    ip: "127.0.0.1",
    shell_port: shell!,
    iopub_port: iopub!,
    stdin_port: stdin!,
    control_port: control!,
    hb_port: heartbeat!,
    key: crypto.randomUUID(),
    signature_scheme: "hmac-sha256",
  };
}

/** Whether someone listens on one of a connection's ports. */
export function isTaken(connection: Connection): boolean {
  const ports = Object.values(connection).filter((value) => typeof value === "number");
  return !ports.every(isFree);
}
