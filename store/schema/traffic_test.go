package schema_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// traffic is what replicas of schema 10 do to a database that is filled: accept facts, apply them, and hand out what is
// to be posted. Everything that it makes has an id above firstNew, by which it is told from what was filled in.
type traffic struct {
	pool  *pgxpool.Pool
	newer atomic.Bool // facts are accepted by this version's statements, too

	accepted atomic.Int64
}

const (
	firstNew   = 10_000_000_000
	trafficKey = "7/new%d"
	keysNew    = 20
)

// round is one thing that a replica does over and over.
type round func(ctx context.Context, n int64) error

// rounds are the things that replicas do beside each other.
func (tr *traffic) rounds() map[string]round {
	return map[string]round{"accept": tr.accept, "apply": tr.apply, "post": tr.post, "look": tr.look}
}

// accept stores the next fact of a queue, by turns as schema 10 does and, once it may, as this version does.
func (tr *traffic) accept(ctx context.Context, n int64) error {
	key, place := fmt.Sprintf(trafficKey, n%keysNew), firstNew+n
	var err error
	if tr.newer.Load() && n%2 == 0 {
		_, err = store.InsertEvents(ctx, tr.pool,
			[]store.NewEvent{{AccountID: 7, ExternalID: fmt.Sprintf("%s-%d", key, place), OrderKey: key, Payload: fmt.Append(nil, place)}})
	} else {
		_, err = tr.pool.Exec(ctx, acceptAtTen, key, place)
	}
	if err == nil {
		tr.accepted.Add(1)
	}
	return err
}

// takeAtTen takes the oldest events of a shard off the queue.
const takeAtTen = `
	WITH taken AS (
		DELETE FROM pending WHERE event_id IN (SELECT event_id FROM pending WHERE shard = 0 ORDER BY event_id LIMIT 16) RETURNING event_id
	)
	SELECT e.id, convert_from(e.payload, 'UTF8')::bigint FROM taken JOIN events AS e ON e.id = taken.event_id ORDER BY e.id`

// applyAtTen returns the statements by which schema 10 applies facts. Each fact is a new customer's first message,
// and changes one of the conversations that were filled in.
func applyAtTen() []string {
	return []string{
		`UPDATE conversations SET last_at = parley_now(), subject = subject || '.', waiting_since = parley_now() WHERE id = ANY(@old::bigint[])`,
		`INSERT INTO identities (id, account_id, key, contact_id) SELECT f, 7, 'new' || f, f FROM unnest(@events::bigint[], @facts::bigint[]) AS t (e, f)`,
		`INSERT INTO contacts (id, name) SELECT f, 'New' FROM unnest(@events::bigint[], @facts::bigint[]) AS t (e, f)`,
		`INSERT INTO conversations (id, account_id, identity_id, status, subject, last_at, created_at)
			SELECT f, 7, f, 'open', 'Hello', parley_now(), parley_now() FROM unnest(@events::bigint[], @facts::bigint[]) AS t (e, f)`,
		`INSERT INTO threads (conversation_id, account_id, channel) SELECT f, 8, 'C1' FROM unnest(@events::bigint[], @facts::bigint[]) AS t (e, f)`,
		`INSERT INTO messages (id, conversation_id, direction, fate, account_id, text, event_id, said_at, created_at)
			SELECT f, f, 'in', 'in', 7, 'Hello', e, parley_now(), parley_now() FROM unnest(@events::bigint[], @facts::bigint[]) AS t (e, f)`,
		`INSERT INTO external_ids (account_id, external_id, conversation_id, message_id)
			SELECT 7, 'm' || f, f, f FROM unnest(@events::bigint[], @facts::bigint[]) AS t (e, f)`,
		`INSERT INTO log_entries (id, conversation_id, at, actor, what, event_id)
			SELECT f, f, parley_now(), 'customer', 'opened', e FROM unnest(@events::bigint[], @facts::bigint[]) AS t (e, f)`,
		`INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, tail, due_at)
			SELECT f, 8, 'c' || f, f, 1, 1, parley_now() FROM unnest(@events::bigint[], @facts::bigint[]) AS t (e, f)`,
		`INSERT INTO deliveries (id, lane_id, seq, message_id, kind, created_at)
			SELECT f, f, 1, f, 'root', parley_now() FROM unnest(@events::bigint[], @facts::bigint[]) AS t (e, f)`,
	}
}

// apply applies some facts in one transaction, as the holder of a shard does. It also writes a conversation that no
// customer has begun, so that it still writes when the migration has taken over all facts that wait.
func (tr *traffic) apply(ctx context.Context, n int64) error {
	return store.InTx(ctx, tr.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM shards WHERE id = 0 FOR UPDATE`); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, takeAtTen)
		if err != nil {
			return err
		}
		events, facts, old := []int64{}, []int64{}, []int64{}
		var event, fact int64
		if _, err := pgx.ForEachRow(rows, []any{&event, &fact}, func() error {
			events, facts, old = append(events, event), append(facts, fact), append(old, 1+(fact+n)%1000)
			return nil
		}); err != nil {
			return err
		}
		if err := rows.Err(); err != nil {
			return err
		}
		events, facts, old = append(events, 0), append(facts, 2*firstNew+n), append(old, 1+n%1000) // and what an agent begins
		for _, sql := range applyAtTen() {
			if _, err := tx.Exec(ctx, sql, pgx.NamedArgs{"events": events, "facts": facts, "old": old}); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
		return nil
	})
}

// These are the statements of a dispatcher of schema 10. claimAtTen claims the head of a lane, and finishAtTen files
// that it was posted.
const (
	claimAtTen = `
		WITH l AS (
			SELECT id
			FROM lanes WHERE gate_id = 1 AND priority = 1 AND due_at <= parley_now() AND (leased_until IS NULL OR leased_until < clock_timestamp())
			ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
		), claimed AS (
			UPDATE lanes SET epoch = epoch + 1, leased_until = clock_timestamp() + interval '1 day' FROM l WHERE lanes.id = l.id
			RETURNING lanes.id, lanes.head
		)
		UPDATE deliveries AS d SET state = 'sending', attempt = attempt + 1, sent_at = clock_timestamp()
		FROM claimed AS c WHERE d.lane_id = c.id AND d.seq = c.head + 1 AND d.state = 'queued'
		RETURNING d.lane_id`
	finishAtTen = `
		WITH d AS (
			UPDATE deliveries SET state = 'accepted', external_id = lane_id::text
			WHERE lane_id = $1 AND state = 'sending' RETURNING lane_id, message_id
		), post AS (
			INSERT INTO posts (account_id, channel, message, conversation_id, message_id, kind)
			SELECT 8, 'C1', lane_id::text, lane_id, message_id, 'root' FROM d
		), t AS (
			UPDATE threads SET root = conversation_id::text FROM d WHERE conversation_id = d.lane_id AND account_id = 8
		)
		UPDATE lanes SET head = head + 1, due_at = NULL, leased_until = NULL FROM d WHERE id = d.lane_id`
)

// post posts what is due in one lane.
func (tr *traffic) post(ctx context.Context, _ int64) error {
	var lane int64
	err := tr.pool.QueryRow(ctx, claimAtTen).Scan(&lane)
	if err == nil {
		_, err = tr.pool.Exec(ctx, finishAtTen, lane)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil // nothing is due
	}
	return err
}

// look reads a conversation with what belongs to it, as a card and a thread need it.
func (tr *traffic) look(ctx context.Context, n int64) error {
	_, err := tr.pool.Exec(ctx, `
		SELECT c.subject, i.key, m.text, l.what, p.message, d.state, x.external_id
		FROM conversations AS c
		JOIN identities AS i ON i.id = c.identity_id
		JOIN messages AS m ON m.conversation_id = c.id
		JOIN log_entries AS l ON l.conversation_id = c.id
		LEFT JOIN posts AS p ON p.conversation_id = c.id AND p.kind = 'root'
		JOIN lanes ON lanes.conversation_id = c.id
		JOIN deliveries AS d ON d.lane_id = lanes.id
		LEFT JOIN external_ids AS x ON x.account_id = 7 AND x.external_id = m.external_id
		WHERE c.id = $1`, 1+n%1000)
	return err
}
