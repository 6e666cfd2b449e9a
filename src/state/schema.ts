/** Standard Schema validation of a channel's value: a check only, and synchronous. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ChannelSchemaError, recordOf } from "../errors.js";
import { formatPath } from "./path.js";

/** Any validator that follows the Standard Schema spec (zod, valibot, arktype, …), function-shaped ones too. */
export interface StandardSchema<Out = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: unknown; readonly output: Out } | undefined;
  };
}

/** Throws ChannelSchemaError when the schema refuses the value, throws, or answers with a promise. */
export function checkSchema(channel: string, schema: StandardSchema, value: unknown): void {
  const verdict = validate(channel, schema, value);
  if (typeof verdict !== "object" || verdict === null) refuse(channel, "the schema gave no verdict");
  if ("then" in verdict) {
    void Promise.resolve(verdict).catch(() => undefined);
    refuse(channel, "asynchronous schemas are not supported");
  }
  const { issues } = verdict as StandardSchemaV1.Result<unknown>;
  if (issues === undefined) return;
  if (!Array.isArray(issues)) refuse(channel, "the schema gave no verdict");
  throw new ChannelSchemaError(channel, issues.map(toIssue));
}

function validate(channel: string, schema: StandardSchema, value: unknown): unknown {
  try {
    return schema["~standard"].validate(value);
  } catch (error) {
    const message = `the schema threw: ${recordOf(error).message}`;
    throw new ChannelSchemaError(channel, [{ message, path: "" }], { cause: error });
  }
}

function refuse(channel: string, message: string): never {
  throw new ChannelSchemaError(channel, [{ message, path: "" }]);
}

function toIssue(issue: StandardSchemaV1.Issue): { message: string; path: string } {
  const keys = (issue.path ?? []).map((segment) => (typeof segment === "object" ? segment.key : segment));
  return { message: issue.message, path: formatPath(keys.map((key) => (typeof key === "number" ? key : String(key)))) };
}
