package store

import (
	"context"
	"fmt"
)

const findAccountAndTrait = `SELECT account_id, coalesce(traits->>$2, '') FROM conversations WHERE id = $1`

// AccountAndTrait reads what decides whether a model may be asked about a conversation: its account, and the value of one
// of its traits. The value is empty if the conversation doesn't have that trait.
func AccountAndTrait(ctx context.Context, q Querier, conversation ConversationID, trait string) (
	account AccountID, value string, err error) {
	if err = q.QueryRow(ctx, findAccountAndTrait, conversation, trait).Scan(&account, &value); err != nil {
		err = fmt.Errorf("ai: find account and trait: %w", err)
	}
	return account, value, err
}
