package ai

import (
	"context"
	"fmt"

	"parley/store"
)

const findAccountAndTrait = `SELECT account_id, coalesce(traits->>$2, '') FROM conversations WHERE id = $1`

// FindAccountAndTrait reads what decides whether a model may be asked about a conversation: its account, and the value of one
// of its traits. The value is empty if the conversation doesn't have that trait.
func FindAccountAndTrait(ctx context.Context, q store.Querier, conversation store.ConversationID, trait string) (
	account store.AccountID, value string, err error) {
	if err = q.QueryRow(ctx, findAccountAndTrait, conversation, trait).Scan(&account, &value); err != nil {
		err = fmt.Errorf("ai: find account and trait: %w", err)
	}
	return account, value, err
}
