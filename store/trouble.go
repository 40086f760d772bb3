package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

const (
	// lockCondition makes processes change an account's status one after the other.
	lockTroubled = `SELECT status FROM accounts WHERE id = $1 FOR NO KEY UPDATE`

	ofLivingProcess = `EXISTS (
		SELECT FROM leases AS process WHERE process.name = trouble.holder AND process.until > (SELECT clock_timestamp()))`
	note = `
	WITH known AS (
		SELECT FROM leases AS trouble WHERE trouble.name = concat('trouble:', $1::bigint, ':', $2::text) AND ` + ofLivingProcess + `
	), noted AS (
		INSERT INTO leases (name, holder, until)
		VALUES (concat('trouble:', $1::bigint, ':', $2::text), $3, clock_timestamp() + $4::interval)
		ON CONFLICT (name) DO UPDATE
		SET holder = EXCLUDED.holder, until = EXCLUDED.until
	)
	SELECT NOT EXISTS (SELECT FROM known)`
	endTrouble = `
	WITH known AS MATERIALIZED (
		SELECT trouble.name, ` + ofLivingProcess + ` AS counts,
			trouble.name = concat('trouble:', $1::bigint, ':', $2::text) AND trouble.until <= (SELECT clock_timestamp())
				AND trouble.until = coalesce($3, trouble.until) AS ended,
			trouble.until
		FROM leases AS trouble
		WHERE starts_with(trouble.name, concat('trouble:', $1::bigint, ':'))
	), gone AS (
		DELETE FROM leases WHERE name IN (SELECT name FROM known WHERE ended OR NOT counts)
	)
	SELECT coalesce(bool_or(ended), false), coalesce(bool_or(counts AND NOT ended), false),
		max(until) FILTER (WHERE counts AND NOT ended AND name = concat('trouble:', $1::bigint, ':', $2::text))
	FROM known`
)

// NoteTrouble records that a process has seen a part of an account fail. part is "send" or "run", for example. End can't
// end the trouble until the duration lasts has passed. isNews is true if no living process knew of the trouble, or if the
// account's status was still "active". It is false if there is no such account.
func NoteTrouble(ctx context.Context, q Querier, id AccountID, part, process string, lasts time.Duration) (isNews bool, err error) {
	status, err := query.Column[string](ctx, q, "condition", lockTroubled, id)
	if err != nil || len(status) == 0 {
		return false, err
	}
	isNews, err = query.Value[bool](ctx, q, "trouble", note, id, part, process, lasts)
	return isNews || status[0] == accountWorks, err
}

// EndedTrouble is the result of End.
type EndedTrouble struct {
	WasKnown  bool       // the trouble was known, and has ended now
	HasOthers bool       // the account still has troubles, perhaps including this one
	Lasts     *time.Time // if this trouble can't be ended yet: when it can; otherwise nil
}

// EndTrouble records that a part of an account works. noted is nil, or Ended.Lasts of an earlier call. In the second
// case it ends only the trouble that the earlier call found, and none that was recorded since.
func EndTrouble(ctx context.Context, q Querier, id AccountID, part string, noted *time.Time) (EndedTrouble, error) {
	if _, err := query.Column[string](ctx, q, "condition", lockTroubled, id); err != nil {
		return EndedTrouble{}, err
	}
	var e EndedTrouble
	err := q.QueryRow(ctx, endTrouble, id, part, noted).Scan(&e.WasKnown, &e.HasOthers, &e.Lasts)
	return e, err
}

const (
	reconnecting  = `UPDATE accounts SET status = 'connecting', status_text = '', status_hint = '' WHERE id = $1 AND status <> $2`
	forgetTrouble = `DELETE FROM leases WHERE starts_with(name, concat('trouble:', $1::bigint, ':'))`
)

// Reconnect forgets what failed in an account, because a person has signed in to it anew: whether it works now is being tried.
func Reconnect(ctx context.Context, q Execer, id AccountID) error {
	if err := query.Exec(ctx, q, "reconnect", reconnecting, id, accountWorks); err != nil {
		return err
	}
	return query.Exec(ctx, q, "reconnect", forgetTrouble, id)
}

// accountWorks is the status of an account without known troubles.
const accountWorks = "active"

const brokenAccounts = `SELECT id FROM accounts WHERE status <> $1`

// BrokenAccounts returns the accounts whose status is not accountWorks.
func BrokenAccounts(ctx context.Context, q Querier) ([]AccountID, error) {
	return query.Column[AccountID](ctx, q, "broken accounts", brokenAccounts, accountWorks)
}
