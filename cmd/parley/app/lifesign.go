package app

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// lifeSign is a session of PostgreSQL that ends with this process. By its end other processes see that this one was killed, so that
// they take over its accounts at once, and don't wait until its leases run out.
type lifeSign struct {
	pool   *pgxpool.Pool
	holder string
	conn   *pgx.Conn // nil if there is none yet
}

// show begins a session in place of the one before, which has ended.
func (s *lifeSign) show(ctx context.Context) error {
	s.end()
	// The session is not taken from the pool, whose sessions are worth keeping: they have prepared their statements.
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return err
	}
	if err := store.ShowLife(ctx, conn, s.holder); err != nil {
		closeNow(conn)
		return err
	}
	s.conn = conn
	return nil
}

// end ends the session, if there is one.
func (s *lifeSign) end() {
	if s.conn != nil {
		closeNow(s.conn)
		s.conn = nil
	}
}

// closeNow closes a connection without waiting for the server.
func closeNow(conn *pgx.Conn) { _ = conn.PgConn().Conn().Close() }
