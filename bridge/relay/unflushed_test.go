package relay_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/storetest"
)

// noteFlushes makes the table flushes. For each queue that becomes empty it has the synchronous_commit of the
// transaction that removed the queue's row.
func (h *harness) noteFlushes() {
	h.t.Helper()
	// The test server has synchronous_commit off. Sessions that begin from now on have it on, as in production.
	h.exec(`DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END$$`)
	h.exec(`CREATE TABLE flushes (synchronous_commit text)`)
	h.exec(`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			INSERT INTO flushes VALUES (current_setting('synchronous_commit'));
			RETURN OLD;
		END $$`)
	h.exec(`CREATE TRIGGER note BEFORE DELETE ON queues FOR EACH ROW EXECUTE FUNCTION note()`)
}

// If applying events changed nothing, their commit doesn't wait for the disk, because they can be applied again after a
// crash. Every other commit waits, even if it only locked a row.
func TestOnlyEffectsAreFlushed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		sql  string // what applying the event does
		want string // expected synchronous_commit
	}{
		{name: "reads", sql: `SELECT name FROM changed`, want: "off"},
		{name: "writes", sql: `INSERT INTO changed VALUES ('more')`, want: "on"},
		{name: "locks", sql: `SELECT name FROM changed FOR UPDATE`, want: "on"},
		{name: "reads after others have written", sql: `SELECT name FROM changed`, want: "off"},
	}
	h := newHarnessOn(t, storetest.DB(t))
	h.withoutEffects = true // the harness itself writes nothing
	h.noteFlushes()
	h.exec(`CREATE TABLE changed (name text)`)
	h.exec(`INSERT INTO changed VALUES ('row')`)

	statements := map[string]string{} // by the name of the event
	for _, tt := range tests {
		statements[tt.name] = tt.sql
	}

	h.apply = func(ctx context.Context, tx pgx.Tx, events []store.Event) error {
		for _, e := range events {
			if _, err := tx.Exec(ctx, statements[e.ExternalID]); err != nil {
				return err
			}
		}
		return nil
	}
	h.start()
	for _, tt := range tests { // one by one, so that each has its own commit
		h.accept(fact("k", tt.name))
		h.waitValue("queues in which something waits", 0, `SELECT count(*) FROM queues`)
		h.wantValue("synchronous_commit of an event that "+tt.name, tt.want, `SELECT string_agg(synchronous_commit, ' ') FROM flushes`)
		h.exec(`DELETE FROM flushes`)
	}
}
