/** Functions by the module that exports them: what other threads and processes can be told to run. */

/** A function that a module exports under a name. */
export interface ModuleRef {
  /** The module's file URL. */
  readonly url: string;
  readonly name: string;
}
/** A function that knows where it comes from. */
export interface FromModule {
  readonly moduleRef: ModuleRef;
  /** The SHA-256 of the module's file as it is now. Throws NodeModuleError. */
  contentDigest(): string;
}
/** What such a function asks of its context: to be run elsewhere. Undefined: it is to run here. */
export interface Elsewhere {
  elsewhere?(module: ModuleRef, args: readonly unknown[]): Promise<unknown> | undefined;
}

/** Where a function comes from, if it knows. */
export function originOf(node: object): FromModule | undefined {
  return (node as Partial<FromModule>).moduleRef === undefined ? undefined : (node as FromModule);
}
