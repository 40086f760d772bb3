package app_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store/storetest"
)

// Settings that an administrator chose for a database change neither what Parley's statements mean nor how long they may
// take.
func TestSettingsOfTheDatabase(t *testing.T) {
	t.Parallel()
	env := environment(t)
	type setting struct{ name, chosen, want string }
	settings := []setting{
		{name: "timezone", chosen: "Asia/Tokyo", want: "UTC"},
		{name: "datestyle", chosen: "German, DMY", want: "ISO, MDY"},
		{name: "client_encoding", chosen: "LATIN1", want: "UTF8"},
		{name: "standard_conforming_strings", chosen: "off", want: "on"},
		{name: "default_transaction_isolation", chosen: "serializable", want: "read committed"},
		{name: "statement_timeout", chosen: "5s", want: "0"},
		{name: "lock_timeout", chosen: "500ms", want: "0"},
		{name: "idle_session_timeout", chosen: "3s", want: "0"},
		{name: "idle_in_transaction_session_timeout", chosen: "3s", want: "1min"},
		{name: "synchronous_commit", chosen: "off", want: "on"},
	}

	admin, err := pgx.Connect(t.Context(), env.DatabaseURL)
	storetest.Check(t, err)
	var hasTransactionTimeout bool // from PostgreSQL 17 on
	storetest.Check(t,
		admin.QueryRow(t.Context(), `SELECT current_setting('transaction_timeout', true) IS NOT NULL`).Scan(&hasTransactionTimeout))
	if hasTransactionTimeout {
		settings = append(settings, setting{name: "transaction_timeout", chosen: "5s", want: "0"})
	}

	for _, s := range settings {
		storetest.Exec(t, admin, fmt.Sprintf(`ALTER DATABASE %s SET %s = '%s'`, admin.Config().Database, s.name, s.chosen))
	}
	storetest.Check(t, admin.Close(t.Context()))

	db := openDatabase(t, env)
	for _, s := range settings {
		var got string
		storetest.Check(t, db.Pool.QueryRow(t.Context(), `SELECT current_setting($1)`, s.name).Scan(&got))
		if got != s.want {
			t.Errorf("%s is %q, want %q", s.name, got, s.want)
		}
	}
}
