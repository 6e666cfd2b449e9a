/** How a kind of value is walked: what its parts are, what it weighs, and why it is refused. */
/** The name of the class of an object, for people. */
export function classOf(value) {
    const { constructor: made } = Object.getPrototypeOf(value);
    return typeof made?.name === "string" && made.name !== "" ? made.name : "an unnamed class";
}
/** What the engine knows an object to be, unless it has a tag of its own: `Error`, `Date`, `Object`, … */
export function tagOf(value) {
    return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
