package relay

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// applier takes events and applies them in a database session of its own. When the session ends, for
// whatever reason, the events that it took are free for others.
type applier struct {
	*Relay
	conn   *pgxpool.Conn // nil = none
	holder int           // its name in the queues
	lost   *atomic.Bool  // another process took it for dead and freed its events
}

// begin makes sure that the applier has a session.
func (a *applier) begin(ctx context.Context) error {
	if a.conn != nil && (a.lost.Load() || a.conn.Conn().IsClosed() || a.conn.Conn().PgConn().TxStatus() != 'I') {
		a.abandon()
	}
	if a.conn != nil {
		return renewPlans(ctx, a.conn.Conn())
	}
	conn, err := a.hot.Acquire(ctx)
	if err != nil {
		return err
	}
	holder, err := store.AddHolder(ctx, conn, holderLasts)
	if err != nil {
		closeSession(conn)
		return err
	}
	a.conn, a.holder, a.lost = conn, holder, a.holders.add(holder)
	return nil
}

// abandon ends the session at once, even while a goroutine uses it.
func (a *applier) abandon() {
	a.holders.drop(a.holder)
	closeSession(a.conn)
	a.conn = nil
}

// endSession ends the applier's session, if it has one: so what it could not give back is free for others.
func (a *applier) endSession() {
	if a.conn != nil {
		a.abandon()
	}
}

// closeSession ends a session so that PostgreSQL notices at once: what it locked is free. Its
// connection may be in use by a goroutine that nobody waits for.
func closeSession(conn *pgxpool.Conn) {
	raw := conn.Hijack()
	_ = raw.PgConn().Conn().Close()
}

// end gives the session back when the process stops.
func (a *applier) end(ctx context.Context) {
	if a.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := store.DropHolder(ctx, a.conn, a.holder); err != nil {
		a.abandon() // others find that its session has ended
		return
	}
	a.holders.drop(a.holder)
	a.conn.Release()
	a.conn = nil
}
