package store

// ClaimedDelivery is a delivery (an outgoing message) that this process must send now. A lane is the queue of one conversation's
// deliveries to one destination, and only the first of them, its head, can be claimed. The claim leases the lane to this
// process for LeaseSeconds and increments its Epoch, by which a late result of an earlier claim is recognised and ignored.
//
// If a lane was claimed although its head may not be sent yet, Delivery.ID is 0.
type ClaimedDelivery struct {
	Delivery
	With           []Delivery     `db:"-"` // the next deliveries of the lane, if they are sent in the same message
	AccountID      AccountID      `db:"account_id"`
	ConversationID ConversationID `db:"conversation_id"`
	Key            string         `db:"key"`
	GateID         GateID         `db:"gate_id"`
	Epoch          int64          `db:"epoch"`
	LeaseSeconds   float64        `db:"lease_seconds"`
	SentAgo        float64        `db:"sent_ago"`    // seconds since the current attempt began
	FirstAgo       float64        `db:"first_ago"`   // seconds since the first attempt began
	AbsentAgo      float64        `db:"absent_ago"`  // seconds since a lookup after this attempt first didn't find it; 0 if none did so
	CreatedAgo     float64        `db:"created_ago"` // seconds since it was queued, by Parley's clock
	Place          int            `db:"place"`       // its position in a run; 0 for the head
	// Torn is true if a delivery in the middle of the run changed during the claim, so that the run has a gap. The caller
	// must release the claim without sending anything.
	Torn bool `db:"-"`
}

const claimedDelivery = `d.id, d.lane_id, d.seq, d.message_id, d.kind, d.payload, d.state, d.order_by, d.attempt, d.part,
	d.not_before, d.first_at, d.sent_at, d.absent_at, d.warned_at, d.external_id, d.progress, d.error_class, d.error_text,
	d.created_at, d.join_key, d.join_size, d.joined`

// claim takes the heads of due lanes, each with the deliveries after it that can be sent in the same message. These are a run
// (see Delivery.JoinKey). A run that was already attempted keeps its members, because it arrives or fails as a whole.
//
// A gate is one rate limit of a provider, which several lanes share. The parts of the statement are:
//   - budget: for each gate in $1, how many deliveries may be taken from it now (slots), at most $2. A gate is a token
//     bucket, which contains (now - next_at) × per_second tokens, at most burst. A gate may have a second, wide bucket;
//     then the smaller number applies.
//   - picked: the lanes to claim. In each gate, these are the most urgent ones, and among equals those that are due longest.
//   - leased: leases these lanes to this process.
//   - spent: subtracts their number from the gates' budgets.
//   - heads: marks the heads as being sent. A head that was already being sent, by a process that has died, becomes
//     unknown instead: it must be found out whether it arrived.
//   - joined: marks the other members of the runs. A candidate fits only if all candidates before it fit, and if the sizes
//     in the run add up to at most 1000 (store.JoinRoom).
//
// The result has the heads, the joined deliveries, and a row with id 0 for each lane whose head may not be sent yet.
//
// The scan starts from gates, so that lanes of a throttled gate cost nothing. A claim sets leased_until and doesn't change
// due_at, so that no index is updated. The scan has to skip leased lanes, but these are never more than the gate's
// attempts in flight.
//
// The statement sees later commits of other transactions only in the rows that it updates. So a delivery that changes
// concurrently doesn't join its run, although one after it may have joined: see groupRuns.
const (
	claimedRow = claimBudgets + `
		SELECT due.id, budget.id AS gate_id
		FROM budget
		CROSS JOIN LATERAL (
			SELECT of_priority.id
			FROM (VALUES (0), (1), (2), (3)) AS priorities(priority)
			CROSS JOIN LATERAL (
				SELECT lanes.id
				FROM lanes
				WHERE ` + isDueInGate + `
				ORDER BY lanes.due_at
				LIMIT budget.slots
				FOR NO KEY UPDATE SKIP LOCKED) AS of_priority
			LIMIT budget.slots) AS due
		WHERE budget.slots > 0` + claimHeads

	claimBudgets = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() AS now, clock_timestamp() AS real
	), budget AS MATERIALIZED (
		SELECT gates.id, gates.per_second, gates.burst, asked.since,
			CASE WHEN gates.next_at > clock.real THEN 0 ELSE least(asked.slots,
				CASE WHEN gates.per_second > 0
					THEN least(gates.burst, floor(extract(epoch FROM clock.real - gates.next_at) * gates.per_second + 1e-6)) END,
				CASE WHEN gates.wide_per_second > 0
					THEN least(gates.wide_burst,
						floor(greatest(extract(epoch FROM clock.real - gates.wide_next_at), 0) * gates.wide_per_second + 1e-6)) END)
			END::int AS slots,
			CASE WHEN gates.per_second > 0 OR gates.wide_per_second > 0 THEN gates.given ELSE asked.given END AS given
		FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::timestamptz[]) AS asked(gate, slots, given, since)
		JOIN gates ON gates.id = asked.gate
		CROSS JOIN clock
		ORDER BY gates.id
		FOR NO KEY UPDATE OF gates SKIP LOCKED
	), picked AS MATERIALIZED (`

	claimHeads = `
	), leased AS (
		UPDATE lanes
		SET epoch = lanes.epoch + 1,
			leased_until = clock.real + make_interval(secs => lanes.lease_seconds)
		FROM picked, clock
		WHERE lanes.id = picked.id
		RETURNING lanes.id AS lane, lanes.account_id, lanes.conversation_id, lanes.key, lanes.gate_id, lanes.epoch,
			lanes.head, lanes.lease_seconds
	), spent AS (
		UPDATE gates
		SET next_at = CASE WHEN gates.per_second > 0
				THEN greatest(gates.next_at, clock.real - make_interval(secs => gates.burst / gates.per_second))
					+ make_interval(secs => claimed.n / gates.per_second)
				ELSE gates.next_at END,
			wide_next_at = CASE WHEN gates.wide_per_second > 0
				THEN greatest(gates.wide_next_at, clock.real - make_interval(secs => gates.wide_burst / gates.wide_per_second))
					+ make_interval(secs => claimed.n / gates.wide_per_second)
				ELSE gates.wide_next_at END,
			given = gates.given + claimed.n
		FROM (SELECT gate_id, count(*) AS n FROM picked GROUP BY gate_id) AS claimed, clock
		WHERE gates.id = claimed.gate_id AND (gates.per_second > 0 OR gates.wide_per_second > 0)
	), heads AS (
		UPDATE deliveries AS d
		SET state = CASE d.state WHEN 'queued' THEN 'sending' WHEN 'sending' THEN 'unknown' ELSE d.state END,
			attempt = d.attempt + CASE WHEN d.state = 'queued' THEN 1 ELSE 0 END,
			sent_at = CASE WHEN d.state = 'queued' THEN clock.real ELSE coalesce(d.sent_at, clock.real) END,
			joined = CASE WHEN d.state = 'queued' AND d.part = 0 THEN 0 ELSE d.joined END,
			first_at = coalesce(d.first_at, clock.real)
		FROM leased, clock
		WHERE d.lane_id = leased.lane AND d.seq = leased.head + 1 AND (d.not_before IS NULL OR d.not_before <= clock.now)
		RETURNING ` + claimedDelivery + `,
			leased.account_id, leased.conversation_id, leased.key, leased.gate_id, leased.epoch, leased.lease_seconds,
			coalesce(extract(epoch FROM clock.real - d.sent_at), 0)::double precision AS sent_ago,
			coalesce(extract(epoch FROM clock.real - d.first_at), 0)::double precision AS first_ago,
			CASE WHEN d.absent_at > d.sent_at THEN extract(epoch FROM clock.real - d.absent_at) ELSE 0 END::double precision AS absent_ago,
			coalesce(extract(epoch FROM clock.now - d.created_at), 0)::double precision AS created_ago,
			0::bigint AS place
	), joined AS (
		UPDATE deliveries AS d
		SET state = head.state, joined = head.id, attempt = head.attempt, sent_at = head.sent_at, first_at = coalesce(d.first_at, head.first_at)
		FROM heads AS head
		CROSS JOIN clock
		CROSS JOIN LATERAL (
			SELECT candidate.id, candidate.seq, candidate.state, candidate.join_key, candidate.not_before,
				count(*) FILTER (WHERE candidate.state <> 'cancelled') OVER up_to_here AS place,
				bool_and(candidate.state = 'cancelled' OR CASE
					WHEN head.state = 'unknown' THEN candidate.joined = head.id AND candidate.state IN ('sending', 'unknown')
					WHEN head.part > 0 THEN candidate.joined = head.id AND candidate.state = 'queued'
					ELSE candidate.state = 'queued' AND candidate.join_key = head.join_key
						AND (candidate.not_before IS NULL OR candidate.not_before <= clock.now)
				END) OVER up_to_here AS fits,
				sum(candidate.join_size) FILTER (WHERE candidate.state = 'queued') OVER up_to_here AS size
			FROM deliveries AS candidate
			WHERE candidate.lane_id = head.lane_id AND candidate.seq > head.seq AND candidate.seq < head.seq + 20
			WINDOW up_to_here AS (ORDER BY candidate.seq)) AS candidate
		WHERE d.id = candidate.id AND head.join_key <> '' AND head.state IN ('sending', 'unknown')
			AND candidate.fits AND candidate.state <> 'cancelled'
			AND (head.state = 'unknown' OR head.part > 0 OR head.join_size + candidate.size <= 1000)
			AND d.seq = candidate.seq AND d.state = candidate.state AND d.join_key = candidate.join_key
			AND d.not_before IS NOT DISTINCT FROM candidate.not_before
		RETURNING ` + claimedDelivery + `, head.account_id, head.conversation_id, head.key, head.gate_id, head.epoch, head.lease_seconds,
			head.sent_ago, head.first_ago, head.absent_ago, head.created_ago, candidate.place
	)
	SELECT * FROM heads
	UNION ALL
	SELECT * FROM joined
	UNION ALL
	SELECT 0, leased.lane, 0, 0, '', '{}', '', '', 0, 0, NULL, NULL, NULL, NULL, NULL, '', '', '', '', clock.now, '', 0, 0,
		leased.account_id, leased.conversation_id, leased.key, leased.gate_id, leased.epoch, leased.lease_seconds, 0, 0, 0, 0, 0
	FROM leased, clock
	WHERE leased.lane NOT IN (SELECT lane_id FROM heads)`
)

// isDueInGate is the condition that a lane has the given gate and priority and can be claimed now.
const isDueInGate = `lanes.gate_id = budget.id AND lanes.priority = priorities.priority
					AND lanes.due_at >= budget.since AND lanes.due_at <= (SELECT now FROM clock)
					AND (lanes.leased_until IS NULL OR lanes.leased_until <= (SELECT real FROM clock))`

// claimShared replaces claim when lanes of several priorities may wait. It prevents urgent lanes from starving the others:
// every fourth slot goes to the lane of a less urgent priority that has been due longest (patient). The other slots are
// filled as in claim. The patient lanes are found without locks, and then locked if they are still due.
//
// To know which slots are fourth ones, slots must be counted. If the gate has a rate, its row counts the slots of all
// processes (gates.given). Otherwise claims don't update the row, and each process counts its own slots ($3).
const claimShared = claimBudgets + `
		SELECT due.id, budget.id AS gate_id
		FROM budget
		CROSS JOIN LATERAL (
			SELECT ARRAY(
				SELECT of_priority.id
				FROM (VALUES (0), (1), (2), (3)) AS priorities(priority)
				CROSS JOIN LATERAL (
					SELECT lanes.id, lanes.due_at
					FROM lanes
					WHERE ` + isDueInGate + `
					ORDER BY lanes.due_at
					LIMIT (budget.given + budget.slots) / 4 - budget.given / 4) AS of_priority
				ORDER BY priorities.priority = min(priorities.priority) OVER (), of_priority.due_at
				LIMIT (budget.given + budget.slots) / 4 - budget.given / 4) AS ids
			OFFSET 0) AS patient -- OFFSET 0: computed once, not where it is used
		CROSS JOIN LATERAL (
			SELECT still_due.id
			FROM unnest(patient.ids) AS chosen(id)
			CROSS JOIN LATERAL (
				SELECT lanes.id
				FROM lanes
				WHERE lanes.id = chosen.id AND lanes.gate_id = budget.id AND lanes.due_at <= (SELECT now FROM clock)
					AND (lanes.leased_until IS NULL OR lanes.leased_until <= (SELECT real FROM clock))
				FOR NO KEY UPDATE SKIP LOCKED) AS still_due
			UNION ALL
			SELECT of_priority.id
			FROM (VALUES (0), (1), (2), (3)) AS priorities(priority)
			CROSS JOIN LATERAL (
				SELECT lanes.id
				FROM lanes
				WHERE ` + isDueInGate + ` AND lanes.id <> ALL(patient.ids)
				ORDER BY lanes.due_at
				LIMIT budget.slots
				FOR NO KEY UPDATE SKIP LOCKED) AS of_priority
			LIMIT budget.slots) AS due
		WHERE budget.slots > 0` + claimHeads
