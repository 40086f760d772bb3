package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"parley/store/internal/query"
)

// For each question to a language model, Parley keeps a record: the prompt and the answer, compressed and encrypted.
// With these records people can check what the model was told about a customer. They are removed after some days, and when
// somebody who wrote in the conversation is erased, that is, when the person's data is deleted on request.

// maxRecordBytes limits the size of a decompressed record that Open reads.
const maxRecordBytes = 8 << 20

// AIClaim is the job for which a process asks the model. While it does, the row of that job is claimed by this process:
// the claim has an epoch, a number that rises with each claim, so that a process that was too slow can tell that another
// one has taken over. Make a Claim with BurstClaim or RequestClaim.
type AIClaim struct {
	conversation ConversationID
	keep         string // the statement that inserts the record
	args         []any  // the arguments of keep from $4 on
}

// AIBurstClaim is the claim on a burst: a customer's latest messages, which are analysed together.
func AIBurstClaim(b Burst) AIClaim {
	return AIClaim{b.ConversationID, keepForBurst, []any{b.Epoch, b.FirstEvent}}
}

// AIRequestClaim is the claim on a text request (store/request): an agent asked for a text, such as a summary. It is
// identified by its conversation, its name, and when it was asked.
func AIRequestClaim(conversation ConversationID, name string, askedAt time.Time, epoch int64) AIClaim {
	return AIClaim{conversation, keepForRequest, []any{epoch, name, askedAt}}
}

// Conversation returns the conversation that the model is asked about.
func (c AIClaim) Conversation() ConversationID { return c.conversation }

// A record contains the words of everybody who wrote in its conversation: the customer, and people in copy. It must not
// outlive the erasure of any of them. An erasure removes the claimed row first and the records later, so these
// statements insert a record only if they can lock the claimed row FOR SHARE:
//   - If the erasure comes second, it waits for that lock, and then sees the record and removes it.
//   - If the erasure came first, the row is gone, and no record is inserted.
//
// The conversation is locked before the claimed row because the transactions that apply events take locks in that order.
const (
	keepForBurst = lockConversation + `
		claim AS MATERIALIZED (
			SELECT conversation_id FROM bursts
			WHERE conversation_id = (SELECT id FROM conversation) AND epoch = $4 AND first_event <= $5 FOR SHARE
		)` + keepExchange
	keepForRequest = lockConversation + `
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

// KeepAIRecord stores a record of a question to the model and its answer. record can be any value that encodes to JSON; it
// is encrypted with s. KeepRecord stores nothing, and returns nil, if the claim is no longer valid: another process took
// over, or somebody who wrote in the conversation was erased.
func KeepAIRecord(ctx context.Context, q Execer, s *Sealer, account AccountID, c AIClaim, record any) error {
	body, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("ai: keep record: %w", err)
	}

	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, err = w.Write(body)
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("ai: keep record: %w", err)
	}
	args := append([]any{c.conversation, account, s.Seal(sealContext(c.conversation), compressed.Bytes())}, c.args...)
	if _, err := q.Exec(ctx, c.keep, args...); err != nil {
		return fmt.Errorf("ai: keep record: %w", err)
	}

	return nil
}

// sealContext binds an encrypted record to its conversation: it can't be decrypted as a record of another one.
func sealContext(conversation ConversationID) string {
	return fmt.Sprintf("ai_exchanges/%d", conversation)
}

// AIRecord is what KeepRecord stored, still encrypted. Open decrypts it.
type AIRecord struct {
	At     time.Time `db:"at"`
	Sealed []byte    `db:"sealed"`
}

const latestExchanges = `
	SELECT at, sealed
	FROM ai_exchanges
	WHERE conversation_id = $1
	ORDER BY id DESC
	LIMIT $2`

// LatestAIRecords returns the latest records of a conversation, at most limit of them, the newest first.
func LatestAIRecords(ctx context.Context, q Querier, conversation ConversationID, limit int) ([]AIRecord, error) {
	return query.Collect[AIRecord](ctx, q, "latest records of the model", latestExchanges, conversation, limit)
}

// Open decrypts a record of the conversation and decodes it into the value that into points to.
// Errors: store.ErrWrongKey if it was encrypted with another key or for another conversation.
func (r AIRecord) Open(s *Sealer, conversation ConversationID, into any) error {
	compressed, err := s.Open(sealContext(conversation), r.Sealed)
	if err != nil {
		return err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return fmt.Errorf("ai: open record: %w", err)
	}
	if err := json.NewDecoder(io.LimitReader(unzipped, maxRecordBytes)).Decode(into); err != nil {
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

// maxForgotten is how many records of an account one call of ForgetRecords removes at most.
const maxForgotten = 1000

// ForgetAIRecords removes the records of each account that are older than days[account]. It removes at most maxForgotten
// per account, so a long backlog takes several calls.
func ForgetAIRecords(ctx context.Context, q Querier, days map[AccountID]int) error {
	var accounts []AccountID
	var kept []int
	for account, n := range days {
		accounts, kept = append(accounts, account), append(kept, n)
	}
	if _, err := q.Exec(ctx, forgetExchanges, accounts, kept, maxForgotten); err != nil {
		return fmt.Errorf("ai: forget records: %w", err)
	}
	return nil
}
