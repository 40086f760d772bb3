package relay

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// applier takes events from the journal and applies them, in its own database session. While it works on the
// events of a queue, it is the queue's holder: the queue's row contains the number of its session. When the
// session ends, for whatever reason, other appliers may take these events.
type applier struct {
	*Relay
	conn   *pgxpool.Conn // nil without a session
	holder int           // identifies this applier in the rows of queues
	lost   *atomic.Bool  // set once another process presumed this applier dead and freed its events
}

// ensureSession makes sure that the applier has a usable session.
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

// isUsable reports whether the session can take events: it is not lost, still open, and in no transaction.
func (a *applier) isUsable() bool {
	const idle = 'I' // PostgreSQL's status for "no transaction"
	if a.lost.Load() {
		return false
	}
	conn := a.conn.Conn()
	return !conn.IsClosed() && conn.PgConn().TxStatus() == idle
}

// dropSession closes the session immediately, even if a goroutine is still using it.
func (a *applier) dropSession() {
	a.holders.drop(a.holder)
	closeSession(a.conn)
	a.conn = nil
}

// dropAnySession closes the session, if there is one. That frees all events that the applier still holds.
func (a *applier) dropAnySession() {
	if a.conn != nil {
		a.dropSession()
	}
}

// closeSession closes the network connection, so that PostgreSQL notices at once and releases the session's
// locks. An abandoned goroutine may still be using the connection.
func closeSession(conn *pgxpool.Conn) {
	raw := conn.Hijack()
	_ = raw.PgConn().Conn().Close()
}

// returnTimeout limits how long returning the session may take during shutdown.
const returnTimeout = 2 * time.Second

// returnSession returns the session, if there is one, to the pool during shutdown.
func (a *applier) returnSession(ctx context.Context) {
	if a.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), returnTimeout)
	defer cancel()
	if err := store.DropHolder(ctx, a.conn, a.holder); err != nil {
		a.dropSession() // ending the session frees its events as well
		return
	}
	a.holders.drop(a.holder)
	a.conn.Release()
	a.conn = nil
}
