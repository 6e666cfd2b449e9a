import { expect, test } from "vitest";
import { installCommand, versionProblem } from "../../src/sqlite/connection/driver.js";

test("a better-sqlite3 that would kill this Node is never loaded", () => {
  expect(versionProblem("13.0.1", 9)).toContain("would crash");
  expect(versionProblem("13.0.1", 10)).toBeUndefined();
  expect(versionProblem("12.11.1", 9)).toBeUndefined();
});

test("a better-sqlite3 outside of the supported range is refused", () => {
  for (const version of ["9.6.0", "12.10.9", "14.0.0"]) expect(versionProblem(version, 10)).toContain("outside");
});

test("the command to run fits the Node", () => {
  expect(installCommand(9)).toBe("npm install better-sqlite3@12.11.1");
  expect(installCommand(10)).toBe("npm install better-sqlite3@13");
});
