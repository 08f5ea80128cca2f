/**
 * A registry, an execution and a relay as real processes, steered by lines of JSON: see
 * tests/support/alphapulse_testing/client_mesh.py.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

import { connect, type Mesh } from "@alphapulse/client";

// the compiled test runs from dist/test
const root = fileURLToPath(new URL("../../../../", import.meta.url));
const python = `${root}.venv/bin/python`;

/** For the tests' `skip`: why there is no mesh. */
export const skip = existsSync(python) ? false : "no real mesh to test against: make setup";
/** For the tests' `timeout`: a loaded machine may take long. */
export const timeout = 120_000;

interface Command {
  do: "publish" | "restart";
  count?: number;
  extensions?: string;
  forget?: boolean;
  service?: "registry";
}

class LiveMesh {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  readonly #addresses: Promise<Record<"registry" | "relay" | "execution", string>>;
  readonly #meshes: Mesh[] = [];

  constructor() {
    const env = { ...process.env, PYTHONPATH: `${root}tests/support` };
    const child = spawn(python, ["-m", "alphapulse_testing.client_mesh"], { env, stdio: ["pipe", "pipe", "inherit"] });
    this.#process = child;
    this.#reader = createInterface({ input: child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
    this.#addresses = this.#answer();
  }

  async #answer<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("client_mesh has ended");
    return JSON.parse(value) as T;
  }

  async connect(service: "registry" | "relay" | "execution"): Promise<Mesh> {
    const mesh = await connect((await this.#addresses)[service]);
    this.#meshes.push(mesh);
    return mesh;
  }

  /** Runs one command; `published` is the number of the last trade. */
  async do(command: Command): Promise<{ published: bigint }> {
    this.#process.stdin!.write(JSON.stringify(command) + "\n");
    const { published = 0 } = await this.#answer<{ published?: number }>();
    return { published: BigInt(published) };
  }

  async close(): Promise<void> {
    for (const mesh of this.#meshes) mesh.close();
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.stdin!.end();
    await ended;
    this.#reader.close();
  }
}

let started: LiveMesh | undefined;

/** The one of this process. */
export function live(): LiveMesh {
  return (started ??= new LiveMesh());
}

after(() => started?.close());

/** All items of a stream. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}
