package torture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels/wire"
)

// This file simulates a long read of the database, such as pg_dump. As long as the reader's snapshot exists, PostgreSQL
// can't vacuum rows that were deleted since it was taken. Parley must keep working nevertheless.

// readEvery is the interval at which the holder of a snapshot checks that the server still responds.
const readEvery = 500 * time.Millisecond

// TakeSnapshot is a statement that takes a snapshot, as the first query of a dump does.
const TakeSnapshot = `SELECT count(*) FROM accounts`

// ReadAll is a statement that takes a snapshot and locks all tables against changes of the schema, as pg_dump does.
const ReadAll = `
	DO $$
	DECLARE
		name text;
	BEGIN
		FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
			EXECUTE 'LOCK TABLE ' || name || ' IN ACCESS SHARE MODE';
		END LOOP;
	END $$`

// HoldSnapshot executes a statement and keeps its snapshot until the given time. If the server ends, it starts again. It
// returns the last error if that still fails a minute after until.
func (d *Database) HoldSnapshot(ctx context.Context, until time.Time, statement string) error {
	for {
		err := readOnce(ctx, d.URL(), until, statement)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if time.Now().After(until.Add(time.Minute)) {
			return err
		}
		wire.For(ctx, readEvery)
	}
}

// readOnce is one attempt of HoldSnapshot. It returns an error if the server ends or can't be reached.
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

	for time.Now().Before(until) && wire.For(ctx, min(readEvery, time.Until(until))) {
		if err := conn.Ping(ctx); err != nil {
			return fmt.Errorf("torture: snapshot: %w", err)
		}
	}

	return nil
}
