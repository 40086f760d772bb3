package app

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// lifeSign is a session by which others see that this process lives: when it is killed, they need not wait until
// its leases run out.
type lifeSign struct {
	pool   *pgxpool.Pool
	holder string
	conn   *pgx.Conn // nil if there is none yet
}

// show begins a session in place of the one before, which has ended.
func (s *lifeSign) show(ctx context.Context) error {
	s.end()
	// The session is none of the pool's, which have prepared their statements: the pool would lose one of these.
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
