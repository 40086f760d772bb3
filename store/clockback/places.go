package clockback

import "fmt"

// The clocks by which a column says a time.
const (
	parleysClock   = `(SELECT parley_now())`
	databasesClock = `(SELECT clock_timestamp())`
)

// place is a column that says from when on something goes on.
type place struct {
	table, column string
	clock         string
	least         string // what lies no further in the future than this is left alone
}

const (
	// Who tries something too early finds that out at once: what is due, a provider that is asked again.
	harmless = `interval '1 minute'`
	// Who counts somebody's lease as over while it isn't does his work a second time. No lease is this long but those of
	// lanes, which say how long they are.
	lease     = `interval '15 minutes'`
	laneLease = `make_interval(secs => 60 + lease_seconds)`
)

// lanePlaces are such columns of lanes.
func lanePlaces() []place {
	return []place{
		{"lanes", "due_at", parleysClock, harmless},
		{"lanes", "rest_until", parleysClock, harmless},
		{"lanes", "leased_until", databasesClock, laneLease},
	}
}

// places are all others, but those of queues and deliveries.
func places() []place {
	return []place{
		{"gates", "next_at", databasesClock, harmless},
		{"gates", "wide_next_at", databasesClock, harmless},
		{"fetches", "due_at", parleysClock, harmless},
		{"fetches", "leased_until", databasesClock, lease},
		{"bursts", "due_at", parleysClock, harmless},
		{"bursts", "leased_until", databasesClock, lease},
		{"text_requests", "due_at", parleysClock, harmless},
		{"text_requests", "leased_until", databasesClock, lease},
		{"templates", "todo_at", parleysClock, harmless},
		{"templates", "leased_until", databasesClock, lease},
		{"template_lists", "due_at", parleysClock, harmless},
		{"template_lists", "leased_until", databasesClock, lease},
		{"notices", "due_at", parleysClock, harmless},
		{"notices", "leased_until", databasesClock, lease},
		{"channel_moves", "leased_until", databasesClock, lease},
		{"leases", "until", databasesClock, lease},
		{"holders", "until", databasesClock, lease},
		{"openings", "free_at", parleysClock, harmless},
		{"replying", "until", parleysClock, lease},
		{"grants", "renew_at", databasesClock, harmless},
		{"grants", "expires_at", databasesClock, harmless},
	}
}

// sql is the statement that brings a place back. Nothing goes back further than to now, and what is due at no time
// (infinity) stays so.
func (p place) sql() string {
	return fmt.Sprintf(`UPDATE %[1]s SET %[2]s = greatest(%[3]s, %[2]s - make_interval(secs => @back))
		WHERE %[2]s > %[3]s + %[4]s AND %[2]s < 'infinity'`, p.table, p.column, p.clock, p.least)
}

// mendDeliveries brings back what waits in lanes: the holds, which end no earlier than they would have, and the times of an
// attempt whose answer is looked for. The latter count from now on, so that nobody looks before the attempt is over.
const mendDeliveries = `
	WITH t AS MATERIALIZED (
		SELECT parley_now() AS now, clock_timestamp() AS real
	)
	UPDATE deliveries AS d
	SET not_before = CASE WHEN d.not_before > t.now + interval '15 minutes' THEN greatest(t.now, d.not_before - make_interval(secs => @back)) ELSE d.not_before END,
		first_at = CASE WHEN d.first_at > t.real THEN t.real ELSE d.first_at END,
		sent_at = CASE WHEN d.sent_at > t.real THEN t.real ELSE d.sent_at END,
		absent_at = CASE WHEN d.absent_at <= t.real THEN d.absent_at END
	FROM lanes AS l, t
	WHERE l.due_at IS NOT NULL AND d.lane_id = l.id AND d.seq > l.head
		AND (d.not_before > t.now + interval '15 minutes' OR greatest(d.first_at, d.sent_at, d.absent_at) > t.real)`

// mendQueues finds due times of queues that nobody gives: they need no other sign that the clock was ahead. The scan goes
// through all queues, as the thorough store.SharesDue does.
const mendQueues = `
	WITH t AS MATERIALIZED (SELECT clock_timestamp() AS now)
	UPDATE queues AS q
	SET due_at = (SELECT now FROM t)
	WHERE q.id = ANY(ARRAY(
		SELECT w.id
		FROM queues AS w
		WHERE w.holder IS NULL AND w.due_at > (SELECT now FROM t) + CASE WHEN w.waits + w.tries > 0 THEN interval '2 hours' ELSE interval '1 minute' END
		ORDER BY w.key
		FOR NO KEY UPDATE SKIP LOCKED))
	RETURNING q.account_id AS id`
