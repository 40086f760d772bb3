package erase_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// These tests are about posts on the contact that wait in lanes of other conversations. An erasure doesn't stop these lanes,
// and they may stand still for ever, for example because their channel was archived.

// rootOfDay is the delivery that opens the thread of automatic mail. Zebra's out-of-office mail is posted in that thread
// (delivery 1003).
const rootOfDay = 1998

// stopThreadOfDay makes the thread of automatic mail one that was never opened, so that its posts wait behind its root.
func stopThreadOfDay(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE lanes SET head = 0, tail = 2, due_at = now() WHERE id = 1009`)
	exec(t, pool, `UPDATE deliveries SET seq = 2, state = 'queued', external_id = '' WHERE id = 1003`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES ($1, 1009, 1, 'root', now())`, rootOfDay)
}

// passSixDays lets six days pass, after which an erasure no longer waits for posts. It makes all earlier events older.
func passSixDays(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE erasures SET asked_at = asked_at - interval '6 days 1 hour'`)
	exec(t, pool, `UPDATE events SET received_at = received_at - interval '6 days 1 hour'`)
	exec(t, pool, `UPDATE blobs SET created_at = created_at - interval '6 days 1 hour'`)
}

// After six days, a post on the contact that stands still in a lane of another conversation is given up, and the erasure
// ends.
// Requirement R-276: Erase and export a person.
func TestErasureEndsThoughAnotherLaneStandsStill(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	stopThreadOfDay(t, pool)
	o := newOptions(t, pool)
	id := beginErasure(t, o, zebra())
	passSixDays(t, pool)

	runWithChats(t, o, id)

	checkForgotten(t, pool, zebra(), "after six days")
}
