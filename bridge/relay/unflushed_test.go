package relay_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// A commit of events that changed nothing doesn't wait for the disk: after a crash they are applied once more. Every
// other one does, also if it only locked a row.
func TestOnlyEffectsAreFlushed(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.silent = true                                                                                                 // the commits are without effects
	s.exec(`DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END$$`) // of sessions from now on
	s.exec(`CREATE TABLE commits (key text, flushed text)`)
	s.exec(`CREATE TABLE changed (name text)`)
	s.exec(`INSERT INTO changed VALUES ('row')`)
	s.exec(`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
		$$BEGIN INSERT INTO commits VALUES (OLD.key, current_setting('synchronous_commit')); RETURN OLD; END$$`)
	s.exec(`CREATE TRIGGER note BEFORE DELETE ON queues FOR EACH ROW EXECUTE FUNCTION note()`)
	s.apply = func(ctx context.Context, tx pgx.Tx, events []store.Event) error {
		for _, e := range events {
			sql := `SELECT name FROM changed`
			switch {
			case strings.HasSuffix(e.OrderKey, "writes"):
				sql = `INSERT INTO changed VALUES ('more')`
			case strings.HasSuffix(e.OrderKey, "locks"):
				sql += ` FOR UPDATE`
			}
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	}
	s.start()
	for _, key := range []string{"reads", "writes", "locks", "reads"} {
		check(t, s.Accept(t.Context(), 7, fact(key, key+s.text(`SELECT count(*) FROM commits`))))
		s.waitText("0", `SELECT count(*) FROM queues`)
	}
	s.wantText("7/reads off, 7/writes on, 7/locks on, 7/reads off", `SELECT string_agg(key || ' ' || flushed, ', ' ORDER BY ctid) FROM commits`)
}
