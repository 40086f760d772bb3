package app_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store/storetest"
)

// What an administrator chose for a database doesn't change what Parley's statements mean, nor how long they may take.
func TestSettingsOfTheDatabase(t *testing.T) {
	t.Parallel()
	env := environment(t)
	chosen := map[string]string{
		"datestyle":                     "German, DMY",
		"client_encoding":               "LATIN1",
		"standard_conforming_strings":   "off",
		"default_transaction_isolation": "serializable",
		"statement_timeout":             "5s",
		"lock_timeout":                  "500ms",
		"idle_session_timeout":          "3s",
		"synchronous_commit":            "off",
	}
	admin, err := pgx.Connect(t.Context(), env.DatabaseURL)
	storetest.Check(t, err)
	var hasTransactionTimeout bool // from PostgreSQL 17 on
	storetest.Check(t, admin.QueryRow(t.Context(), `SELECT current_setting('transaction_timeout', true) IS NOT NULL`).Scan(&hasTransactionTimeout))
	if hasTransactionTimeout {
		chosen["transaction_timeout"] = "5s"
	}
	for name, value := range chosen {
		storetest.Exec(t, admin, fmt.Sprintf(`ALTER DATABASE %s SET %s = '%s'`, admin.Config().Database, name, value))
	}
	storetest.Check(t, admin.Close(t.Context()))

	db := openDatabase(t, env)
	for name, value := range chosen {
		var got string
		storetest.Check(t, db.Pool.QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&got))
		if got == value {
			t.Errorf("%s is %s, as the database's administrator chose", name, got)
		}
	}
}
