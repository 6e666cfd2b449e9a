/** How a kind of value is walked: what its parts are, what it weighs, and why it is refused. */

/** What a kind of value is shown to. Nothing is gone on with after a refusal. */
export interface Visitor {
  /** A part, and where it stands in what is being visited. */
  visitAt(place: string | number, part: unknown): void;
  /** An own property, which must be plain data, and in sight. */
  visitProperty(owner: object, key: string, place: string | number): void;
  /** An own property, in sight or not. */
  visitAnyProperty(owner: object, key: string): void;
  /** Characters or bytes that will be written; those of a buffer once, however many views it has. */
  weigh(size: number, buffer?: object): void;
  refuse(found: string): never;
}

/** Visits the parts of one kind of value. A TypeError says that it is not of that kind, whatever it inherits from. */
export type Visit = (walk: Visitor, value: object) => void;

/** The name of the class of an object, for people. */
export function classOf(value: object): string {
  const { constructor: made } = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } };
  return typeof made?.name === "string" && made.name !== "" ? made.name : "an unnamed class";
}

/** What the engine knows an object to be, unless it has a tag of its own: `Error`, `Date`, `Object`, … */
export function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
