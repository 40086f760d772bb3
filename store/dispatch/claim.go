package dispatch

import "parley/store"

// Claimed is the delivery at the head of a lane, leased to this process for LeaseSeconds. A lane that
// was claimed although its head may not leave yet comes with Delivery.ID 0.
type Claimed struct {
	store.Delivery
	With           []store.Delivery     `db:"-"` // deliveries that leave together with this one, as one message, in order
	AccountID      store.AccountID      `db:"account_id"`
	ConversationID store.ConversationID `db:"conversation_id"`
	Key            string               `db:"key"`
	GateID         store.GateID         `db:"gate_id"`
	Epoch          int64                `db:"epoch"`
	LeaseSeconds   float64              `db:"lease_seconds"`
	SentAgo        float64              `db:"sent_ago"`    // seconds since the current attempt began
	FirstAgo       float64              `db:"first_ago"`   // seconds since the first attempt began
	AbsentAgo      float64              `db:"absent_ago"`  // seconds since the destination was first seen without it; 0 = never since this attempt
	CreatedAgo     float64              `db:"created_ago"` // seconds since it was queued, by Parley's clock
	Place          int                  `db:"place"`       // of one that joined a run: among those behind the head, from 1
	// Torn says that a delivery between those in With was changed while they were claimed: nothing may be done with this claim
	// but give it back, since the run isn't what the lane holds.
	Torn bool `db:"-"`
}

const claimedDelivery = `d.id, d.lane_id, d.seq, d.message_id, d.kind, d.payload, d.state, d.order_by, d.attempt, d.part,
	d.not_before, d.first_at, d.sent_at, d.absent_at, d.warned_at, d.external_id, d.progress, d.error_class, d.error_text,
	d.created_at, d.join_key, d.join_size, d.joined`

// claim hands out the head of each due lane, together with the deliveries behind it that may leave in
// the same message (a run: see Delivery.JoinKey). A run that was already attempted keeps its members,
// because it lands or fails as a whole.
//
// What is put into a lane, or taken back, while this statement begins is seen in rows that it changes, and nowhere else: a
// delivery that isn't where it was, or what it was, doesn't join a run. One behind it may have joined then, see runs.
//
// The scan starts from gates, so that lanes behind a throttled or stuck gate cost nothing. A gate is
// a token bucket: it holds (now - next_at) × per_second tokens, at most burst. A gate with a second,
// wide bucket gives the smaller number of the two.
//
// A claim doesn't change due_at, so it rewrites no index. It sets leased_until instead; the scan skips
// leased lanes, of which each gate has at most as many as attempts under way.
const (
	claim = claimBudgets + `
		SELECT x.id, g.id AS gate_id
		FROM g
		CROSS JOIN LATERAL (
			SELECT y.id
			FROM (VALUES (0), (1), (2), (3)) AS pr(n)
			CROSS JOIN LATERAL (
				SELECT lanes.id
				FROM lanes
				WHERE lanes.gate_id = g.id AND lanes.priority = pr.n AND lanes.due_at >= g.since AND lanes.due_at <= (SELECT now FROM t)
					AND (lanes.leased_until IS NULL OR lanes.leased_until <= (SELECT real FROM t))
				ORDER BY lanes.due_at
				LIMIT g.n
				FOR NO KEY UPDATE SKIP LOCKED) AS y
			LIMIT g.n) AS x
		WHERE g.n > 0` + claimHeads

	claimBudgets = `
	WITH t AS MATERIALIZED (
		SELECT parley_now() AS now, clock_timestamp() AS real
	), g AS MATERIALIZED (
		SELECT gates.id, gates.per_second, gates.burst, w.since,
			CASE WHEN gates.next_at > t.real THEN 0 ELSE least(w.slots,
				CASE WHEN gates.per_second > 0
					THEN least(gates.burst, floor(extract(epoch FROM t.real - gates.next_at) * gates.per_second + 1e-6)) END,
				CASE WHEN gates.wide_per_second > 0
					THEN least(gates.wide_burst,
						floor(greatest(extract(epoch FROM t.real - gates.wide_next_at), 0) * gates.wide_per_second + 1e-6)) END)
			END::int AS n,
			CASE WHEN gates.per_second > 0 OR gates.wide_per_second > 0 THEN gates.given ELSE w.given END AS given
		FROM unnest($1::bigint[], $2::int[], $4::bigint[], $5::timestamptz[]) AS w(gate, slots, given, since)
		JOIN gates ON gates.id = w.gate
		CROSS JOIN t
		ORDER BY gates.id
		FOR NO KEY UPDATE OF gates SKIP LOCKED
	), p AS MATERIALIZED (`

	claimHeads = `
	), l AS (
		UPDATE lanes
		SET epoch = lanes.epoch + 1,
			leased_until = t.real + make_interval(secs => lanes.lease_seconds)
		FROM p, t
		WHERE lanes.id = p.id
		RETURNING lanes.id AS lane, lanes.account_id, lanes.conversation_id, lanes.key, lanes.gate_id, lanes.epoch,
			lanes.head, lanes.lease_seconds
	), u AS (
		UPDATE gates
		SET next_at = CASE WHEN gates.per_second > 0
				THEN greatest(gates.next_at, t.real - make_interval(secs => gates.burst / gates.per_second))
					+ make_interval(secs => c.n / gates.per_second)
				ELSE gates.next_at END,
			wide_next_at = CASE WHEN gates.wide_per_second > 0
				THEN greatest(gates.wide_next_at, t.real - make_interval(secs => gates.wide_burst / gates.wide_per_second))
					+ make_interval(secs => c.n / gates.wide_per_second)
				ELSE gates.wide_next_at END,
			given = gates.given + c.n
		FROM (SELECT gate_id, count(*) AS n FROM p GROUP BY gate_id) AS c, t
		WHERE gates.id = c.gate_id AND (gates.per_second > 0 OR gates.wide_per_second > 0)
	), d AS (
		UPDATE deliveries AS d
		SET state = CASE d.state WHEN 'queued' THEN 'sending' WHEN 'sending' THEN 'unknown' ELSE d.state END,
			attempt = d.attempt + CASE WHEN d.state = 'queued' THEN 1 ELSE 0 END,
			sent_at = CASE WHEN d.state = 'queued' THEN t.real ELSE coalesce(d.sent_at, t.real) END,
			joined = CASE WHEN d.state = 'queued' AND d.part = 0 THEN 0 ELSE d.joined END,
			first_at = coalesce(d.first_at, t.real)
		FROM l, t
		WHERE d.lane_id = l.lane AND d.seq = l.head + 1 AND (d.not_before IS NULL OR d.not_before <= t.now)
		RETURNING ` + claimedDelivery + `, l.account_id, l.conversation_id, l.key, l.gate_id, l.epoch, l.lease_seconds,
			coalesce(extract(epoch FROM t.real - d.sent_at), 0)::double precision AS sent_ago,
			coalesce(extract(epoch FROM t.real - d.first_at), 0)::double precision AS first_ago,
			CASE WHEN d.absent_at > d.sent_at THEN extract(epoch FROM t.real - d.absent_at) ELSE 0 END::double precision AS absent_ago,
			coalesce(extract(epoch FROM t.now - d.created_at), 0)::double precision AS created_ago,
			0::bigint AS place
	), j AS (
		UPDATE deliveries AS d
		SET state = f.state, joined = f.id, attempt = f.attempt, sent_at = f.sent_at, first_at = coalesce(d.first_at, f.first_at)
		FROM d AS f
		CROSS JOIN t
		CROSS JOIN LATERAL (
			SELECT m.id, m.seq, m.state, m.join_key, m.not_before, count(*) FILTER (WHERE m.state <> 'cancelled') OVER w AS place,
				bool_and(m.state = 'cancelled' OR CASE
					WHEN f.state = 'unknown' THEN m.joined = f.id AND m.state IN ('sending', 'unknown')
					WHEN f.part > 0 THEN m.joined = f.id AND m.state = 'queued'
					ELSE $3 AND m.state = 'queued' AND m.join_key = f.join_key AND (m.not_before IS NULL OR m.not_before <= t.now)
				END) OVER w AS fits,
				sum(m.join_size) FILTER (WHERE m.state = 'queued') OVER w AS size
			FROM deliveries AS m
			WHERE m.lane_id = f.lane_id AND m.seq > f.seq AND m.seq < f.seq + 20
			WINDOW w AS (ORDER BY m.seq)) AS m
		WHERE d.id = m.id AND f.join_key <> '' AND f.state IN ('sending', 'unknown') AND m.fits AND m.state <> 'cancelled'
			AND (f.state = 'unknown' OR f.part > 0 OR f.join_size + m.size <= 1000)
			AND d.seq = m.seq AND d.state = m.state AND d.join_key = m.join_key AND d.not_before IS NOT DISTINCT FROM m.not_before
		RETURNING ` + claimedDelivery + `, f.account_id, f.conversation_id, f.key, f.gate_id, f.epoch, f.lease_seconds,
			f.sent_ago, f.first_ago, f.absent_ago, f.created_ago, m.place
	)
	SELECT * FROM d
	UNION ALL
	SELECT * FROM j
	UNION ALL
	SELECT 0, l.lane, 0, 0, '', '{}', '', '', 0, 0, NULL, NULL, NULL, NULL, NULL, '', '', '', '', t.now, '', 0, 0,
		l.account_id, l.conversation_id, l.key, l.gate_id, l.epoch, l.lease_seconds, 0, 0, 0, 0, 0
	FROM l, t
	WHERE l.lane NOT IN (SELECT lane_id FROM d)`
)

// claimShared replaces claim when lanes of several priorities may wait. Lanes of the most urgent
// priority go first, but every fourth slot goes to the other lane that has been due longest. The
// gate's row counts the slots for all processes, also across restarts (gates.given). A gate without a
// rate has no such count, because claims don't write its row: there each process counts its own slots.
const claimShared = claimBudgets + `
		SELECT x.id, g.id AS gate_id
		FROM g
		CROSS JOIN LATERAL (
			SELECT ARRAY(
				SELECT y.id
				FROM (VALUES (0), (1), (2), (3)) AS pr(n)
				CROSS JOIN LATERAL (
					SELECT lanes.id, lanes.due_at
					FROM lanes
					WHERE lanes.gate_id = g.id AND lanes.priority = pr.n AND lanes.due_at >= g.since AND lanes.due_at <= (SELECT now FROM t)
						AND (lanes.leased_until IS NULL OR lanes.leased_until <= (SELECT real FROM t))
					ORDER BY lanes.due_at
					LIMIT (g.given + g.n) / 4 - g.given / 4) AS y
				ORDER BY pr.n = min(pr.n) OVER (), y.due_at
				LIMIT (g.given + g.n) / 4 - g.given / 4) AS ids
			OFFSET 0) AS patient -- once, not where it is used
		CROSS JOIN LATERAL (
			SELECT y.id
			FROM unnest(patient.ids) AS chosen(id)
			CROSS JOIN LATERAL (
				SELECT lanes.id
				FROM lanes
				WHERE lanes.id = chosen.id AND lanes.gate_id = g.id AND lanes.due_at <= (SELECT now FROM t)
					AND (lanes.leased_until IS NULL OR lanes.leased_until <= (SELECT real FROM t))
				FOR NO KEY UPDATE SKIP LOCKED) AS y
			UNION ALL
			SELECT y.id
			FROM (VALUES (0), (1), (2), (3)) AS pr(n)
			CROSS JOIN LATERAL (
				SELECT lanes.id
				FROM lanes
				WHERE lanes.gate_id = g.id AND lanes.priority = pr.n AND lanes.due_at >= g.since AND lanes.due_at <= (SELECT now FROM t)
					AND (lanes.leased_until IS NULL OR lanes.leased_until <= (SELECT real FROM t)) AND lanes.id <> ALL(patient.ids)
				ORDER BY lanes.due_at
				LIMIT g.n
				FOR NO KEY UPDATE SKIP LOCKED) AS y
			LIMIT g.n) AS x
		WHERE g.n > 0` + claimHeads
