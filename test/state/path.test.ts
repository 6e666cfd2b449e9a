import { expect, test } from "vitest";
import { formatPath, toPointer } from "../../src/state/path.js";

test("a path reads as the code that leads there", () => {
  expect(formatPath(["messages", 3, "onClick"])).toBe("messages[3].onClick");
  expect(formatPath(["on click", "a.b", 0, 0])).toBe('["on click"]["a.b"][0][0]');
  expect(formatPath(["$a_1", "1a", ""])).toBe('$a_1["1a"][""]');
  expect(formatPath([])).toBe("");
});

test("hostile keys cannot forge a path", () => {
  expect(formatPath(["a", 'x"]["y'])).toBe('a["x\\"][\\"y"]');
  expect(formatPath(["a\nb"])).toBe('["a\\nb"]');
});

test("a JSON pointer escapes ~ and / (RFC 6901)", () => {
  expect(toPointer(["m~n", "a/b", 0, ""])).toBe("/m~0n/a~1b/0/");
  expect(toPointer(["~1", "~0"])).toBe("/~01/~00");
  expect(toPointer([])).toBe("");
});
