/** A line chart as SVG, with two logarithmic axes, on light and on dark pages. Knows nothing of what it shows. */

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}
type Point = readonly [x: number, y: number];
interface Axis {
  readonly label: string;
  readonly show: (value: number) => string;
}
export interface LineChart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Lines beneath. */
  readonly caption: readonly string[];
}

const WIDTH = 760;
const HEIGHT = 470;
const PLOT = { left: 80, right: WIDTH - 24, top: 84, bottom: HEIGHT - 96 };
/** Of Okabe and Ito, which the colour-blind can tell apart; each with a brighter one for dark pages. */
const COLOURS = [
  { light: "#6b6b6b", dark: "#a8a8a8", dash: "6 4" },
  { light: "#0072b2", dark: "#56b4e9", dash: "" },
  { light: "#d55e00", dark: "#ff8c42", dash: "" },
  { light: "#009e73", dark: "#35d0a5", dash: "2 3" },
  { light: "#a3518a", dark: "#e39bca", dash: "8 3 2 3" },
] as const;

export function lineChart(chart: LineChart): string {
  const points = chart.series.flatMap((series) => series.points);
  const [xs, ys] = [decadesOf(points.map(([x]) => x)), decadesOf(points.map(([, y]) => y))];
  const toX = scale(xs, PLOT.left, PLOT.right);
  const toY = scale(ys, PLOT.bottom, PLOT.top);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(chart.title)}">`,
    `<style>${style()}</style>`,
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    text(PLOT.left, 28, chart.title, 'class="title"'),
    ...legend(chart.series),
    ...xs.map((value) => gridX(toX(value), chart.x.show(value))),
    ...ys.map((value) => gridY(toY(value), chart.y.show(value))),
    ...axisLabels(chart),
    ...chart.series.flatMap(({ points: own }, place) =>
      line(
        own.map(([x, y]) => [toX(x), toY(y)]),
        place,
      ),
    ),
    ...chart.caption.map((words, row) => text(PLOT.left, HEIGHT - 30 + row * 16, words, 'class="caption"')),
    "</svg>\n",
  ].join("\n");
}

/** Powers of ten that hold all values. */
function decadesOf(values: readonly number[]): readonly number[] {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: last - first + 1 }, (_, decade) => 10 ** (first + decade));
}

function scale(decades: readonly number[], from: number, to: number): (value: number) => number {
  const [first = 1, last = 10] = [decades[0], decades.at(-1)];
  const span = Math.log10(last / first);
  return (value) => Number((from + (Math.log10(value / first) / span) * (to - from)).toFixed(1));
}

function style(): string {
  const colours = (shade: "light" | "dark") =>
    COLOURS.map((colour, place) => `.line${place}{stroke:${colour[shade]}}.dot${place}{fill:${colour[shade]}}`).join(
      "",
    );
  return [
    "text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-size:16px;font-weight:600}.caption{font-size:11px;fill:#57606a}",
    ".page{fill:#fff}.grid{stroke:#d0d7de}path{fill:none;stroke-width:2.5}",
    colours("light"),
    `@media(prefers-color-scheme:dark){text{fill:#e6edf3}.caption{fill:#9198a1}.page{fill:#0d1117}.grid{stroke:#30363d}${colours("dark")}}`,
  ].join("");
}

function legend(series: readonly Series[]): readonly string[] {
  let left = PLOT.left;
  return series.flatMap(({ name }, place) => {
    const at = left;
    left += 56 + name.length * 7;
    return [
      line(
        [
          [at, 54],
          [at + 28, 54],
        ],
        place,
      ),
      text(at + 36, 58, name),
    ].flat();
  });
}

function line(points: readonly Point[], place: number): readonly string[] {
  const colour = place % COLOURS.length;
  const path = points.map(([x, y]) => `${x} ${y}`).join(" L");
  const dots = points.map(([x, y]) => `<circle class="dot${colour}" cx="${x}" cy="${y}" r="3.5"/>`);
  return [`<path class="line${colour}" stroke-dasharray="${COLOURS[colour]?.dash ?? ""}" d="M${path}"/>`, ...dots];
}

function gridX(x: number, label: string): string {
  const { top, bottom } = PLOT;
  return `<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${bottom}"/>${text(x, bottom + 18, label, 'text-anchor="middle"')}`;
}

function gridY(y: number, label: string): string {
  const { left, right } = PLOT;
  return `<line class="grid" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/>${text(left - 8, y + 4, label, 'text-anchor="end"')}`;
}

function axisLabels({ x, y }: LineChart): readonly string[] {
  const [centre, middle] = [(PLOT.left + PLOT.right) / 2, (PLOT.top + PLOT.bottom) / 2];
  return [
    text(centre, PLOT.bottom + 38, x.label, 'text-anchor="middle"'),
    text(0, 0, y.label, `text-anchor="middle" transform="translate(18 ${middle}) rotate(-90)"`),
  ];
}

function text(x: number, y: number, words: string, attributes = ""): string {
  return `<text x="${x}" y="${y}"${attributes === "" ? "" : ` ${attributes}`}>${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
