package records

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels/pause"
)

// This file plays somebody who reads the database for a long time, as pg_dump does. While such a reader is at work,
// PostgreSQL can't remove rows that were deleted since it began, and Parley must be able to live with that.

// readEvery is how often somebody who holds a snapshot checks that the server still answers.
const readEvery = 500 * time.Millisecond

// TakeSnapshot is the first query of a dump, which holds a snapshot for hours: rows that were removed since then
// can't be vacuumed.
const TakeSnapshot = `SELECT count(*) FROM accounts`

// ReadAll reads all tables and locks them against changes of the schema.
const ReadAll = `
	DO $$
	DECLARE
		name text;
	BEGIN
		FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
			EXECUTE 'LOCK TABLE ' || name || ' IN ACCESS SHARE MODE';
		END LOOP;
	END $$`

// HoldSnapshot runs a statement and keeps its snapshot until a time. It begins anew when the server ends.
func (d *Database) HoldSnapshot(ctx context.Context, until time.Time, statement string) error {
	for {
		err := readOnce(ctx, d.URL(), until, statement)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if time.Now().After(until.Add(time.Minute)) {
			return err
		}
		pause.For(ctx, readEvery)
	}
}

// readOnce is one attempt of HoldSnapshot. Errors: the server ended, or is not there.
func readOnce(ctx context.Context, url string, until time.Time, statement string) (err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("torture: snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()

	for _, sql := range []string{"BEGIN ISOLATION LEVEL REPEATABLE READ", statement} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("torture: snapshot: %w", err)
		}
	}

	for time.Now().Before(until) && pause.For(ctx, min(readEvery, time.Until(until))) {
		if err := conn.Ping(ctx); err != nil {
			return fmt.Errorf("torture: snapshot: %w", err)
		}
	}

	return nil
}
