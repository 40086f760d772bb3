package store

import (
	"context"
	"fmt"
	"time"

	"parley/store/internal/query"
)

// An account has a daily limit of tokens for the language model. Before a request, its estimated tokens are reserved
// (ReserveTokens); afterwards the count is corrected to what the provider reported (SettleTokens). For example, with a
// limit of 1000 and 900 used, a request for 200 is refused.

// reserveTokens checks the limit and counts in one statement, so that two concurrent requests can't both take the last
// tokens. The limit is checked twice: for the INSERT of the day's first row, and for the UPDATE of an existing one.
const reserveTokens = `
	WITH today AS MATERIALIZED (
		SELECT (parley_now() AT TIME ZONE 'UTC')::date AS day
	), fits AS (
		INSERT INTO ai_tokens AS counted (account_id, day, tokens)
		SELECT $1, today.day, $2::bigint FROM today WHERE $3::bigint = 0 OR $2 <= $3
		ON CONFLICT (account_id, day) DO UPDATE
		SET tokens = counted.tokens + EXCLUDED.tokens
		WHERE $3 = 0 OR counted.tokens + EXCLUDED.tokens <= $3
		RETURNING 1
	)
	SELECT today.day, EXISTS (SELECT 1 FROM fits) AS ok FROM today`

const refuseTokens = `
	INSERT INTO ai_tokens AS counted (account_id, day, refused)
	VALUES ($1, $2, 1)
	ON CONFLICT (account_id, day) DO UPDATE SET refused = counted.refused + 1`

// ReserveAITokens adds tokens to the account's count of today (UTC). If the sum would exceed limit, it adds nothing, counts
// a refusal and returns ok = false. A limit of 0 means unlimited. The caller passes day on to SettleTokens.
func ReserveAITokens(ctx context.Context, q Querier, account AccountID, tokens, limit int) (day time.Time, ok bool, err error) {
	err = q.QueryRow(ctx, reserveTokens, account, int64(tokens), int64(limit)).Scan(&day, &ok)
	if err != nil {
		return day, false, fmt.Errorf("ai: reserve tokens: %w", err)
	}
	if ok {
		return day, true, nil
	}
	if _, err := q.Exec(ctx, refuseTokens, account, day); err != nil {
		return day, false, fmt.Errorf("ai: reserve tokens: %w", err)
	}
	return day, false, nil
}

const settleTokens = `UPDATE ai_tokens SET tokens = greatest(tokens + $3, 0) WHERE account_id = $1 AND day = $2`

// SettleAITokens corrects the count of a day by difference: the tokens that a request used, minus those reserved for it.
func SettleAITokens(ctx context.Context, q Querier, account AccountID, day time.Time, difference int) error {
	if _, err := q.Exec(ctx, settleTokens, account, day, int64(difference)); err != nil {
		return fmt.Errorf("ai: settle tokens: %w", err)
	}
	return nil
}

// AITokens counts the tokens that an account has used today (UTC).
type AITokens struct {
	Account AccountID `db:"account_id"`
	Tokens  int64     `db:"tokens"`
	Refused int64     `db:"refused"` // requests that didn't fit into the limit
}

const tokensToday = `
	SELECT account_id, tokens, refused
	FROM ai_tokens
	WHERE day = (SELECT (parley_now() AT TIME ZONE 'UTC')::date)
	ORDER BY account_id`

// AITokensToday returns the counts of today, for the accounts that have asked the model, ordered by account.
func AITokensToday(ctx context.Context, q Querier) ([]AITokens, error) {
	return query.Collect[AITokens](ctx, q, "tokens of today", tokensToday)
}

const forgetTokens = `DELETE FROM ai_tokens WHERE day < (SELECT (parley_now() AT TIME ZONE 'UTC')::date) - 90`

// ForgetAITokens removes counts that are older than 90 days.
func ForgetAITokens(ctx context.Context, q Querier) error {
	if _, err := q.Exec(ctx, forgetTokens); err != nil {
		return fmt.Errorf("ai: forget tokens: %w", err)
	}
	return nil
}
