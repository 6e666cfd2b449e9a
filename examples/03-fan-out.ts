import { AppRunner, append, Command, END, merge, Send, START, StateGraph, sum } from "superstep";

// Weather stations along a ridge: one task a station, as many as there are, each with an input of its own.
interface Station {
  readonly name: string;
  readonly metres: number;
}
const RIDGE: readonly Station[] = [
  { name: "Hut", metres: 1_480 },
  { name: "Saddle", metres: 2_130 },
  { name: "Summit", metres: 2_610 },
];

const survey = new StateGraph({
  readings: merge<Record<string, number>>({}),
  warnings: append<string>(),
  total: sum(),
})
  .addNode("plan", () => new Command({ goto: RIDGE.map((station) => new Send("measure", station)) }), {
    ends: ["measure"],
  })
  .addNode("measure", async (_state, { input }) => {
    const { name, metres } = input as Station;
    const celsius = Math.round(18 - metres * 0.0065);
    // Lower stations answer later; the state does not depend on who is first.
    await new Promise((resolve) => setTimeout(resolve, (3_000 - metres) / 100));
    return { readings: { [name]: celsius }, total: celsius, ...(celsius < 2 && { warnings: `frost at ${name}` }) };
  })
  .addNode("publish", ({ readings, warnings, total }) => {
    const mean = total / Object.keys(readings).length;
    console.log(`mean ${mean.toFixed(1)} °C, ${warnings.join(", ")}`);
  })
  .addEdge(START, "plan")
  .addEdge("measure", "publish")
  .addEdge("publish", END)
  .compile();

const { state } = await new AppRunner(survey).invoke("today");
console.log(state.readings);

// Output:
// mean 4.3 °C, frost at Summit
// { Hut: 8, Saddle: 4, Summit: 1 }
