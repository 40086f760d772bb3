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

// largestRecord bounds what a record may hold when it is opened, in bytes.
const largestRecord = 8 << 20

// Whoever erases the customer waits for the lock, and then sees what was kept; or was first, and nothing is kept.
const keepExchange = `
	WITH customer AS MATERIALIZED (
		SELECT i.key FROM identities AS i WHERE i.id = (SELECT c.identity_id FROM conversations AS c WHERE c.id = $1) FOR SHARE
	)
	INSERT INTO ai_exchanges (conversation_id, account_id, at, sealed)
	SELECT $1, $2, parley_now(), $3
	WHERE NOT EXISTS (SELECT FROM customer WHERE key LIKE 'erased:%')`

// KeepRecord keeps what a model was asked about a conversation and answered: any value that JSON can hold. It is
// sealed. It keeps nothing of a customer who is being erased, or was.
func KeepRecord(ctx context.Context, q store.Execer, s *store.Sealer, account store.AccountID, conversation store.ConversationID, record any) error {
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
	if _, err := q.Exec(ctx, keepExchange, conversation, account, s.Seal(sealPlace(conversation), small.Bytes())); err != nil {
		return fmt.Errorf("ai: keep record: %w", err)
	}
	return nil
}

// sealPlace is where a record of a conversation is sealed.
func sealPlace(conversation store.ConversationID) string {
	return fmt.Sprintf("ai_exchanges/%d", conversation)
}

// Record is one of KeepRecord.
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

// LatestRecords gives the latest records of a conversation, the newest first. Open opens them.
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
		SELECT e.id
		FROM unnest($1::bigint[], $2::int[]) AS k(account, days)
		CROSS JOIN LATERAL (
			SELECT x.id
			FROM ai_exchanges AS x
			WHERE x.account_id = k.account AND x.at <= (SELECT parley_now()) - make_interval(days => k.days)
			ORDER BY x.at
			LIMIT $3) AS e))`

// mostForgotten is how many records of an account are removed at once.
const mostForgotten = 1000

// ForgetRecords removes records that are older than so many days, by account; some of them, if there are very many.
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
