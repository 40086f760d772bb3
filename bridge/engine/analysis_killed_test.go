package engine_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store/storetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// holdLocks locks what sql says in a transaction of its own until release is called, so that whoever wants it waits.
func (w *world) holdLocks(sql string) (release func()) {
	w.t.Helper()
	tx := storetest.Begin(w.t, w.pool)
	must(tx.Exec(w.t.Context(), sql))(w.t)
	release = func() {
		if err := tx.Rollback(w.t.Context()); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
			w.t.Error(err)
		}
	}
	return release
}

// Two replicas share the bursts: each is analysed once, and noted once.
func TestReplicasShareBursts(t *testing.T) {
	t.Parallel()
	const customers = 40
	r := wordReader()
	w := newWorld(t, options{engines: 2, analyzer: r})
	analyseAll := func() {
		t.Helper()
		w.waitDrained()
		w.analyseAllBursts()
		w.waitDrained()
	}
	for i := range customers {
		w.customerWrites(fmt.Sprintf("c%d", i), fmt.Sprintf("Where is #%d", 1000+i))
	}
	analyseAll()
	wantEqual(t, "analyses of one burst of each customer", len(r.questions()), customers)
	for i := range customers {
		w.customerWrites(fmt.Sprintf("c%d", i), "I am angry")
	}
	analyseAll()

	wantEqual(t, "analyses of two bursts of each customer", len(r.questions()), 2*customers)
	const tornConversations = `
		SELECT count(*) FROM (
			SELECT 1 FROM events
			WHERE external_id LIKE 'analysis:%'
			GROUP BY split_part(external_id, ':', 2)
			HAVING count(DISTINCT order_key) > 1) AS torn`
	wantEqual(t, "conversations whose findings are not applied in order", w.count(tornConversations), 0)
	for i := range customers { // the second analysis changed the note of the first one
		w.wantNote(w.waitThread(fmt.Sprintf("Where is #%d", 1000+i)), 1, "negative", fmt.Sprintf("order %d", 1000+i))
	}
}
