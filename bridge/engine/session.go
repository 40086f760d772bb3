package engine

import (
	"github.com/jackc/pgx/v5"

	"parley/store"
)

// idsKey is the key under which a database session has the ids that it has reserved and not used, in its CustomData.
const idsKey = "parley.ids"

// idsOf returns the ids that earlier batches reserved in the session of tx and did not use. After a failover to a standby that lacks the
// last commits, the database reserves the same ids again, and gates (rows with the budgets of providers) may be gone. A failover ends all
// sessions. So ids are kept with their session, and a new session makes the engine forget which gates it knows.
func (e *Engine) idsOf(tx pgx.Tx) *store.IDs {
	session := tx.Conn().PgConn().CustomData()
	ids, known := session[idsKey].(*store.IDs)
	if !known {
		ids = &store.IDs{}
		session[idsKey] = ids
		e.gates.Forget()
	}
	return ids
}
