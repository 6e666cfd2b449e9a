/** A compiled graph. */
import { GraphValidationError } from "../errors.js";
import { toDot, toDrawing, toMermaid } from "./drawing.js";
import { fingerprintOf } from "./fingerprint.js";
import { planOf } from "./plan.js";
import { issuesOf } from "./validate.js";
/** Checks the whole graph; throws one GraphValidationError that lists every issue. */
export function compile(declaration) {
    const issues = issuesOf(declaration);
    if (issues.length > 0)
        throw new GraphValidationError(declaration.name, issues);
    const fingerprint = fingerprintOf(declaration);
    return Object.freeze({
        name: declaration.name,
        nodes: Object.freeze(declaration.nodes.map((node) => node.name)),
        fingerprint,
        plan: Object.freeze(planOf(declaration, fingerprint)),
        toMermaid: () => toMermaid(declaration),
        toDot: () => toDot(declaration),
        toJSON: () => toDrawing(declaration, fingerprint),
    });
}
