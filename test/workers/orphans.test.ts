/** A process that loops for ever ends with the process that has started it, whatever that one died of. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compileForChildren } from "../adversarial/compiled.js";

const program = compileForChildren(join(import.meta.dirname, "orphan-program.ts"), "orphan");

test("kill -9 of a runner ends the node that loops in a process of its own", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const runner = spawn(process.execPath, [program, String(port)], { stdio: "ignore" });
  const [line] = await once(server, "connection");
  line.on("error", () => undefined);
  const [pid] = await once(line, "data");
  expect(() => process.kill(Number(pid), 0)).not.toThrow();
  const gone = once(line, "close");
  runner.kill("SIGKILL");
  await gone;
  server.close();
});
