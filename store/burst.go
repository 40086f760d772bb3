package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/internal/query"
)

// A customer often writes several short messages in a row: "Hi", "my order is late", "it's number 4711". Parley analyses
// them together, as one burst: their language, what the customer wants, which replies to suggest. The table bursts is
// the queue of this work. Once the customer pauses for BurstQuiet, a process claims the burst, runs the analysis, and
// writes the result to the journal, the log of incoming events, as an event of Parley's own.

// Burst is the range of events, from FirstEvent to LastEvent, whose messages wait for analysis in a conversation. A
// conversation has at most one burst.
type Burst struct {
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	FirstEvent     EventID        `db:"first_event" json:"first_event"`
	LastEvent      EventID        `db:"last_event" json:"last_event"`
	BeganAt        time.Time      `db:"began_at" json:"began_at"` // parley_now(), the database's clock, which tests can move
	DueAt          time.Time      `db:"due_at" json:"due_at"`     // parley_now()
	Attempt        int            `db:"attempt" json:"attempt"`   // how often it was claimed
	Epoch          int64          `db:"epoch" json:"epoch"`       // rises with each claim; results of earlier claims are discarded
}

// A burst is due BurstQuiet after its latest message, but no later than MaxBurstWait after its first one. The statement
// upsertBursts repeats MaxBurstWait as '20 seconds'. A burst also grows while it is being analysed: see FinishBursts.
const (
	BurstQuiet   = 3 * time.Second
	MaxBurstWait = 20 * time.Second
)

const upsertBursts = `
	INSERT INTO bursts (conversation_id, first_event, last_event, began_at, due_at)
	SELECT conversation_id, first_event, last_event, began_at, due_at
	FROM json_populate_recordset(NULL::bursts, $1)
	ORDER BY conversation_id
	ON CONFLICT (conversation_id) DO UPDATE
	SET first_event = least(bursts.first_event, EXCLUDED.first_event), last_event = greatest(bursts.last_event, EXCLUDED.last_event),
		due_at = greatest(bursts.due_at, least(EXCLUDED.due_at, bursts.began_at + interval '20 seconds'))`

// UpsertBursts inserts bursts. If a conversation has a burst already, it extends that burst by the new messages. They may
// have been stored before those of the burst: events of two processes aren't always applied in the order of their numbers.
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

// ClaimBursts claims at most limit bursts that are due. No other process can claim them until lease has passed.
func ClaimBursts(ctx context.Context, q Batcher, limit int, lease time.Duration) ([]Burst, error) {
	return query.CollectOnePlan[Burst](ctx, q, "claim bursts", claimBursts, limit, lease.Seconds())
}

// BurstMaterial is the input for the analysis of bursts that were claimed together.
type BurstMaterial struct {
	Latest        []Message // newest first, without quoted history
	Conversations []Conversation
	Templates     []Template // of the accounts of Conversations
	Now           time.Time  // parley_now()
	Knowledge     bool       // whether there is a knowledge base
}

const burstTemplates = `
	SELECT ` + templateColumns + `
	FROM templates
	WHERE todo <> 'delete' AND account_id = ANY(ARRAY(SELECT account_id FROM conversations WHERE id = ANY($1)))
	ORDER BY account_id, name, language`

const burstSources = `SELECT parley_now(), EXISTS (SELECT FROM knowledge_sections)`

// LoadBursts reads the material of bursts in one round trip. It reads the latest messages of each conversation, at most
// perConversation of them.
func LoadBursts(ctx context.Context, q Batcher, bursts []Burst, perConversation int) (*BurstMaterial, error) {
	ids := make([]ConversationID, 0, len(bursts))
	for _, b := range bursts {
		ids = append(ids, b.ConversationID)
	}

	m := &BurstMaterial{}
	var batch pgx.Batch
	batch.Queue(query.OnePlan)
	batch.Queue(burstSources).QueryRow(func(row pgx.Row) error { return row.Scan(&m.Now, &m.Knowledge) })
	query.Read(&batch, &m.Latest, latestMessages, ids, perConversation)
	query.Read(&batch, &m.Conversations, getConversations, ids)
	query.Read(&batch, &m.Templates, burstTemplates, ids)

	if err := q.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, fmt.Errorf("store: load bursts: %w", err)
	}

	return m, nil
}

// AnalysedBurst is a claimed burst with the result of its analysis, as an event for the journal.
type AnalysedBurst struct {
	Burst
	Fact NewEvent
}

// lockBursts locks the bursts that are still claimed. If a row was removed meanwhile, as an erasure does, the next messages make
// a new one whose epochs begin anew, but whose messages are later ones.
const lockBursts = `
	SELECT conversation_id, bursts.first_event, last_event, began_at, due_at, attempt, epoch
	FROM bursts
	JOIN unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS claimed(conversation_id, epoch, first_event) USING (conversation_id, epoch)
	WHERE bursts.first_event <= claimed.first_event
	ORDER BY conversation_id
	FOR UPDATE OF bursts`

const endBursts = `DELETE FROM bursts WHERE conversation_id = ANY($1)`

// keepRestOfBursts shortens bursts to the messages after the last analysed event, and releases the claim. If there are messages
// before the first analysed event, it leaves them whole: the mood of those alone would be taken for a later one.
const keepRestOfBursts = `
	UPDATE bursts
	SET first_event = CASE WHEN bursts.first_event < analysed.first_event THEN bursts.first_event ELSE analysed.last_event + 1 END,
		began_at = parley_now(), due_at = parley_now() + make_interval(secs => $4), attempt = 0, leased_until = NULL
	FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS analysed(conversation_id, first_event, last_event)
	WHERE bursts.conversation_id = analysed.conversation_id`

// FinishBursts removes analysed bursts and writes their results to the journal, in one transaction. Messages that arrived
// during the analysis stay in the queue as a new burst. If the lease expired and another process has claimed a burst, its
// epoch differs, and if the claimed burst was removed, this one has later messages: FinishBursts then leaves the burst alone and
// discards the result.
func FinishBursts(ctx context.Context, pool *pgxpool.Pool, done []AnalysedBurst) error {
	ids := query.Field(done, func(b *AnalysedBurst) ConversationID { return b.ConversationID })
	epochs := query.Field(done, func(b *AnalysedBurst) int64 { return b.Epoch })
	firsts := query.Field(done, func(b *AnalysedBurst) EventID { return b.FirstEvent })
	return InTxWith(ctx, pool, func(tx pgx.Tx) (*Pipeline, error) {
		locked, err := query.Collect[Burst](ctx, tx, "lock bursts", lockBursts, ids, epochs, firsts)
		if err != nil {
			return nil, err
		}

		held := map[ConversationID]Burst{} // the bursts that this process still holds, as they are now
		for _, burst := range locked {
			held[burst.ConversationID] = burst
		}

		var p Pipeline
		p.finishBursts(done, held)
		return &p, nil
	})
}

// finishBursts queues the statements that write the results of bursts. It skips bursts that aren't held any more.
func (p *Pipeline) finishBursts(done []AnalysedBurst, held map[ConversationID]Burst) {
	var ended, grown []ConversationID
	var firsts, lasts []EventID // what was analysed of those that have grown
	var facts []NewEvent
	for _, burst := range done {
		now, isHeld := held[burst.ConversationID]
		if !isHeld {
			continue
		}

		facts = append(facts, burst.Fact)

		if now.FirstEvent == burst.FirstEvent && now.LastEvent == burst.LastEvent {
			ended = append(ended, burst.ConversationID)
			continue
		}

		grown = append(grown, burst.ConversationID)
		firsts = append(firsts, burst.FirstEvent)
		lasts = append(lasts, burst.LastEvent)
	}

	p.batch.Queue(endBursts, ended)

	if len(grown) > 0 {
		p.batch.Queue(keepRestOfBursts, grown, firsts, lasts, BurstQuiet.Seconds())
	}

	p.InsertEvents(facts)
}

// isClaimedBurst selects the burst of a conversation ($1) if a claim with epoch $2, which began with event $3, still holds it.
const isClaimedBurst = `conversation_id = $1 AND epoch = $2 AND first_event <= $3`

const retryBurst = `
	UPDATE bursts
	SET due_at = parley_now() + make_interval(secs => $4), leased_until = NULL
	WHERE ` + isClaimedBurst

// RetryBurst releases a claim after a failed analysis. The burst is due again after wait.
func RetryBurst(ctx context.Context, q Execer, b Burst, wait time.Duration) error {
	return query.Exec(ctx, q, "retry burst", retryBurst, b.ConversationID, b.Epoch, b.FirstEvent, wait.Seconds())
}

const (
	dropBurst       = `DELETE FROM bursts WHERE ` + isClaimedBurst + ` AND last_event = $4`
	dropPartOfBurst = `
		UPDATE bursts
		SET first_event = $4 + 1, began_at = parley_now(), due_at = parley_now() + make_interval(secs => $5), attempt = 0, leased_until = NULL
		WHERE ` + isClaimedBurst + ` AND last_event > $4`
)

// DropBurst removes a claimed burst without a result. Messages that arrived meanwhile stay in the queue as a new burst.
func DropBurst(ctx context.Context, q Execer, b Burst) error {
	if err := query.Exec(ctx, q, "drop burst", dropBurst, b.ConversationID, b.Epoch, b.FirstEvent, b.LastEvent); err != nil {
		return err
	}
	return query.Exec(ctx, q, "drop part of burst", dropPartOfBurst,
		b.ConversationID, b.Epoch, b.FirstEvent, b.LastEvent, BurstQuiet.Seconds())
}
