package dispatch

import (
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// A result counts only while its epoch is the lane's and the lane is still leased. So a result that
// is late, or that is written a second time because the database's answer was lost, changes nothing.
// Each statement that writes results has that condition; therefore finishLanes, which ends the lease, runs last.

// fence locks the lanes whose results still count.
const fence = `
	SELECT l.id
	FROM lanes AS l
	JOIN unnest($1::bigint[], $2::bigint[]) AS r(lane_id, epoch) ON l.id = r.lane_id AND l.epoch = r.epoch AND l.leased_until IS NOT NULL
	ORDER BY l.id
	FOR NO KEY UPDATE OF l`

// If a receipt has decided the delivery meanwhile (delivered, failed, …), its state and part stay.
//
// Finish.Unsure sets payload.unsure, so that all later attempts at this part know that the part may
// already have arrived.
const finishDeliveries = `
	UPDATE deliveries AS d
	SET state = CASE WHEN d.state IN ('queued', 'sending', 'unknown') THEN r.state ELSE d.state END,
		part = CASE WHEN d.state IN ('queued', 'sending', 'unknown') THEN r.part ELSE d.part END,
		external_id = CASE WHEN r.external_id <> '' THEN r.external_id ELSE d.external_id END,
		progress = r.progress, error_class = r.error_class, error_text = r.error_text,
		absent_at = CASE WHEN r.absent THEN clock_timestamp() WHEN r.part <> d.part THEN NULL ELSE d.absent_at END,
		warned_at = CASE WHEN r.warned THEN clock_timestamp() ELSE d.warned_at END,
		payload = CASE
			WHEN r.unsure THEN d.payload || '{"unsure": true}'
			WHEN r.part <> d.part THEN d.payload - 'unsure'
			ELSE d.payload
		END,
		joined = r.joined
	FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[],
		$10::boolean[], $11::boolean[], $12::boolean[], $13::bigint[])
		AS r(lane_id, epoch, id, state, part, external_id, progress, error_class, error_text, absent, unsure, warned, joined)
	JOIN lanes AS l ON l.id = r.lane_id AND l.epoch = r.epoch AND l.leased_until IS NOT NULL
	WHERE d.id = r.id`

// returnSlots gives slots back to gates with a rate. Gates are locked in the order of their ids, and
// after that nothing of the transaction waits for a lock of another one.
const returnSlots = `
	WITH r AS MATERIALIZED (
		SELECT l.gate_id, count(*) AS n
		FROM unnest($1::bigint[], $2::bigint[]) AS r(lane_id, epoch)
		JOIN lanes AS l ON l.id = r.lane_id AND l.epoch = r.epoch AND l.leased_until IS NOT NULL
		GROUP BY l.gate_id
	), g AS MATERIALIZED (
		SELECT id
		FROM gates
		WHERE id IN (SELECT gate_id FROM r) AND (per_second > 0 OR wide_per_second > 0)
		ORDER BY id
		FOR NO KEY UPDATE
	)
	UPDATE gates
	SET next_at = CASE WHEN gates.per_second > 0
			THEN gates.next_at - make_interval(secs => r.n / gates.per_second)
			ELSE gates.next_at END,
		wide_next_at = CASE WHEN gates.wide_per_second > 0
			THEN gates.wide_next_at - make_interval(secs => r.n / gates.wide_per_second)
			ELSE gates.wide_next_at END
	FROM r
	WHERE gates.id = r.gate_id AND gates.id IN (SELECT id FROM g)`

// A head that a receipt has decided meanwhile doesn't wait for Finish.Wait, only for the lane's rest.
//
// With Finish.Keep the lane keeps due_at, so that no index is written; without it the lane goes behind
// the others of its gate. Claims don't look for lanes that were due before GateDue.Oldest. So no lane
// becomes due earlier than it was; nor, without Keep, earlier than now.
//
// Once its root has landed, a lane is no more urgent than other lanes: PriorityRoot becomes PrioritySay.
//
// Fence has locked the lanes, so no delivery can be added to them that this statement doesn't see.
const finishLanes = `
	WITH t AS MATERIALIZED (SELECT parley_now() AS now)
	UPDATE lanes AS l
	SET head = l.head + r.advance,
		leased_until = NULL,
		rest_until = CASE WHEN r.rest > 0 THEN t.now + make_interval(secs => r.rest) ELSE l.rest_until END,
		due_at = CASE
			WHEN l.tail <= l.head + r.advance THEN NULL
			WHEN r.advance = 0 AND r.id <> 0 THEN t.now + make_interval(secs => greatest(r.rest, CASE
				WHEN r.wait > 0 AND EXISTS (
					SELECT FROM deliveries AS d WHERE d.id = r.id AND d.state NOT IN ('queued', 'sending', 'unknown')) THEN 0
				ELSE r.wait END))
			ELSE greatest((SELECT n.not_before FROM deliveries AS n
				WHERE n.lane_id = l.id AND n.seq = l.head + r.advance + 1),
				CASE WHEN r.keep THEN l.due_at ELSE t.now END,
				CASE WHEN r.rest > 0 THEN t.now + make_interval(secs => r.rest) ELSE l.rest_until END)
		END,
		priority = CASE WHEN r.rooted AND l.priority = 0 THEN 1 ELSE l.priority END
	FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $5::double precision[], $6::boolean[],
			$7::double precision[], $8::boolean[])
		AS r(lane_id, epoch, id, advance, wait, keep, rest, rooted), t
	WHERE l.id = r.lane_id AND l.epoch = r.epoch AND l.leased_until IS NOT NULL`

const landPosts = `
	INSERT INTO posts (account_id, channel, message, conversation_id, message_id, kind, version, early)
	SELECT p.account_id, p.channel, p.message, p.conversation_id, p.message_id, p.kind, p.version, p.early
	FROM json_to_recordset($1) AS r(lane_id bigint, epoch bigint, post json)
	JOIN lanes AS l ON l.id = r.lane_id AND l.epoch = r.epoch AND l.leased_until IS NOT NULL
	CROSS JOIN LATERAL json_populate_record(NULL::posts, r.post) AS p
	ORDER BY p.account_id, p.channel, p.message
	ON CONFLICT (account_id, channel, message) DO UPDATE
	SET conversation_id = EXCLUDED.conversation_id, message_id = EXCLUDED.message_id, kind = EXCLUDED.kind,
		version = EXCLUDED.version, early = EXCLUDED.early`

const landThreads = `
	INSERT INTO threads (conversation_id, account_id, channel, root, rerooted, doubt)
	SELECT t.conversation_id, t.account_id, t.channel, t.root, t.rerooted, t.doubt
	FROM json_to_recordset($1) AS r(lane_id bigint, epoch bigint, thread json)
	JOIN lanes AS l ON l.id = r.lane_id AND l.epoch = r.epoch AND l.leased_until IS NOT NULL
	CROSS JOIN LATERAL json_populate_record(NULL::threads, r.thread) AS t
	ON CONFLICT (conversation_id, account_id) DO UPDATE
	SET channel = EXCLUDED.channel, root = EXCLUDED.root, rerooted = EXCLUDED.rerooted, doubt = EXCLUDED.doubt`

// landed is a post or a thread of a Landed, with the lane and epoch by which it counts.
type landed struct {
	LaneID store.LaneID  `json:"lane_id"`
	Epoch  int64         `json:"epoch"`
	Post   *store.Post   `json:"post,omitempty"`
	Thread *store.Thread `json:"thread,omitempty"`
}

// queueFinish adds the statements that write results.
func queueFinish(batch *pgx.Batch, done []Finish) error {
	if len(done) == 0 {
		return nil
	}
	for i := range done { // one provider's unclean text must not make the whole batch fail
		for _, s := range []*string{&done[i].ExternalID, &done[i].Progress, &done[i].ErrorClass, &done[i].ErrorText} {
			*s = store.Clean(*s)
		}
	}
	n := len(done)
	lanes, epochs, ids, advance, waits := make([]store.LaneID, n), make([]int64, n), make([]store.DeliveryID, n), make([]int32, n), make([]float64, n)
	keep, rests, rooted := make([]bool, n), make([]float64, n), make([]bool, n)
	for i, f := range done {
		lanes[i], epochs[i], ids[i], advance[i], waits[i], keep[i] = f.LaneID, f.Epoch, f.ID, int32(f.Advance), f.Wait, f.Keep
		rests[i] = f.Rest
		rooted[i] = slices.ContainsFunc(f.Landed, func(l Landed) bool { return l.Thread != nil })
	}
	batch.Queue(fence, lanes, epochs)
	posts, threads := landedOf(done)
	if err := queueRows(batch, landPosts, posts); err != nil {
		return err
	}
	if err := queueRows(batch, landThreads, threads); err != nil {
		return err
	}
	store.AddLaneFacts(batch, factsOf(done))
	var uncalled []store.LaneID
	var uncalledEpochs []int64
	for _, f := range done {
		if f.Uncalled {
			uncalled, uncalledEpochs = append(uncalled, f.LaneID), append(uncalledEpochs, f.Epoch)
		}
	}
	if len(uncalled) > 0 {
		batch.Queue(returnSlots, uncalled, uncalledEpochs)
	}
	batch.Queue(finishDeliveries, deliveryResults(done)...)
	batch.Queue(finishLanes, lanes, epochs, ids, advance, waits, keep, rests, rooted)
	blocked := map[store.GateID]float64{}
	for _, f := range done {
		if f.GateWait > 0 {
			blocked[f.Gate] = max(blocked[f.Gate], f.GateWait)
		}
	}
	if len(blocked) > 0 {
		gates := slices.Sorted(maps.Keys(blocked)) // replicas lock them in one order
		waits := make([]float64, len(gates))
		for i, g := range gates {
			waits[i] = blocked[g]
		}
		batch.Queue(blockGates, gates, waits)
	}
	return nil
}

// deliveryResults returns the arguments of finishDeliveries: a row for each delivery and for each
// member of its run. A run that is queued again loses its members, because the next claim chooses
// them anew; unless a part of its message was already sent, which the same members must continue.
func deliveryResults(done []Finish) []any {
	var lanes []store.LaneID
	var epochs []int64
	var ids, joined []store.DeliveryID
	var parts []int32
	var states, external, progress, classes, texts []string
	var absent, unsure, warned []bool
	add := func(f Finish, p Part, part int, first store.DeliveryID) {
		lanes, epochs, ids, joined = append(lanes, f.LaneID), append(epochs, f.Epoch), append(ids, p.ID), append(joined, first)
		parts = append(parts, int32(part)) //nolint:gosec // a message has few parts
		states, external, progress = append(states, p.State), append(external, f.ExternalID), append(progress, store.Clean(p.Progress))
		classes, texts = append(classes, f.ErrorClass), append(texts, f.ErrorText)
		absent, unsure, warned = append(absent, f.Absent), append(unsure, f.Unsure), append(warned, p.Warned)
	}
	for _, f := range done {
		add(f, Part{ID: f.ID, State: f.State, Progress: f.Progress, Warned: f.Warned}, f.Part, f.Joined)
		for _, p := range f.With {
			first := f.ID
			if f.State == store.Queued && f.Part == 0 {
				first = 0
			}
			add(f, p, 0, first)
		}
	}
	return []any{lanes, epochs, ids, states, parts, external, progress, classes, texts, absent, unsure, warned, joined}
}

// landedOf collects the posts and threads of results, each post once.
func landedOf(done []Finish) (posts, threads []landed) {
	type key struct {
		account          store.AccountID
		channel, message string
	}
	seen := map[key]bool{}
	for _, f := range done {
		for _, l := range f.Landed {
			k := key{l.Post.AccountID, l.Post.Channel, l.Post.Message}
			if l.Post.Message != "" && !seen[k] {
				seen[k] = true
				posts = append(posts, landed{LaneID: f.LaneID, Epoch: f.Epoch, Post: &l.Post})
			}
			if l.Thread != nil {
				threads = append(threads, landed{LaneID: f.LaneID, Epoch: f.Epoch, Thread: l.Thread})
			}
		}
	}
	return posts, threads
}

// factsOf collects the facts about results.
func factsOf(done []Finish) (facts []store.LaneFact) {
	for _, f := range done {
		for _, e := range f.Facts {
			facts = append(facts, store.LaneFact{LaneID: f.LaneID, Epoch: f.Epoch, NewEvent: e})
		}
	}
	return facts
}

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
