package retention_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/retention"
	"parley/store/storetest"
)

var check, exec, row = storetest.Check, storetest.Exec, storetest.Row

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }

// announced checks what the page about retention says before anything goes.
func announced(t testing.TB, pool *pgxpool.Pool, want retention.Due) {
	t.Helper()
	kept := retention.Periods{Payloads: month, Passing: 24 * time.Hour, Ended: 2 * month}
	for _, n := range []*int64{&want.Events, &want.Passing, &want.Lanes, &want.Reactions, &want.Texts, &want.Told, &want.Direct} {
		*n = min(*n, retention.MaxDue)
	}
	if due := must(retention.Preview(t.Context(), pool, kept))(t); due != want {
		t.Errorf("announced is %+v, want %+v", due, want)
	}
}
