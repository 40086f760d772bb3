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

// startCountingRows counts the rows that are written from now on, by table. It leaves out the tables of figures and of
// processes, which depend on how long a test takes.
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

// rowsOfRelaying lets customers write and get an answer, one after the other. It returns the rows that were written for
// that, by table. No analysis runs meanwhile: no burst (texts that are analysed together) becomes due.
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

// While messages are analysed, their way from the customer to the thread and back may cost at most a twentieth more. The
// analysis has its own jobs. The test counts rows, since times differ too much on a busy machine.
// Requirement R-178: Each message is looked at.
func TestRelayBesideAnalysis(t *testing.T) {
	t.Parallel()
	const customers, most = 4, 1.05
	// This is the production value. With a shorter one, the number of updates of a card would depend on the machine's
	// speed.
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
