package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/analysis/offline"
	"parley/store/storetest"
)

// startCountingRows lets the rows that are written from now on be counted by their tables, but those of figures and of processes, which
// depend on how long a test takes.
func (w *world) startCountingRows() {
	w.t.Helper()
	w.exec(`CREATE TABLE written (relation text NOT NULL)`)
	w.exec(`CREATE FUNCTION count_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO written
		VALUES (TG_TABLE_NAME); RETURN NULL; END $$`)
	w.exec(`DO $$ DECLARE r record; BEGIN
		FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'measure%'
				AND tablename NOT IN ('written', 'gates', 'holders', 'leases', 'outages', 'retention') LOOP
			EXECUTE format('CREATE TRIGGER count_row AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION count_row()', r.tablename);
		END LOOP; END $$`)
}

// rowsWritten returns how many rows were written since startCountingRows, by table.
func (w *world) rowsWritten() map[string]int {
	w.t.Helper()
	type count struct {
		Table string
		Rows  int
	}
	list := storetest.Rows(w.t, w.pool, pgx.RowToStructByPos[count], `SELECT relation, count(*) FROM written GROUP BY relation`)
	found := map[string]int{}
	for _, c := range list {
		found[c.Table] = c.Rows
	}
	return found
}

// rowsOfRelaying lets customers write and get an answer, one after the other, and returns the rows that were written for it, by table.
// What an analysis finds later isn't on a message's way: no burst gets due here.
func rowsOfRelaying(t *testing.T, o options, customers int) map[string]int {
	t.Helper()
	w := newWorld(t, o)
	w.startCountingRows()
	for i := range customers {
		asked := fmt.Sprint("Where is my order ", 4711000+i)
		w.customerWrites(fmt.Sprint("kim", i), asked)
		at := w.waitThread(asked)
		w.waitDrained()
		w.reply(at, fmt.Sprint("It is on its way ", i))
		w.eventually("the answer leaves", func() bool { return len(w.provider.Sent()) == i+1 })
		w.waitDrained()
	}
	return w.rowsWritten()
}

// That messages are analysed costs their own way through Parley, from the customer to the thread and back, no more than
// one row of twenty: what is found comes later, and in jobs of its own. Rows are counted, since clocks of machines that do
// other work can't tell a twentieth.
//
func TestRelayBesideAnalysis(t *testing.T) {
	t.Parallel()
	const customers, most = 4, 1.05
	// As in production: how often a card is written anew that is changed again soon mustn't depend on how fast a machine is.
	const cards = 1500 * time.Millisecond
	without, with := rowsOfRelaying(t, options{cardWait: cards}, customers),
		rowsOfRelaying(t, options{cardWait: cards, analyzer: offline.New()}, customers)
	wantEqual(t, "bursts without an analyzer", without["bursts"], 0)
	wantEqual(t, "bursts with one", with["bursts"], customers)
	sum := func(rows map[string]int) (n int) {
		for _, k := range rows {
			n += k
		}
		return n
	}
	ratio := float64(sum(with)) / float64(sum(without))
	t.Logf("%d rows without analysis, %d with it: %.3f", sum(without), sum(with), ratio)
	if ratio > most {
		for _, table := range slices.Sorted(maps.Keys(with)) {
			t.Logf("%s: %d, then %d", table, without[table], with[table])
		}
		t.Errorf("with analysis a message's way costs %.3f of what it costs without, want at most %.2f", ratio, most)
	}
}
