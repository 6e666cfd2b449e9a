import { AppRunner, append, END, type ItemResult, lastValue, map, START, StateGraph } from "superstep";

// Links of a page, each looked at by a task of its own. One that is dead does not stop the others, as long as half of them live.
const check = async (link: string): Promise<number> => {
  if (link.includes("dead")) throw new RangeError("404");
  return link.length;
};

const app = new StateGraph({ links: lastValue<readonly string[]>([]), checked: append<ItemResult<number>>() })
  .addNode(
    "check",
    map(({ links }) => links, check, { into: "checked", policy: "collect", quorum: 0.5 }),
    { retry: { maxAttempts: 2, initialDelayMs: 1 } },
  )
  .addNode("report", ({ links, checked }) => {
    for (const [place, result] of checked.entries())
      console.log(`${links[place]}: ${result.ok ? "alive" : result.error.message}`);
  })
  .addEdge(START, "check")
  .addEdge("check", "report")
  .addEdge("report", END)
  .compile();

const { summary } = await new AppRunner(app).invoke("page", { links: ["/home", "/dead-end", "/news"] });
console.log(`${summary.tasks} tasks, ${summary.retries} retry, ${summary.steps} supersteps`);

// Output:
// /home: alive
// /dead-end: 404
// /news: alive
// 5 tasks, 1 retry, 3 supersteps
