package operate_test

import (
	"testing"

	"parley/cmd/parley/operate"
	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// An erasure is in the list as soon as it has begun. Once the database has forgotten the customer, its record is replaced by one
// with all facts, also where the list is merged into another one.
// Requirement R-276: Erase and export a person.
func TestBegunErasureIsListed(t *testing.T) {
	t.Parallel()
	const id = "6f0d8c1e-3b5a-4c7d-9e2f-1a2b3c4d5e6f"
	pool := storetest.DB(t)
	o := erase.Options{Pool: pool, Sealer: must(store.NewSealer(store.NewMasterKey()))(t)}
	must(erase.LoadKey(t.Context(), pool, o.Sealer))(t)
	list, merged := operate.ErasuresIn(t.TempDir()), operate.ErasuresIn(t.TempDir())
	wantRecord := func(l operate.Erasures, begun bool, facts int) {
		t.Helper()
		records := must(l.Read())(t)
		if len(records) != 1 || records[0].Begun != begun || len(records[0].Facts) != facts {
			t.Errorf("the list has %+v, want one record with %d facts, begun only: %t", records, facts, begun)
		}
	}

	exec(t, pool, `INSERT INTO erasures (id, contacts, hashes, asked_by, asked_at) VALUES ($1, '{7}', '{}', 'ann@acme.test', now())`, id)
	for range 2 { // the second time nothing is missing
		check(t, list.Keep(t.Context(), o))
	}
	wantRecord(list, true, 0)
	check(t, merged.AddMissing(must(list.Read())(t)))
	wantRecord(merged, true, 0)

	exec(t, pool, `INSERT INTO erased_facts (account_id, fact, erasure_id) VALUES (1, gen_random_uuid(), $1)`, id)
	exec(t, pool, `UPDATE erasures SET done_at = now() WHERE id = $1`, id)
	check(t, list.Keep(t.Context(), o))
	wantRecord(list, false, 1)
	check(t, list.Add(erase.Record{Erasure: id, Begun: true})) // another process looked before
	wantRecord(list, false, 1)
	check(t, merged.AddMissing(must(list.Read())(t)))
	wantRecord(merged, false, 1)
}
