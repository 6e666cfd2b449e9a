/** The states of a page of history: read when one of them is first looked at, all at once, so that they share what did not change. */
import { CheckpointCorruptError, CheckpointNotFoundError } from "../../errors.js";
import { checkpointId } from "../../session/checkpoint.js";
import { joined, type StoredState, storedStates } from "../../session/log-record.js";
import { apartReader } from "../artifacts/artifacts.js";
import type { Connection, OpenFile } from "../connection/connection.js";
import { seqOf } from "../connection/schema.js";
import { atomically } from "../connection/statements.js";
import { decodedOf, type Placed, readChain } from "./line.js";
import { reading } from "./log.js";
import { findLine, type Line } from "./session-row.js";

export class PageStates {
  readonly #connection: Connection;
  readonly #line: Line;
  /** Newest first. */
  readonly #rows: readonly Placed[];
  /** As they are stored: what is kept apart of one is read when that one is looked at. */
  readonly #stored = new Map<number, StoredState>();
  readonly #states = new Map<number, StoredState>();
  /** Values that were kept apart, so that states share them. */
  readonly #parts = new Map<string, unknown>();
  #wasRead = false;

  constructor(connection: Connection, line: Line, rows: readonly Placed[]) {
    this.#connection = connection;
    this.#line = line;
    this.#rows = rows;
  }

  /** Throws CheckpointCorruptError, CheckpointNotFoundError when it was taken away meanwhile, and CheckpointError. */
  of(placed: Placed): StoredState {
    const known = this.#states.get(placed.row.id);
    if (known !== undefined) return known;
    return this.#connection.use("read a checkpoint", (file) =>
      atomically(file.statements, () => this.#read(file, placed)),
    );
  }

  #read(file: OpenFile, placed: Placed): StoredState {
    const { sessionId, session } = this.#line;
    const line = findLine(file, sessionId);
    const floor = line?.session.floor ?? 0;
    if (line?.session.key !== session.key || seqOf(placed.row.id) < floor)
      throw new CheckpointNotFoundError(
        sessionId,
        `"${checkpointId(placed.segment.incarnation, seqOf(placed.row.id))}"`,
      );
    if (!this.#wasRead) this.#readAll(file, line, floor);
    if (!this.#stored.has(placed.row.id)) this.#readRows(file, line, [placed]);
    const state = joined(this.#stored.get(placed.row.id) as StoredState, apartReader(file.statements, this.#parts));
    this.#states.set(placed.row.id, state);
    return state;
  }

  /** Where one of them is damaged, each is read for itself. */
  #readAll(file: OpenFile, line: Line, floor: number): void {
    this.#wasRead = true;
    try {
      this.#readRows(
        file,
        line,
        this.#rows.filter(({ row }) => seqOf(row.id) >= floor),
      );
    } catch (error) {
      if (!(error instanceof CheckpointCorruptError)) throw error;
    }
  }

  #readRows(file: OpenFile, line: Line, rows: readonly Placed[]): void {
    const [newest, oldest] = [rows[0] as Placed, rows[rows.length - 1] as Placed];
    const chain = readChain(file.statements, line, { from: oldest.row.id, to: newest.row.id });
    const read = apartReader(file.statements, this.#parts);
    const states = reading(newest.segment, newest.row, () => storedStates(decodedOf(chain), rows.length, read));
    for (const [place, state] of states.entries())
      this.#stored.set((chain[chain.length - rows.length + place] as (typeof chain)[number]).row.row.id, state);
  }
}
