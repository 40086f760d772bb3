package relay

import (
	"github.com/jackc/pgx/v5"

	"parley/store/dispatch"
)

// This file gives the tests of package relay_test what they need of the inside of a Relay.

// Callers returns how many callers of Accept wait for their facts to be stored.
func (r *Relay) Callers() int {
	r.queue.mu.Lock()
	defer r.queue.mu.Unlock()
	return r.queue.callers
}

// WakeFor tells the dispatcher of a gate behind which a lane became due.
func (r *Relay) WakeFor(due dispatch.GateDue) { r.wakeFor(Made{Due: []dispatch.GateDue{due}}) }

// Refused reports whether an error is an answer of the database to what it was given.
func Refused(err error) bool { return isRefusal(err) }

// MakePlansDue makes the next use of a session begin with new plans.
func MakePlansDue(conn *pgx.Conn) { conn.PgConn().CustomData()[plansKey] = plans{} }
