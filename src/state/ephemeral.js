/** A value that lives for the next superstep only: kept with the head checkpoint until then, absent from state and history after it. */
export function ephemeral() {
    return {
        kind: "ephemeral",
        initial: () => undefined,
        reduce: (_current, write) => write,
        exclusive: true,
        ephemeral: true,
    };
}
