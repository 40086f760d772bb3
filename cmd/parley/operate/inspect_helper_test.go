package operate_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup"
	"parley/store"
	"parley/store/storetest"
)

func inspectCheck(t *testing.T, errs ...error) {
	t.Helper()
	storetest.Check(t, errors.Join(errs...))
}

func sealer(t *testing.T, key string) *store.Sealer {
	t.Helper()
	return must(store.NewSealer(key))(t)
}

const masterKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// configured returns a database with what a file says.
func configured(t *testing.T, file string, o setup.Options) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	f := must(setup.Parse([]byte(file), func(string) (string, bool) { return "", false }))(t)
	o.Sealer = sealer(t, masterKey)
	must(setup.Apply(t.Context(), pool, f, o))(t)
	return pool
}

// nine is when the stories begin.
func nine() time.Time { return time.Date(2020, 11, 20, 9, 0, 0, 0, time.UTC) }

func after(seconds float64) time.Time {
	return nine().Add(time.Duration(seconds * float64(time.Second)))
}

func at(seconds float64) *time.Time { t := after(seconds); return &t }

func detail(t *testing.T, values map[string]any) json.RawMessage {
	t.Helper()
	if values == nil {
		values = map[string]any{}
	}
	return must(json.Marshal(values))(t)
}

// journal stores an event and gives its id.
func journal(t *testing.T, pool *pgxpool.Pool, e store.NewEvent) store.EventID {
	t.Helper()
	must(store.InsertEvents(t.Context(), pool, []store.NewEvent{e}))(t)
	var id store.EventID
	inspectCheck(t, pool.QueryRow(t.Context(), `SELECT id FROM events
		WHERE account_id = $1 AND external_id = $2`, e.AccountID, e.ExternalID).Scan(&id))
	return id
}

// stopClocks returns what has the database's time a fixed one.
func stopClocks(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	for _, sql := range []string{
		`UPDATE events SET received_at = '2020-11-20 09:10:00+00'`,
		`UPDATE quarantine SET at = '2020-11-20 09:11:00+00'`,
	} {
		must(pool.Exec(t.Context(), sql))(t)
	}
}
