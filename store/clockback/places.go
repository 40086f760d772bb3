package clockback

import "fmt"

// This file lists the columns whose times are repaired after the database's clock was set back (see Mend), and how far in
// the future each of them may correctly be.

// The clocks from which columns get their times. They differ only in tests, which can move Parley's clock.
const (
	parleysClock   = `(SELECT parley_now())`
	databasesClock = `(SELECT clock_timestamp())`
)

// timeColumn is a column with a time at which something may proceed, such as the end of a lease.
type timeColumn struct {
	table, column string
	clock         string // parleysClock or databasesClock
	tolerance     string // an SQL interval: a time no further in the future than this is plausible, and isn't changed
}

// Tolerances: how far in the future a plausible time is at most.
const (
	// harmless is for times that may safely come too early, because the work that starts then checks again whether it is time.
	harmless = `interval '1 minute'`
	// lease is for the ends of leases. A lease that ends while its owner is still working would let a second process do
	// the same work, so this is longer than any lease except those of lanes. Some rows of the table leases aren't locks
	// and last for up to a day (trouble.Note and the daily work of retention); ending them early is harmless.
	lease = `interval '15 minutes'`
	// laneLease is for the leases of lanes, whose length is in the lane's row.
	laneLease = `make_interval(secs => 60 + lease_seconds)`
	// retry is for queues whose next event failed or was postponed. It is retried within an hour.
	retry = `interval '2 hours'`
)

// laneColumns returns the columns of the table lanes. bringBack locks all lanes before it updates them.
func laneColumns() []timeColumn {
	return []timeColumn{
		{table: "lanes", column: "due_at", clock: parleysClock, tolerance: harmless},
		{table: "lanes", column: "rest_until", clock: parleysClock, tolerance: harmless},
		{table: "lanes", column: "leased_until", clock: databasesClock, tolerance: laneLease},
	}
}

// otherColumns returns the columns of the other tables, except queues and deliveries: see mendQueues and mendDeliveries.
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

// buildUpdate returns the statement that moves the implausible times of a column back by @back seconds, but not to before
// now. 'infinity' doesn't change, because infinity minus any interval is infinity.
func (c timeColumn) buildUpdate() string {
	return fmt.Sprintf(`UPDATE %[1]s SET %[2]s = greatest(%[3]s, %[2]s - make_interval(secs => @back))
		WHERE %[2]s > %[3]s + %[4]s`, c.table, c.column, c.clock, c.tolerance)
}

// mendDeliveries repairs the times of deliveries that wait in lanes:
//   - not_before, the earliest time to send, is moved back by as much as the clock;
//   - first_at and sent_at, the times of attempts, are set to now, so that the attempt gets its full time to complete;
//   - absent_at, when the message was found missing at the destination, is set to NULL, so that it is checked again.
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

// mendQueues makes queues due now if their due time is further in the future than Parley ever sets it. Such a time proves
// that the clock was ahead, so this doesn't depend on @back. It scans all queues.
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
