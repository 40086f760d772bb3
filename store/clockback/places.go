package clockback

import "fmt"

// The clocks by which the times of columns are given. In production both show the same.
const (
	parleysClock   = `(SELECT parley_now())`
	databasesClock = `(SELECT clock_timestamp())`
)

// timeColumn is a column with a time at which something goes on: something is due, a lease is over, a budget is free, or what
// customers say about messages to them counts again.
type timeColumn struct {
	table, column string
	clock         string // parleysClock or databasesClock
	tolerance     string // an SQL interval: a time that lies no further in the future is right and stays as it is
}

// How far in the future a time may lie: values of timeColumn.tolerance, and retry.
const (
	// harmless is for times that may come too early: the work that begins then looks again whether it is time.
	harmless = `interval '1 minute'`
	// lease is for the ends of leases. A lease that is ended while its holder still works lets a second process do the
	// same work. All leases are shorter than this, except those of lanes, and except rows of leases by which a day's quota lasts
	// (store.NoteTrouble), or by which daily work of retention rests until tomorrow: that one ends early does no harm.
	lease = `interval '15 minutes'`
	// laneLease is for the leases of lanes, each of which has its own length.
	laneLease = `make_interval(secs => 60 + lease_seconds)`
	// retry is for queues whose next event failed or was put off: the next try is at most an hour later.
	retry = `interval '2 hours'`
)

// laneColumns returns the columns of the table lanes. bringBack changes them under the locks of all lanes.
func laneColumns() []timeColumn {
	return []timeColumn{
		{table: "lanes", column: "due_at", clock: parleysClock, tolerance: harmless},
		{table: "lanes", column: "rest_until", clock: parleysClock, tolerance: harmless},
		{table: "lanes", column: "leased_until", clock: databasesClock, tolerance: laneLease},
	}
}

// otherColumns returns the columns of all tables except lanes, and except queues and deliveries, which mendQueues and
// mendDeliveries bring back.
func otherColumns() []timeColumn {
	return []timeColumn{
		{table: "gates", column: "next_at", clock: databasesClock, tolerance: harmless},
		{table: "gates", column: "wide_next_at", clock: databasesClock, tolerance: harmless},
		{table: "fetches", column: "due_at", clock: parleysClock, tolerance: harmless},
		{table: "fetches", column: "leased_until", clock: databasesClock, tolerance: lease},
		{table: "bursts", column: "due_at", clock: parleysClock, tolerance: harmless},
		{table: "bursts", column: "leased_until", clock: databasesClock, tolerance: lease},
		{table: "text_requests", column: "due_at", clock: parleysClock, tolerance: harmless},
		{table: "text_requests", column: "leased_until", clock: databasesClock, tolerance: lease},
		{table: "templates", column: "todo_at", clock: parleysClock, tolerance: harmless},
		{table: "templates", column: "leased_until", clock: databasesClock, tolerance: lease},
		{table: "template_lists", column: "due_at", clock: parleysClock, tolerance: harmless},
		{table: "template_lists", column: "leased_until", clock: databasesClock, tolerance: lease},
		{table: "notices", column: "due_at", clock: parleysClock, tolerance: harmless},
		{table: "notices", column: "leased_until", clock: databasesClock, tolerance: lease},
		{table: "channel_moves", column: "leased_until", clock: databasesClock, tolerance: lease},
		{table: "leases", column: "until", clock: databasesClock, tolerance: lease},
		{table: "holders", column: "until", clock: databasesClock, tolerance: lease},
		{table: "openings", column: "free_at", clock: parleysClock, tolerance: harmless},
		{table: "replying", column: "until", clock: parleysClock, tolerance: lease},
		{table: "identities", column: "consent_at", clock: databasesClock, tolerance: harmless},
		{table: "identities", column: "marketing_at", clock: databasesClock, tolerance: harmless},
		{table: "grants", column: "renew_at", clock: databasesClock, tolerance: harmless},
		{table: "grants", column: "expires_at", clock: databasesClock, tolerance: harmless},
	}
}

// buildUpdate returns the statement that brings a column back by @back seconds. No time goes back further than to now. What is
// due at no time ('infinity') stays so, since infinity less any time is infinity.
func (c timeColumn) buildUpdate() string {
	return fmt.Sprintf(`UPDATE %[1]s SET %[2]s = greatest(%[3]s, %[2]s - make_interval(secs => @back))
		WHERE %[2]s > %[3]s + %[4]s`, c.table, c.column, c.clock, c.tolerance)
}

// mendDeliveries brings back the times of deliveries that wait in lanes:
//   - not_before, the end of a hold, by as much as the clock went back;
//   - first_at and sent_at, the times of attempts, to now, so that nobody looks for the answer before the attempt is over;
//   - absent_at, when the destination was found not to have the message, to NULL, so that it is looked for again.
const mendDeliveries = `
	WITH t AS MATERIALIZED (
		SELECT parley_now() AS now, clock_timestamp() AS real
	)
	UPDATE deliveries AS d
	SET not_before = CASE WHEN d.not_before > t.now + ` + lease + `
			THEN greatest(t.now, d.not_before - make_interval(secs => @back)) ELSE d.not_before END,
		first_at = CASE WHEN d.first_at > t.real THEN t.real ELSE d.first_at END,
		sent_at = CASE WHEN d.sent_at > t.real THEN t.real ELSE d.sent_at END,
		absent_at = CASE WHEN d.absent_at <= t.real THEN d.absent_at ELSE NULL END
	FROM lanes AS l, t
	WHERE l.due_at IS NOT NULL AND d.lane_id = l.id AND d.seq > l.head
		AND (d.not_before > t.now + ` + lease + ` OR greatest(d.first_at, d.sent_at, d.absent_at) > t.real)`

// mendQueues makes queues due whose due time lies further in the future than Parley ever sets it. Such a time shows by
// itself that the clock was ahead, so the distance needn't be known. The scan goes through all queues, as
// store.SharesDue does if it is thorough.
const mendQueues = `
	WITH t AS MATERIALIZED (SELECT clock_timestamp() AS now)
	UPDATE queues AS q
	SET due_at = (SELECT now FROM t)
	WHERE q.id = ANY(ARRAY(
		SELECT w.id
		FROM queues AS w
		WHERE w.holder IS NULL AND w.due_at > (SELECT now FROM t) + CASE WHEN w.waits + w.tries > 0 THEN ` + retry + ` ELSE ` + harmless + ` END
		ORDER BY w.key
		FOR NO KEY UPDATE SKIP LOCKED))`
