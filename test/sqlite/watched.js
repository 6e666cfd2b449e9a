export class WatchedDatabase {
    #database;
    /** Everything that was given back since `forget`. */
    answers = [];
    /** Everything that was run, and executed, since `forget`. */
    executed = [];
    /** Thrown by the next call whose SQL matches, and by none after it. */
    #failure;
    constructor(database) {
        this.#database = database;
    }
    exec(sql) {
        this.#before(sql);
        return this.#database.exec(sql);
    }
    prepare(sql) {
        const statement = this.#database.prepare(sql);
        return {
            run: (...values) => {
                this.#before(sql);
                return statement.run(...values);
            },
            get: (...values) => {
                this.#before(sql);
                const row = statement.get(...values);
                this.#note(sql, row === undefined ? [] : [row]);
                return row;
            },
            all: (...values) => {
                this.#before(sql);
                const rows = statement.all(...values);
                this.#note(sql, rows);
                return rows;
            },
        };
    }
    close() {
        return this.#database.close();
    }
    forget() {
        this.answers = [];
        this.executed = [];
    }
    failNext(at, error) {
        this.#failure = { at, error };
    }
    /** Rows of a table that were given, but for those that only name a place. */
    rowsOf(table) {
        const asked = this.answers.filter(({ sql }) => sql.includes(`FROM ${table} `));
        return asked.flatMap(({ rows }) => rows).filter((row) => Object.keys(row).length > 2);
    }
    #before(sql) {
        this.executed.push(sql);
        const failure = this.#failure;
        if (failure === undefined || !failure.at.test(sql))
            return;
        this.#failure = undefined;
        throw failure.error;
    }
    #note(sql, rows) {
        this.answers.push({ sql, rows: rows });
    }
}
/** An error as better-sqlite3 throws it. */
export function sqliteError(code) {
    return Object.assign(new TypeError("what SQLite says"), { code });
}
