import { AppRunner, append, END, Send, START, StateGraph } from "superstep";

// Two chapters are read aloud at the same time; a listener hears words and sees how far the readers are.
const CHAPTERS = ["Call me Ishmael", "It was a dark and stormy night"];

const reading = new StateGraph({ chapters: append<string>(), words: append<number>() })
  .addNode("read", async (_state, { input, emit, progress }) => {
    const words = String(input).split(" ");
    for (const [index, word] of words.entries()) {
      emit(word);
      progress(index + 1, words.length);
      await null;
    }
    return { words: words.length };
  })
  .addNode("applaud", () => undefined)
  .addConditionalEdges(START, ({ chapters }) => chapters.map((chapter) => new Send("read", chapter)), ["read"])
  .addEdge("read", "applaud")
  .addEdge("applaud", END)
  .compile();

const stream = new AppRunner(reading).stream("evening", { chapters: CHAPTERS });
const heard = new Map<string, string[]>();

for await (const event of stream) {
  if (event.type === "node.emitted") {
    heard.set(event.task.id, [...(heard.get(event.task.id) ?? []), String(event.data)]);
  }
  if (event.type === "node.progress" && event.done === event.total) {
    console.log(`${event.done} of ${event.total} words: ${heard.get(event.task.id)?.join(" ")}`);
  }
  if (event.type === "step.completed") {
    console.log(`superstep ${event.report.step}: ${event.report.ran.map(({ node }) => node).join(" + ")}`);
  }
}
const { state } = await stream.result;
console.log(`${state.words.join(" + ")} words`);

// Output:
// 3 of 3 words: Call me Ishmael
// 7 of 7 words: It was a dark and stormy night
// superstep 1: read + read
// superstep 2: applaud
// 3 + 7 words
