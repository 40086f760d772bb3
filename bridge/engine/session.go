package engine

import (
	"github.com/jackc/pgx/v5"

	"parley/store"
)

// idsKey is the key under which a database session has its reservedIDs, in its CustomData.
const idsKey = "parley.ids"

// reservedIDs are ids that batches of an engine have reserved in a session, and not used.
type reservedIDs struct {
	engine *Engine
	ids    *store.IDs
}

// idsOf returns the ids that earlier batches reserved in the session of tx and did not use. After a failover to a standby that lacks the
// last commits, the database reserves the same ids again, and gates (rows with the budgets of providers) may be gone. A failover ends all
// sessions. So ids are kept with their session, and a new session makes the engine forget which gates it knows. Another engine's ids
// don't count: between the two, the database may have been restored.
func (e *Engine) idsOf(tx pgx.Tx) *store.IDs {
	session := tx.Conn().PgConn().CustomData()
	if kept, ok := session[idsKey].(reservedIDs); ok && kept.engine == e {
		return kept.ids
	}

	e.gates.Forget()
	ids := &store.IDs{}
	session[idsKey] = reservedIDs{engine: e, ids: ids}
	return ids
}
