import { ChannelSchemaError, recordOf } from "../errors.js";
import { formatPath } from "./path.js";
/** Throws ChannelSchemaError when the schema refuses the value, throws, or answers with a promise. */
export function checkSchema(channel, schema, value) {
    const verdict = validate(channel, schema, value);
    if (typeof verdict !== "object" || verdict === null)
        refuse(channel, "the schema gave no verdict");
    if ("then" in verdict) {
        void Promise.resolve(verdict).catch(() => undefined);
        refuse(channel, "asynchronous schemas are not supported");
    }
    const { issues } = verdict;
    if (issues === undefined)
        return;
    if (!Array.isArray(issues))
        refuse(channel, "the schema gave no verdict");
    throw new ChannelSchemaError(channel, issues.map(toIssue));
}
function validate(channel, schema, value) {
    try {
        return schema["~standard"].validate(value);
    }
    catch (error) {
        const message = `the schema threw: ${recordOf(error).message}`;
        throw new ChannelSchemaError(channel, [{ message, path: "" }], { cause: error });
    }
}
function refuse(channel, message) {
    throw new ChannelSchemaError(channel, [{ message, path: "" }]);
}
function toIssue(issue) {
    const keys = (issue.path ?? []).map((segment) => (typeof segment === "object" ? segment.key : segment));
    return { message: issue.message, path: formatPath(keys.map((key) => (typeof key === "number" ? key : String(key)))) };
}
