package storetest_test

import (
	"testing"

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

// Tests share the database of Tx one after the other, so the second could not make the table if the first one's were left.
func TestTransactionIsRolledBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) { storetest.Exec(t, storetest.Tx(t), `CREATE TABLE once (n int)`) })
	}
}
