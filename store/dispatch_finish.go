package store

import (
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// This file stores the results of attempts to send a delivery (Finish). A claim leased the delivery's lane, the queue
// that it is in, and incremented the lane's epoch. A result is stored only if the lane is still leased and still has
// that epoch.
//
// For example, process A claims a lane with epoch 7 and stalls. Its lease expires, and process B claims the lane with
// epoch 8. A's late result then changes nothing. If a result is written twice because the database's response was lost,
// the second time changes nothing, either. Every statement below has this condition (isClaimed), so finishLanes, which
// ends the lease, comes last.

// isClaimed is the condition under which a result is stored. It joins a lane (lane) with a result (result).
const isClaimed = `lane.id = result.lane_id AND lane.epoch = result.epoch AND lane.leased_until IS NOT NULL`

// queueFinish adds the statements that store results to a batch. fence comes first, because it locks the lanes. finishLanes
// comes after all statements that require the lease.
func queueFinish(batch *pgx.Batch, done []FinishedDelivery) error {
	if len(done) == 0 {
		return nil
	}

	for i := range done { // PostgreSQL rejects some characters, and one provider's text must not make the whole batch fail
		for _, s := range []*string{&done[i].ExternalID, &done[i].Progress, &done[i].ErrorClass, &done[i].ErrorText} {
			*s = Clean(*s)
		}
	}

	lanes, epochs := lanesAndEpochs(done)
	batch.Queue(fence, lanes, epochs)
	posts, threads := landedOf(done)
	if err := queueRows(batch, landPosts, posts); err != nil {
		return err
	}
	if err := queueRows(batch, landThreads, threads); err != nil {
		return err
	}

	AddLaneFacts(batch, factsOf(done))
	uncalled := slices.DeleteFunc(slices.Clone(done), func(f FinishedDelivery) bool { return !f.Uncalled })
	if len(uncalled) > 0 {
		lanes, epochs := lanesAndEpochs(uncalled)
		batch.Queue(returnSlots, lanes, epochs)
	}

	batch.Queue(finishDeliveries, deliveryResults(done)...)
	batch.Queue(finishLanes, lanes, epochs,
		query.Field(done, func(f *FinishedDelivery) DeliveryID { return f.ID }),
		query.Field(done, func(f *FinishedDelivery) int { return f.Advance }),
		query.Field(done, func(f *FinishedDelivery) float64 { return f.Wait }),
		query.Field(done, func(f *FinishedDelivery) bool { return f.Keep }),
		query.Field(done, func(f *FinishedDelivery) float64 { return f.Rest }),
		query.Field(done, (*FinishedDelivery).hasLandedRoot))

	recovered := slices.DeleteFunc(slices.Clone(done), func(f FinishedDelivery) bool { return !f.Recovered })
	if len(recovered) > 0 {
		batch.Queue(hurryCards, query.Field(recovered, func(f *FinishedDelivery) LaneID { return f.LaneID }))
	}

	queueBlockGates(batch, done)
	return nil
}

// lanesAndEpochs returns the arguments that isClaimed needs.
func lanesAndEpochs(done []FinishedDelivery) (lanes []LaneID, epochs []int64) {
	lanes = query.Field(done, func(f *FinishedDelivery) LaneID { return f.LaneID })
	epochs = query.Field(done, func(f *FinishedDelivery) int64 { return f.Epoch })
	return lanes, epochs
}

// fence locks the lanes whose results are stored, in the order in which all transactions lock lanes.
const fence = `
	SELECT lane.id
	FROM lanes AS lane
	JOIN unnest($1::bigint[], $2::bigint[]) AS result(lane_id, epoch)
		ON ` + isClaimed + `
	ORDER BY lane.id
	FOR NO KEY UPDATE OF lane`

// finishDeliveries updates the rows of deliveries. If a provider's receipt (delivered, failed, …) has already set a
// delivery's state, its state and part don't change. Three fields of the payload are updated too:
//   - unsure (Finish.Unsure) records for later attempts at this part that it may have arrived already;
//   - restored_at is when a delivery that an earlier version of Parley restored from a backup was first found missing at
//     the destination. The time limit for retries starts then;
//   - uncounted is the number of attempts (of Delivery.Attempt) that don't count towards the provider's limit: those that
//     didn't call the provider (Finish.Uncalled), and those at earlier parts.
const finishDeliveries = `
	UPDATE deliveries
	SET state = CASE WHEN deliveries.state IN ('queued', 'sending', 'unknown') THEN result.state ELSE deliveries.state END,
		part = CASE WHEN deliveries.state IN ('queued', 'sending', 'unknown') THEN result.part ELSE deliveries.part END,
		external_id = CASE WHEN result.external_id <> '' THEN result.external_id ELSE deliveries.external_id END,
		progress = result.progress, error_class = result.error_class, error_text = result.error_text,
		absent_at = CASE WHEN result.absent THEN clock_timestamp()
			WHEN result.part <> deliveries.part THEN NULL ELSE deliveries.absent_at END,
		warned_at = CASE WHEN result.warned THEN clock_timestamp() ELSE deliveries.warned_at END,
		payload = CASE
			WHEN result.unsure THEN deliveries.payload || '{"unsure": true}'
			WHEN result.absent AND deliveries.payload @> '{"restored": true}' AND NOT deliveries.payload ? 'restored_at' THEN deliveries.payload
				|| jsonb_build_object('restored_at', clock_timestamp())
			WHEN result.part <> deliveries.part THEN deliveries.payload - 'unsure' || jsonb_build_object('uncounted', deliveries.attempt)
			WHEN result.uncalled AND result.state = 'queued' THEN deliveries.payload
				|| jsonb_build_object('uncounted', coalesce((deliveries.payload->>'uncounted')::int, 0) + 1)
			ELSE deliveries.payload
		END,
		joined = result.joined
	FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[],
		$10::boolean[], $11::boolean[], $12::boolean[], $13::bigint[], $14::boolean[])
		AS result(lane_id, epoch, id, state, part, external_id, progress, error_class, error_text, absent, unsure, warned, joined, uncalled)
	JOIN lanes AS lane ON ` + isClaimed + `
	WHERE deliveries.id = result.id`

// returnSlots returns unused slots to the gates whose rate is limited. A gate is a provider's rate limit, which several
// lanes share, and each claim has used one slot of it. unused counts the slots. locked locks the gates in the order of
// their ids, so that two transactions can't deadlock.
const returnSlots = `
	WITH unused AS MATERIALIZED (
		SELECT lane.gate_id, count(*) AS slots
		FROM unnest($1::bigint[], $2::bigint[]) AS result(lane_id, epoch)
		JOIN lanes AS lane ON ` + isClaimed + `
		GROUP BY lane.gate_id
	), locked AS MATERIALIZED (
		SELECT id
		FROM gates
		WHERE id IN (SELECT gate_id FROM unused) AND (per_second > 0 OR wide_per_second > 0)
		ORDER BY id
		FOR NO KEY UPDATE
	)
	UPDATE gates
	SET next_at = CASE WHEN gates.per_second > 0
			THEN gates.next_at - make_interval(secs => unused.slots / gates.per_second)
			ELSE gates.next_at END,
		wide_next_at = CASE WHEN gates.wide_per_second > 0
			THEN gates.wide_next_at - make_interval(secs => unused.slots / gates.wide_per_second)
			ELSE gates.wide_next_at END
	FROM unused
	WHERE gates.id = unused.gate_id AND gates.id IN (SELECT id FROM locked)`

// finishLanes ends leases and sets when the lanes are due next:
//   - A lane advances only past deliveries that are finished: one that was put in front of them during the attempt is next.
//   - A lane without further deliveries isn't due at all.
//   - A lane that doesn't advance is due after Finish.Wait. If a receipt has decided its head already, it is due after
//     the lane's rest.
//   - Any other lane is due when its new head may be sent.
//
// With Finish.Keep the lane keeps its due_at, so that no index is updated. Without it, the lane goes to the back of its
// gate's queue. No lane is given an earlier time than now, because claims ignore lanes that were due before GateDue.Oldest.
//
// A root is the first message of a thread in the agents' chat. Once it has been posted, the lane is no longer urgent:
// PriorityRoot (0) becomes PrioritySay (1). It stays PriorityRoot while another root waits in the lane, because the
// conversation was handed over to another team.
//
// The lanes are locked by fence, so no other transaction can add deliveries that this statement doesn't see.
const finishLanes = `
	WITH clock AS MATERIALIZED (SELECT parley_now() AS now)
	UPDATE lanes AS lane
	SET head = lane.head + result.advance,
		leased_until = NULL,
		rest_until = CASE WHEN result.rest > 0 THEN clock.now + make_interval(secs => result.rest) ELSE lane.rest_until END,
		due_at = CASE
			WHEN lane.tail <= lane.head + result.advance THEN NULL
			WHEN result.advance = 0 AND result.id <> 0 THEN clock.now + make_interval(secs => greatest(result.rest, CASE
				WHEN result.wait > 0 AND EXISTS (
					SELECT FROM deliveries AS d WHERE d.id = result.id AND d.state NOT IN ('queued', 'sending', 'unknown')) THEN 0
				ELSE result.wait END))
			ELSE greatest((SELECT next.not_before FROM deliveries AS next
				WHERE next.lane_id = lane.id AND next.seq = lane.head + result.advance + 1),
				CASE WHEN result.keep THEN lane.due_at ELSE clock.now END,
				CASE WHEN result.rest > 0 THEN clock.now + make_interval(secs => result.rest) ELSE lane.rest_until END)
		END,
		priority = CASE
			WHEN result.rooted AND lane.priority = 0 AND NOT EXISTS (SELECT FROM deliveries AS later
				WHERE later.lane_id = lane.id AND later.seq > lane.head + result.advance AND later.kind = 'root') THEN 1
			ELSE lane.priority END
	FROM clock, (
		SELECT given.*, coalesce((
			SELECT min(d.seq) - held.head - 1
			FROM deliveries AS d
			WHERE d.lane_id = held.id AND d.seq > held.head AND d.seq <= held.head + given.passed
				AND d.state IN ('queued', 'sending', 'unknown')), given.passed) AS advance
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $5::double precision[], $6::boolean[],
				$7::double precision[], $8::boolean[])
			AS given(lane_id, epoch, id, passed, wait, keep, rest, rooted)
		JOIN lanes AS held ON held.id = given.lane_id) AS result
	WHERE ` + isClaimed

// hurryCards ends the wait for the next attempt of cards in whose conversation a post has landed that had failed before: the
// outage is over, and a card mustn't contradict its thread. They are due now, not earlier (see finishLanes). A lane that
// another transaction has locked is left alone, so that the two can't deadlock.
const hurryCards = `
	UPDATE lanes
	SET due_at = greatest(parley_now(), lanes.rest_until)
	WHERE lanes.id IN (
		SELECT card.id
		FROM lanes AS landed
		JOIN lanes AS card ON card.conversation_id = landed.conversation_id AND card.account_id = landed.account_id
		JOIN deliveries AS head ON head.lane_id = card.id AND head.seq = card.head + 1
		WHERE landed.id = ANY($1) AND landed.conversation_id <> 0 AND card.priority = 2
			AND card.leased_until IS NULL AND card.due_at > parley_now()
			AND head.state = 'queued' AND head.attempt > 0 AND (head.not_before IS NULL OR head.not_before <= parley_now())
		FOR NO KEY UPDATE OF card SKIP LOCKED)`

const landPosts = `
	INSERT INTO posts (account_id, channel, message, conversation_id, message_id, kind, version, early)
	SELECT post.account_id, post.channel, post.message, post.conversation_id, post.message_id, post.kind, post.version, post.early
	FROM json_to_recordset($1) AS result(lane_id bigint, epoch bigint, post json)
	JOIN lanes AS lane ON ` + isClaimed + `
	CROSS JOIN LATERAL json_populate_record(NULL::posts, result.post) AS post
	ORDER BY post.account_id, post.channel, post.message
	ON CONFLICT (account_id, channel, message) DO UPDATE
	SET conversation_id = EXCLUDED.conversation_id, message_id = EXCLUDED.message_id, kind = EXCLUDED.kind,
		version = EXCLUDED.version, early = EXCLUDED.early`

const landThreads = `
	INSERT INTO threads (conversation_id, account_id, channel, root, rerooted, doubt)
	SELECT thread.conversation_id, thread.account_id, thread.channel, thread.root, thread.rerooted, thread.doubt
	FROM json_to_recordset($1) AS result(lane_id bigint, epoch bigint, thread json)
	JOIN lanes AS lane ON ` + isClaimed + `
	CROSS JOIN LATERAL json_populate_record(NULL::threads, result.thread) AS thread
	ORDER BY thread.conversation_id, thread.account_id
	ON CONFLICT (conversation_id, account_id) DO UPDATE
	SET channel = EXCLUDED.channel, root = EXCLUDED.root, rerooted = EXCLUDED.rerooted, doubt = EXCLUDED.doubt`

// landedRow is a post or a thread of a Landed. It is stored only if the lane still has this epoch.
type landedRow struct {
	LaneID LaneID  `json:"lane_id"`
	Epoch  int64   `json:"epoch"`
	Post   *Post   `json:"post,omitempty"`
	Thread *Thread `json:"thread,omitempty"`
}

// rootKind is the kind of the deliveries that open threads.
const rootKind = "root"

// hasLandedRoot reports whether a root, the first message of a thread, was posted.
func (f *FinishedDelivery) hasLandedRoot() bool {
	return slices.ContainsFunc(f.Landed, func(l LandedPart) bool { return l.Thread != nil || l.Post.Kind == rootKind })
}

// queueBlockGates adds the statement that blocks gates for Finish.GateWait. The gates are in the order of their ids, so that
// two transactions can't deadlock.
func queueBlockGates(batch *pgx.Batch, done []FinishedDelivery) {
	blocked := map[GateID]float64{}
	for _, f := range done {
		if f.GateWait > 0 {
			blocked[f.Gate] = max(blocked[f.Gate], f.GateWait)
		}
	}
	if len(blocked) == 0 {
		return
	}
	gates := slices.Sorted(maps.Keys(blocked))
	waits := query.Field(gates, func(gate *GateID) float64 { return blocked[*gate] })
	batch.Queue(blockGates, gates, waits)
}

// deliveryResults returns the arguments of finishDeliveries: a row for each head, and one for each other member of its
// run. A member has the head's result, except for its own id, state, progress and warning.
func deliveryResults(done []FinishedDelivery) []any {
	var rows []FinishedDelivery
	for _, head := range done {
		rows = append(rows, head)
		for _, part := range head.With {
			member := head
			member.ID, member.State, member.Warned = part.ID, part.State, part.Warned
			member.Progress = Clean(part.Progress)
			member.Part = 0
			member.Joined = head.ID

			// The next claim may form a different run, unless a part of this run's message has been sent already.
			if head.State == Queued && head.Part == 0 {
				member.Joined = 0
			}
			rows = append(rows, member)
		}
	}

	lanes, epochs := lanesAndEpochs(rows)
	return []any{
		lanes,
		epochs,
		query.Field(rows, func(f *FinishedDelivery) DeliveryID { return f.ID }),
		query.Field(rows, func(f *FinishedDelivery) string { return string(f.State) }),
		query.Field(rows, func(f *FinishedDelivery) int { return f.Part }),
		query.Field(rows, func(f *FinishedDelivery) string { return f.ExternalID }),
		query.Field(rows, func(f *FinishedDelivery) string { return f.Progress }),
		query.Field(rows, func(f *FinishedDelivery) string { return f.ErrorClass }),
		query.Field(rows, func(f *FinishedDelivery) string { return f.ErrorText }),
		query.Field(rows, func(f *FinishedDelivery) bool { return f.Absent }),
		query.Field(rows, func(f *FinishedDelivery) bool { return f.Unsure }),
		query.Field(rows, func(f *FinishedDelivery) bool { return f.Warned }),
		query.Field(rows, func(f *FinishedDelivery) DeliveryID { return f.Joined }),
		query.Field(rows, func(f *FinishedDelivery) bool { return f.Uncalled }),
	}
}

// landedOf collects the posts and threads of results, without duplicate posts.
func landedOf(done []FinishedDelivery) (posts, threads []landedRow) {
	type key struct {
		account          AccountID
		channel, message string
	}

	seen := map[key]bool{}
	for _, f := range done {
		for _, l := range f.Landed {
			k := key{l.Post.AccountID, l.Post.Channel, l.Post.Message}
			if l.Post.Message != "" && !seen[k] {
				seen[k] = true
				posts = append(posts, landedRow{LaneID: f.LaneID, Epoch: f.Epoch, Post: &l.Post})
			}
			if l.Thread != nil {
				threads = append(threads, landedRow{LaneID: f.LaneID, Epoch: f.Epoch, Thread: l.Thread})
			}
		}
	}
	return posts, threads
}

// factsOf collects the facts about results.
func factsOf(done []FinishedDelivery) (facts []LaneFact) {
	for _, f := range done {
		for _, e := range f.Facts {
			facts = append(facts, LaneFact{LaneID: f.LaneID, Epoch: f.Epoch, NewEvent: e})
		}
	}
	return facts
}

// queueRows adds a statement whose $1 is a JSON array of rows, if there are any.
func queueRows[T any](batch *pgx.Batch, sql string, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	batch.Queue(sql, body)
	return nil
}
