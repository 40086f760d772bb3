package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/internal/query"
)

// Burst is what a customer wrote in one go, in a conversation, and nobody has analysed yet: its messages
// from FirstEvent to LastEvent.
type Burst struct {
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	FirstEvent     EventID        `db:"first_event" json:"first_event"`
	LastEvent      EventID        `db:"last_event" json:"last_event"`
	BeganAt        time.Time      `db:"began_at" json:"began_at"` // Parley's clock
	DueAt          time.Time      `db:"due_at" json:"due_at"`     // Parley's clock
	Attempt        int            `db:"attempt" json:"attempt"`
	Epoch          int64          `db:"epoch" json:"epoch"`
}

// A burst is due a little after its latest message, but no later than BurstMost after its first one. One that
// is being analysed grows too: see FinishBurst.
const (
	BurstQuiet = 3 * time.Second
	BurstMost  = 20 * time.Second
)

const upsertBursts = `
	INSERT INTO bursts AS b (conversation_id, first_event, last_event, began_at, due_at)
	SELECT conversation_id, first_event, last_event, began_at, due_at
	FROM json_populate_recordset(NULL::bursts, $1)
	ORDER BY conversation_id
	ON CONFLICT (conversation_id) DO UPDATE
	SET last_event = greatest(b.last_event, EXCLUDED.last_event), due_at = greatest(b.due_at, least(EXCLUDED.due_at, b.began_at + interval '20 seconds'))`

// UpsertBursts begins bursts, or lets what was written belong to those that are there.
func UpsertBursts(ctx context.Context, q Execer, rows []Burst) error {
	return execRows(ctx, q, "upsert bursts", upsertBursts, rows)
}

const claimBursts = `
	UPDATE bursts
	SET epoch = epoch + 1, attempt = attempt + 1, leased_until = (SELECT clock_timestamp()) + make_interval(secs => $2)
	WHERE conversation_id = ANY(ARRAY(
		SELECT conversation_id
		FROM bursts
		WHERE due_at <= (SELECT parley_now()) AND (leased_until IS NULL OR leased_until <= (SELECT clock_timestamp()))
		ORDER BY due_at
		LIMIT $1
		FOR UPDATE SKIP LOCKED))
	RETURNING conversation_id, first_event, last_event, began_at, due_at, attempt, epoch`

// ClaimBursts takes bursts that are due, at most so many. Each is leased to this process for so long.
func ClaimBursts(ctx context.Context, q Batcher, most int, lease time.Duration) ([]Burst, error) {
	return query.CollectOnePlan[Burst](ctx, q, "claim bursts", claimBursts, most, lease.Seconds())
}

// BurstMaterial is what the analyses of bursts that were claimed together read at once.
type BurstMaterial struct {
	Latest        []Message // of their conversations, the newest first
	Conversations []Conversation
	Templates     []Template // of the accounts of these
	Now           time.Time  // Parley's clock
	Knowledge     bool       // there is a knowledge base
	Solved        bool       // there are resolved conversations to draw on
}

const burstTemplates = `
	SELECT ` + templateColumns + `
	FROM templates
	WHERE todo <> 'delete' AND account_id = ANY(ARRAY(SELECT account_id FROM conversations WHERE id = ANY($1)))
	ORDER BY account_id, name, language`

const burstSources = `SELECT parley_now(), EXISTS (SELECT FROM knowledge_sections), EXISTS (SELECT FROM solved)`

// LoadBursts reads in one round trip what the analyses of bursts need, with so many of the latest messages of each.
func LoadBursts(ctx context.Context, q Batcher, bursts []Burst, each int) (*BurstMaterial, error) {
	ids := make([]ConversationID, 0, len(bursts))
	for _, b := range bursts {
		ids = append(ids, b.ConversationID)
	}
	m := &BurstMaterial{}
	var batch pgx.Batch
	batch.Queue(query.OnePlan)
	batch.Queue(burstSources).QueryRow(func(row pgx.Row) error { return row.Scan(&m.Now, &m.Knowledge, &m.Solved) })
	query.Read(&batch, &m.Latest, latestMessages, ids, each)
	query.Read(&batch, &m.Conversations, getConversations, ids)
	query.Read(&batch, &m.Templates, burstTemplates, ids)
	if err := q.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, fmt.Errorf("store: load bursts: %w", err)
	}
	return m, nil
}

// AnalysedBurst is a claimed burst with the fact that tells what its analysis found.
type AnalysedBurst struct {
	Burst
	Fact NewEvent
}

const lockBursts = `
	SELECT b.conversation_id, b.first_event, b.last_event, b.began_at, b.due_at, b.attempt, b.epoch
	FROM bursts AS b
	JOIN unnest($1::bigint[], $2::bigint[]) AS d(conversation_id, epoch) USING (conversation_id, epoch)
	ORDER BY b.conversation_id
	FOR UPDATE OF b`

const endBursts = `DELETE FROM bursts WHERE conversation_id = ANY($1)`

const restOfBursts = `
	UPDATE bursts AS b
	SET first_event = d.last_event + 1, began_at = parley_now(), due_at = parley_now() + make_interval(secs => $3), attempt = 0, leased_until = NULL
	FROM unnest($1::bigint[], $2::bigint[]) AS d(conversation_id, last_event)
	WHERE b.conversation_id = d.conversation_id`

// FinishBursts ends claimed bursts and journals their facts, in one transaction. What a customer wrote meanwhile
// becomes a burst of its own. A burst whose lease ended, and that another process has claimed, is left alone
// with its fact.
func FinishBursts(ctx context.Context, pool *pgxpool.Pool, done []AnalysedBurst) error {
	var ids []ConversationID
	var epochs []int64
	for _, d := range done {
		ids, epochs = append(ids, d.ConversationID), append(epochs, d.Epoch)
	}
	return InTxWith(ctx, pool, func(tx pgx.Tx) (*Pipeline, error) {
		locked, err := query.Collect[Burst](ctx, tx, "lock bursts", lockBursts, ids, epochs)
		if err != nil {
			return nil, err
		}
		now := map[ConversationID]EventID{} // the latest event of each burst that is still ours
		for _, b := range locked {
			now[b.ConversationID] = b.LastEvent
		}
		var p Pipeline
		var ended, grown []ConversationID
		var upTo []EventID
		var facts []NewEvent
		for _, d := range done {
			switch last, ours := now[d.ConversationID]; {
			case !ours:
				continue
			case last == d.LastEvent:
				ended = append(ended, d.ConversationID)
			default:
				grown, upTo = append(grown, d.ConversationID), append(upTo, d.LastEvent)
			}
			facts = append(facts, d.Fact)
		}
		_, err = p.Exec(ctx, endBursts, ended)
		if err == nil && len(grown) > 0 {
			_, err = p.Exec(ctx, restOfBursts, grown, upTo, BurstQuiet.Seconds())
		}
		p.InsertEvents(facts)
		return &p, err
	})
}

const retryBurst = `
	UPDATE bursts
	SET due_at = parley_now() + make_interval(secs => $3), leased_until = NULL
	WHERE conversation_id = $1 AND epoch = $2`

// RetryBurst gives a claimed burst back. It is due again after wait.
func RetryBurst(ctx context.Context, q Execer, b Burst, wait time.Duration) error {
	if _, err := q.Exec(ctx, retryBurst, b.ConversationID, b.Epoch, wait.Seconds()); err != nil {
		return fmt.Errorf("store: retry burst: %w", err)
	}
	return nil
}

const dropBurst = `DELETE FROM bursts WHERE conversation_id = $1 AND epoch = $2`

// DropBurst gives a claimed burst up: nobody will analyse it.
func DropBurst(ctx context.Context, q Execer, b Burst) error {
	if _, err := q.Exec(ctx, dropBurst, b.ConversationID, b.Epoch); err != nil {
		return fmt.Errorf("store: drop burst: %w", err)
	}
	return nil
}
