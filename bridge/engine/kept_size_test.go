package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/measure"
	"parley/store/storetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// runRetention does what the hourly runs of retention do, until nothing is left to do.
func (w *world) runRetention() {
	w.t.Helper()
	const month = 30 * 24 * time.Hour
	for _, round := range []struct {
		batch func(context.Context, *pgxpool.Pool, time.Duration) (store.Emptied, error)
		keep  time.Duration
	}{
		{batch: store.KeepSeen, keep: month - time.Hour},
		{batch: store.EmptyEvents, keep: month},
		{batch: store.EmptyRetained},
		{batch: store.DropEmptied},
		{batch: store.DropPassing, keep: 24 * time.Hour},
		{batch: store.TidyConversations, keep: 2 * month},
		{batch: store.DropReactions, keep: month},
	} {
		for more := true; more; {
			more = must(round.batch(w.t.Context(), w.pool, round.keep))(w.t).More
		}
	}
	for more := true; more; {
		more = must(measure.CloseDay(w.t.Context(), w.pool, 6*month))(w.t)
	}
}

// tableNames returns the names of the tables.
func (w *world) tableNames() []string {
	w.t.Helper()
	var names []string
	check(w.t, w.pool.QueryRow(w.t.Context(), `SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = 'public'`).Scan(&names))
	return names
}

// tableSizes returns the size of each table with its indexes, once it is compact. The unit is bytes, in whole pages.
func (w *world) tableSizes() map[string]int {
	w.t.Helper()
	sizes := map[string]int{}
	for _, name := range w.tableNames() {
		must(w.pool.Exec(w.t.Context(), `VACUUM FULL `+name))(w.t)
		sizes[name] = w.count(`SELECT pg_total_relation_size('` + name + `')`)
	}
	return sizes
}

// tableRowBytes returns the bytes in the rows of each table, without its indexes.
func (w *world) tableRowBytes() map[string]int {
	w.t.Helper()
	sizes := map[string]int{}
	for _, name := range w.tableNames() {
		sizes[name] = w.count(`SELECT coalesce(sum(pg_column_size(kept)), 0) FROM ` + name + ` AS kept`)
	}
	return sizes
}

// A year later little is left of a conversation besides what was said and done: at most 7.5 kB for three messages and
// two receipts. The conversation goes on when the customer writes again, and facts that a provider brings again are
// still recognised. The short form has fewer customers, for whom half-empty pages would count too much. So it counts
// the bytes in the rows: at most 3.7 kB, of which the words for searches take a quarter.
func TestGrowth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	customers, most, sizes := 30, 3700, w.tableRowBytes
	if storetest.LongForm() {
		customers, most, sizes = 300, 7500, w.tableSizes
	}
	// The rows of these tables belong to channels, processes and days. How many pages they take depends on how long the
	// test takes.
	ofOthers := map[string]bool{"gates": true, "holders": true, "measure_days": true, "measure_spans": true, "measure_spreads": true}
	empty := sizes()
	numberOf := func(customer int) string { return fmt.Sprint("+4917012345", customer) }

	// Each customer asks, gets a reply, and says thanks.
	for c := range customers {
		w.customerSends(chat, channelstest.Event{From: numberOf(c), Name: "Kim Example", Text: fmt.Sprintf(
			"Hello, my order %d did not arrive yet and I would like to know what happened to it; it was said to come on Monday.", c)})
	}
	w.waitDrained()
	for c := range customers {
		w.reply(w.waitThread(fmt.Sprintf("my order %d did", c)),
			fmt.Sprintf("Reply %d: I am looking into it and will come back to you within the hour.", c))
	}
	w.waitDrained()
	for c := range customers {
		w.customerSends(chat, channelstest.Event{
			ID:   fmt.Sprint("thanks", c),
			From: numberOf(c),
			Text: fmt.Sprintf("Thanks %d, I will wait for your answer then.", c),
		})
	}
	w.waitDrained()

	// Each reply is delivered and read, and each conversation is resolved.
	for _, sent := range w.provider.Sent() {
		w.reportStatus(channelstest.Event{ID: sent.ID + "d", State: "delivered", External: []string{sent.ID}})
		w.reportStatus(channelstest.Event{ID: sent.ID + "r", State: "read", External: []string{sent.ID}})
	}
	w.waitDrained()
	for c := range customers {
		w.chat.Choose("ann", support, w.waitThread(fmt.Sprintf("my order %d did", c)), bridge.VerbResolve)
	}
	w.waitDrained()

	// A year passes.
	check(t, store.MoveClock(t.Context(), w.pool, 365*24*time.Hour))
	w.waitDrained()

	costs := map[string]int{}
	cost := func() (total int) {
		for name, bytes := range sizes() {
			costs[name] = max(bytes-empty[name], 0) / customers
			if !ofOthers[name] {
				total += costs[name]
			}
		}
		return total
	}

	// The test waits, because somebody may still read rows that are to be removed.
	w.repeatUntil("little is left", w.runRetention, func() bool { return cost() <= most })
	t.Logf("%d bytes a conversation: %v", cost(), costs)

	// The first customer's thanks come a second time, and she writes again.
	before := w.count(`SELECT count(*) FROM messages`)
	w.customerSends(chat, channelstest.Event{ID: "thanks0", From: numberOf(0), Text: "Thanks 0, I will wait for your answer then."})
	w.customerSends(chat, channelstest.Event{From: numberOf(0), Text: "It is me again"})
	thread := w.waitThread("It is me again")
	w.waitFate(w.reply(thread, "Welcome back"), "out")
	wantEqual(t, "messages that came: what is new and its reply", w.count(`SELECT count(*) FROM messages`)-before, 2)
}
