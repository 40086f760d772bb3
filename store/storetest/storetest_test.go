package storetest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store/schema"
	"parley/store/storetest"
)

func TestDatabasesAreMigratedAndSeparate(t *testing.T) {
	t.Parallel()
	a, b := storetest.DB(t), storetest.DB(t)
	if ok, err := schema.Migrated(t.Context(), a); err != nil || !ok {
		t.Fatalf("migrated: %v %v", ok, err)
	}
	if _, err := a.Exec(t.Context(), "CREATE TABLE mine (n int)"); err != nil {
		t.Fatal(err)
	}
	var seen bool
	if err := b.QueryRow(t.Context(), "SELECT to_regclass('mine') IS NOT NULL").Scan(&seen); err != nil || seen {
		t.Errorf("the other database shows the table: %v %v", seen, err)
	}
}

func TestURLIsDropped(t *testing.T) {
	t.Parallel()
	var name string
	var conn *pgx.Conn
	t.Run("user", func(t *testing.T) {
		var err error
		// Never closed: a process that was killed, or forgot.
		if conn, err = pgx.Connect(context.Background(), storetest.URL(t)); err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
			t.Fatal(err)
		}
	})
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the connection outlived its database")
	}
	var found bool
	const exists = "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)"
	if err := storetest.DB(t).QueryRow(t.Context(), exists, name).Scan(&found); err != nil || found {
		t.Errorf("database %s stays: %v %v", name, found, err)
	}
}

func TestTransactionsRollBack(t *testing.T) {
	t.Parallel()
	for range 2 {
		t.Run("same database", func(t *testing.T) {
			tx := storetest.Tx(t)
			if _, err := tx.Exec(t.Context(), "CREATE TABLE once (n int)"); err != nil {
				t.Error(err) // the second finds nothing of the first
			}
		})
	}
	t.Run("aborted", func(t *testing.T) {
		if _, err := storetest.Tx(t).Exec(t.Context(), "SELECT 1/0"); err == nil {
			t.Error("no error")
		}
	})
}
