package demo

import (
	"context"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/relay"
	"parley/cmd/parley/app"
	"parley/store/storetest"
)

// lent is a database for one story. Earlier stories of any suite have used it, and their sessions serve this one, too: those
// know the tables and have prepared the statements.
type lent struct {
	db  *app.Database // migrated, but for its master key
	url string
	// sessions are those of the relays of replicas, one after the other.
	sessions []*pgxpool.Pool
	t        testing.TB
	pool     *pgxpool.Pool // by which storetest knows the database
}

// lend returns a database until the end of a story.
func lend(story testing.TB) *lent {
	story.Helper()
	pool := storetest.Reused(story)
	d := &lent{url: pool.Config().ConnString(), t: story, pool: pool}
	open := func(ctx context.Context, _ *pgxpool.Pool) (*pgxpool.Pool, error) {
		db, err := app.OpenDatabase(ctx, app.Env{DatabaseURL: d.url}, slog.New(slog.DiscardHandler), func(string) {})
		if err != nil {
			return nil, err
		}
		return db.Pool, nil
	}
	d.db = &app.Database{Pool: storetest.Further(story, pool, "parley", open)}
	return d
}

// sessionsOf returns the sessions of a replica's relay; the first is 0.
func (d *lent) sessionsOf(replica int) *pgxpool.Pool {
	open := func(ctx context.Context, _ *pgxpool.Pool) (*pgxpool.Pool, error) {
		return relay.OpenSessions(ctx, d.db.Pool)
	}
	for len(d.sessions) <= replica {
		d.sessions = append(d.sessions, storetest.Further(d.t, d.pool, "relay", open))
	}
	return d.sessions[replica]
}
