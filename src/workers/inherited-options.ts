/**
 * The options of Node that a worker process takes over from this one: all but those that say what this process runs, which the worker would run
 * again, with workers of its own, and so on without end, and those of a debugger, whose port is taken.
 */

const OF_THIS_PROCESS = /^(-e|-p|-pe|-i|-c|--(eval|print|interactive|check|input-type|test|inspect.*))(=|$)/;

export function inheritedOptions(execArgv: readonly string[]): readonly string[] {
  let isLeftOut = false;
  return execArgv.filter((option) => {
    // What is no option is the value of the one before it.
    if (option.startsWith("-")) isLeftOut = OF_THIS_PROCESS.test(option);
    return !isLeftOut;
  });
}
