package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/storetest"
)

// Looking whether leases are free costs no transaction id, which asking for them does, also
// where it is refused.
func TestLeaseCost(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprint("account:", i))
	}
	if got := must(store.TakeLeases(t.Context(), pool, names, "holder", 600))(t); len(got) != len(names) {
		t.Fatalf("%d of %d leases taken", len(got), len(names))
	}
	wrote := func(f func(tx pgx.Tx)) (yes bool) {
		t.Helper()
		tx := must(pool.Begin(t.Context()))(t)
		defer func() { check(t, tx.Rollback(t.Context())) }()
		f(tx)
		check(t, tx.QueryRow(t.Context(), `SELECT pg_current_xact_id_if_assigned() IS NOT NULL`).Scan(&yes))
		return yes
	}
	if wrote(func(tx pgx.Tx) {
		if held := must(store.FindLeases(t.Context(), tx, names, ""))(t); len(held) != len(names) || !held[0].Live || held[0].Holder != "holder" {
			t.Errorf("%d leases found, the first %+v", len(held), held[0])
		}
	}) {
		t.Error("looking at 1000 leases cost a transaction id")
	}
	if !wrote(func(tx pgx.Tx) {
		if got := must(store.TakeLeases(t.Context(), tx, names, "other", 600))(t); len(got) > 0 {
			t.Errorf("%d leases were taken from their holder, want none", len(got))
		}
	}) {
		t.Error("this test can't tell what costs a transaction id")
	}
}

// Of several leases those are taken that are free, and given back those that are one's own or
// ran out.
func TestLeases(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	take := func(holder string, names ...string) []string {
		t.Helper()
		got := must(store.TakeLeases(t.Context(), pool, names, holder, 60))(t)
		slices.Sort(got)
		return got
	}
	if got, want := take("a", "2", "1"), []string{"1", "2"}; !slices.Equal(got, want) {
		t.Errorf("free ones: %v, want %v", got, want)
	}
	if got, want := take("b", "1", "2", "3"), []string{"3"}; !slices.Equal(got, want) {
		t.Errorf("one of them free: %v, want %v", got, want)
	}
	exec(t, pool, `UPDATE leases SET until = clock_timestamp() - interval '1 s' WHERE name = '2'`)
	check(t, store.DropLeases(t.Context(), pool, []string{"1", "2", "3"}, "b"))
	left := must(store.FindLeases(t.Context(), pool, []string{"1", "2", "3"}, "none"))(t)
	if len(left) != 1 || left[0] != (store.Lease{Name: "1", Holder: "a", Live: true}) {
		t.Errorf("left: %v", left)
	}
	if all := must(store.FindLeases(t.Context(), pool, nil, "1"))(t); len(all) != 1 {
		t.Errorf("by prefix: %v, want one alone", all)
	}
}
