package ai

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// largestRecord is how many bytes of a record are read at most, once it is decompressed.
const largestRecord = 8 << 20

// Claim is what a process has claimed of a conversation while it asks a model: a burst or a text request. Make it with
// BurstClaim or RequestClaim.
type Claim struct {
	conversation store.ConversationID
	keep         string // the statement
	args         []any  // of the statement, from the fourth on
}

// BurstClaim is the claim of a burst that is being analysed.
func BurstClaim(b store.Burst) Claim {
	return Claim{b.ConversationID, keepOfBurst, []any{b.Epoch, b.FirstEvent}}
}

// RequestClaim is the claim of a text request (store/request) that is being answered: with its name, when it was asked, and its epoch.
func RequestClaim(conversation store.ConversationID, name string, askedAt time.Time, epoch int64) Claim {
	return Claim{conversation, keepOfRequest, []any{epoch, name, askedAt}}
}

// Conversation returns the conversation that is asked about.
func (c Claim) Conversation() store.ConversationID { return c.conversation }

// A record has the words of all who wrote in its conversation: its customer and those in copy. Whoever of them is erased, the
// erasure first removes the row of a claim that stands by then, and the records later. The row is locked FOR SHARE: if the erasure
// comes second, it waits for the lock, and then sees the record. If it was first, the row is gone, and nothing is kept. The
// conversation is locked before it, as batches do, which lock conversations first and write bursts and requests later.
const (
	keepOfBurst = lockConversation + `
		claim AS MATERIALIZED (
			SELECT conversation_id FROM bursts
			WHERE conversation_id = (SELECT id FROM conversation) AND epoch = $4 AND first_event = $5 FOR SHARE
		)` + keepExchange
	keepOfRequest = lockConversation + `
		claim AS MATERIALIZED (
			SELECT conversation_id FROM text_requests
			WHERE conversation_id = (SELECT id FROM conversation) AND epoch = $4 AND name = $5 AND asked_at = $6 AND done_at IS NULL FOR SHARE
		)` + keepExchange
	lockConversation = `
		WITH conversation AS MATERIALIZED (SELECT id FROM conversations WHERE id = $1 FOR KEY SHARE),`
	keepExchange = `
		INSERT INTO ai_exchanges (conversation_id, account_id, at, sealed)
		SELECT conversation_id, $2, parley_now(), $3 FROM claim`
)

// KeepRecord keeps what a model was asked about a conversation and answered: any value that JSON can hold. It is
// sealed. It keeps nothing if the claim doesn't stand any more: another process has it, or somebody who wrote in the
// conversation is being erased, or was.
func KeepRecord(ctx context.Context, q store.Execer, s *store.Sealer, account store.AccountID, c Claim, record any) error {
	body, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("ai: keep record: %w", err)
	}

	var small bytes.Buffer
	w := gzip.NewWriter(&small)
	_, err = w.Write(body)
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("ai: keep record: %w", err)
	}
	args := append([]any{c.conversation, account, s.Seal(sealPlace(c.conversation), small.Bytes())}, c.args...)
	if _, err := q.Exec(ctx, c.keep, args...); err != nil {
		return fmt.Errorf("ai: keep record: %w", err)
	}

	return nil
}

// sealPlace names the place to which the records of a conversation are sealed: they can't be opened as another's.
func sealPlace(conversation store.ConversationID) string {
	return fmt.Sprintf("ai_exchanges/%d", conversation)
}

// Record is what KeepRecord has kept, still sealed.
type Record struct {
	At     time.Time `db:"at"`
	Sealed []byte    `db:"sealed"`
}

const latestExchanges = `
	SELECT at, sealed
	FROM ai_exchanges
	WHERE conversation_id = $1
	ORDER BY id DESC
	LIMIT $2`

// LatestRecords returns the latest records of a conversation, at most as many as most says, the newest first.
func LatestRecords(ctx context.Context, q store.Querier, conversation store.ConversationID, most int) ([]Record, error) {
	return query.Collect[Record](ctx, q, "latest records of the model", latestExchanges, conversation, most)
}

// Open reads a record of a conversation into a value like the one that was kept.
// Errors: store.ErrWrongKey.
func (r Record) Open(s *store.Sealer, conversation store.ConversationID, into any) error {
	small, err := s.Open(sealPlace(conversation), r.Sealed)
	if err != nil {
		return err
	}
	zipped, err := gzip.NewReader(bytes.NewReader(small))
	if err != nil {
		return fmt.Errorf("ai: open record: %w", err)
	}
	if err := json.NewDecoder(io.LimitReader(zipped, largestRecord)).Decode(into); err != nil {
		return fmt.Errorf("ai: open record: %w", err)
	}
	return nil
}

const forgetExchanges = `
	DELETE FROM ai_exchanges
	WHERE id = ANY(ARRAY(
		SELECT old.id
		FROM unnest($1::bigint[], $2::int[]) AS keep(account, days)
		CROSS JOIN LATERAL (
			SELECT id
			FROM ai_exchanges
			WHERE account_id = keep.account AND at <= (SELECT parley_now()) - make_interval(days => keep.days)
			ORDER BY at
			LIMIT $3) AS old))`

// mostForgotten is how many records of an account are removed at once.
const mostForgotten = 1000

// ForgetRecords removes the records of each account that are older than days[account]. It removes at most mostForgotten of
// each account; the next calls remove the others.
func ForgetRecords(ctx context.Context, q store.Querier, days map[store.AccountID]int) error {
	var accounts []store.AccountID
	var kept []int
	for account, n := range days {
		accounts, kept = append(accounts, account), append(kept, n)
	}
	if _, err := q.Exec(ctx, forgetExchanges, accounts, kept, mostForgotten); err != nil {
		return fmt.Errorf("ai: forget records: %w", err)
	}
	return nil
}
