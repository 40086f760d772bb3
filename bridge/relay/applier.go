package relay

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// applier takes events from the journal and applies them, in a database session of its own. While it works on the events
// of a queue, the queue's row names it as the holder, by the number of its session. When the session ends, for whatever
// reason, other appliers may take these events.
type applier struct {
	*Relay
	conn   *pgxpool.Conn // nil while there is no session
	holder int           // the number that names this applier in the rows of queues
	lost   *atomic.Bool  // true once another process took this applier for dead and freed its events
}

// ensureSession makes sure that the applier has a session that can take events.
func (a *applier) ensureSession(ctx context.Context) error {
	if a.conn != nil && !a.isUsable() {
		a.dropSession()
	}
	if a.conn != nil {
		return renewPlans(ctx, a.conn.Conn())
	}

	conn, err := a.sessions.Acquire(ctx)
	if err != nil {
		return err
	}

	holder, err := store.AddHolder(ctx, conn, signLasts)
	if err != nil {
		closeSession(conn)
		return err
	}

	a.conn = conn
	a.holder = holder
	a.lost = a.holders.add(holder)
	return nil
}

// isUsable reports whether the session can take events: its earlier events are still its own, and it is in no transaction.
func (a *applier) isUsable() bool {
	const idle = 'I' // PostgreSQL's status of a session that is in no transaction
	if a.lost.Load() {
		return false
	}
	conn := a.conn.Conn()
	return !conn.IsClosed() && conn.PgConn().TxStatus() == idle
}

// dropSession ends the session at once, even while a goroutine uses it.
func (a *applier) dropSession() {
	a.holders.drop(a.holder)
	closeSession(a.conn)
	a.conn = nil
}

// dropAnySession ends the applier's session, if it has one. So events that it could not give back are free for others.
func (a *applier) dropAnySession() {
	if a.conn != nil {
		a.dropSession()
	}
}

// closeSession ends a session so that PostgreSQL notices at once: what it locked is free. Its
// connection may be in use by a goroutine that nobody waits for.
func closeSession(conn *pgxpool.Conn) {
	raw := conn.Hijack()
	_ = raw.PgConn().Conn().Close()
}

// returnTimeout is how long giving a session back may take while the process stops.
const returnTimeout = 2 * time.Second

// returnSession gives the session, if there is one, back to the pool when the process stops.
func (a *applier) returnSession(ctx context.Context) {
	if a.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), returnTimeout)
	defer cancel()
	if err := store.DropHolder(ctx, a.conn, a.holder); err != nil {
		a.dropSession() // others find that its session has ended
		return
	}
	a.holders.drop(a.holder)
	a.conn.Release()
	a.conn = nil
}
