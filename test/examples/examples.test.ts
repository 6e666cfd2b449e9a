/** Examples cannot lie: each is run as it stands, and says what its last lines say. The README shows the same files. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const EXAMPLES = readdirSync(join(ROOT, "examples")).filter((name) => /^\d\d-.*\.ts$/.test(name));
const OUTPUT = "// Output:\n";

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The program and, from its last comment, what it says. */
function partsOf(example: string): { readonly program: string; readonly output: string } {
  const source = read(`examples/${example}`);
  const at = source.lastIndexOf(OUTPUT);
  const output = source.slice(at + OUTPUT.length).replace(/^\/\/ ?/gm, "");
  return { program: source.slice(0, at).trimEnd(), output };
}

async function run(example: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "superstep-example-"));
  try {
    const env = { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, "tsconfig.json") };
    const command = ["--import", import.meta.resolve("tsx"), join(ROOT, "examples", example)];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { cwd: folder, env });
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("examples", () => {
  test("are numbered in order, without a gap", () => {
    const numbers = Array.from({ length: EXAMPLES.length }, (_, index) => String(index + 1).padStart(2, "0"));
    expect(EXAMPLES.map((name) => name.slice(0, 2))).toEqual(numbers);
  });

  test.concurrent.each(EXAMPLES)("%s says what its last lines say", async (example) => {
    expect(await run(example)).toBe(partsOf(example).output);
  });

  test.each(EXAMPLES)("%s fits on a screen", (example) => {
    expect(read(`examples/${example}`).split("\n").length).toBeLessThanOrEqual(61);
  });
});

describe("README", () => {
  const programs = [...read("README.md").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, program = ""]) =>
    program.trimEnd(),
  );

  test("its first graph is example 01, in at most 30 lines", () => {
    const { program, output } = partsOf("01-first-graph.ts");
    expect(programs[0]).toBe(program);
    expect(programs[0]?.split("\n").length).toBeLessThanOrEqual(30);
    expect(read("README.md")).toContain(`\`\`\`text\n${output}\`\`\``);
  });

  test("its pause and resume is example 02, in at most 15 lines more", () => {
    const { program, output } = partsOf("02-pause-and-resume.ts");
    expect(programs[1]).toBe(program);
    expect(programs[1]?.split("\n").length).toBeLessThanOrEqual(15);
    expect(read("README.md")).toContain(`\`\`\`text\n${output}\`\`\``);
  });

  test("every link into the repository leads to a file", () => {
    const documents = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)];
    for (const document of documents.filter((name) => name.endsWith(".md"))) {
      for (const [, target = ""] of read(document).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        expect(() => readFileSync(join(ROOT, document, "..", target)), `${document}: ${target}`).not.toThrow();
      }
    }
  });
});
