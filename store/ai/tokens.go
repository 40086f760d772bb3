package ai

import (
	"context"
	"fmt"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// It is one statement, so that of two requests at once only those count that fit together. The limit is checked where the
// day's first row is inserted, and where it is updated.
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

// ReserveTokens adds tokens to what the account has used today (UTC). If the sum would exceed limit, it adds nothing, counts
// a refusal and returns ok = false. A limit of 0 means that there is none. SettleTokens needs the day.
func ReserveTokens(ctx context.Context, q store.Querier, account store.AccountID, tokens, limit int) (day time.Time, ok bool, err error) {
	err = q.QueryRow(ctx, reserveTokens, account, int64(tokens), int64(limit)).Scan(&day, &ok)
	if err == nil && !ok {
		_, err = q.Exec(ctx, refuseTokens, account, day)
	}
	if err != nil {
		return day, false, fmt.Errorf("ai: reserve tokens: %w", err)
	}
	return day, ok, nil
}

const settleTokens = `UPDATE ai_tokens SET tokens = greatest(tokens + $3, 0) WHERE account_id = $1 AND day = $2`

// SettleTokens changes what was counted on a day by the difference between what was used and what was reserved.
func SettleTokens(ctx context.Context, q store.Querier, account store.AccountID, day time.Time, difference int) error {
	if _, err := q.Exec(ctx, settleTokens, account, day, int64(difference)); err != nil {
		return fmt.Errorf("ai: settle tokens: %w", err)
	}
	return nil
}

// DayTokens is what the model cost an account today.
type DayTokens struct {
	Account store.AccountID `db:"account_id"`
	Tokens  int64           `db:"tokens"`
	Refused int64           `db:"refused"` // requests that didn't fit into the limit
}

const tokensToday = `
	SELECT account_id, tokens, refused
	FROM ai_tokens
	WHERE day = (SELECT (parley_now() AT TIME ZONE 'UTC')::date)
	ORDER BY account_id`

// TokensToday reads what the model cost today.
func TokensToday(ctx context.Context, q store.Querier) ([]DayTokens, error) {
	return query.Collect[DayTokens](ctx, q, "tokens of today", tokensToday)
}

const forgetTokens = `DELETE FROM ai_tokens WHERE day < (SELECT (parley_now() AT TIME ZONE 'UTC')::date) - 90`

// ForgetTokens removes what was counted more than 90 days ago.
func ForgetTokens(ctx context.Context, q store.Querier) error {
	if _, err := q.Exec(ctx, forgetTokens); err != nil {
		return fmt.Errorf("ai: forget tokens: %w", err)
	}
	return nil
}
