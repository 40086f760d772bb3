package storetest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store/schema"
	"parley/store/storetest"
)

func TestDatabaseIsMigrated(t *testing.T) {
	t.Parallel()
	migrated := storetest.Must(schema.IsMigrated(t.Context(), storetest.DB(t)))(t)
	if !migrated {
		t.Error("the database lacks migrations")
	}
}

func TestDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	one, other := storetest.DB(t), storetest.DB(t)
	storetest.Exec(t, one, `CREATE TABLE mine (n int)`)
	var exists bool
	storetest.Check(t, other.QueryRow(t.Context(), `SELECT to_regclass('mine') IS NOT NULL`).Scan(&exists))
	if exists {
		t.Error("a table that was made in one database exists in the other")
	}
}

// A database goes at the end of its test, though a connection to it is still open: that of a process that was killed, or that
// forgot to close it.
func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	t.Parallel()
	var database string
	var conn *pgx.Conn // never closed
	finished := t.Run("user", func(t *testing.T) {
		var err error
		if conn, err = pgx.Connect(context.Background(), storetest.URL(t)); err != nil {
			t.Fatal(err)
		}
		storetest.Check(t, conn.QueryRow(t.Context(), `SELECT current_database()`).Scan(&database))
	})
	if !finished {
		t.FailNow()
	}

	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the connection outlived its database")
	}
	var exists bool
	const ask = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	storetest.Check(t, storetest.DB(t).QueryRow(t.Context(), ask, database).Scan(&exists))
	if exists {
		t.Errorf("database %s still exists after its test", database)
	}
}

// Tests share the database of Tx one after the other, so the second could not make the table if the first one's were left.
func TestTransactionIsRolledBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) { storetest.Exec(t, storetest.Tx(t), `CREATE TABLE once (n int)`) })
	}
}

// A statement that fails aborts the transaction. Its rollback at the end of the test isn't a fault of the test then.
func TestAbortedTransactionIsRolledBack(t *testing.T) {
	t.Parallel()
	if _, err := storetest.Tx(t).Exec(t.Context(), `SELECT 1/0`); err == nil {
		t.Error("a division by zero gave no error")
	}
}
