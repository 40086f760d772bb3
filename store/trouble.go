package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// A trouble is one thing of an account that fails: its replies are refused ("send"), or its mailbox can't be read
// ("run"). An account may have several, and works again once none is left. Each trouble is a row of the table
// leases, so that all processes know of it. The row's holder is the process that saw the trouble last. Once the
// holder has ended, the trouble no longer counts, because nobody would notice that it is over. A success ends a
// trouble only after the row's time.

const (
	// lockCondition has one process after the other decide what becomes of an account's condition.
	lockCondition = `SELECT status FROM accounts WHERE id = $1 FOR NO KEY UPDATE`

	ofLivingProcess = `EXISTS (
		SELECT FROM leases AS process WHERE process.name = trouble.holder AND process.until > (SELECT clock_timestamp()))`
	noteTrouble = `
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

// NoteTrouble notes that a thing of an account (what) fails, as a process has seen. EndTrouble can't end it until
// the time lasts has passed. isNews is true if no living process knew of the trouble, or if the account was thought
// to work. It is false if there is no such account.
func NoteTrouble(ctx context.Context, q Querier, id AccountID, what, process string, lasts time.Duration) (isNews bool, err error) {
	status, err := query.Column[string](ctx, q, "condition", lockCondition, id)
	if err != nil || len(status) == 0 {
		return false, err
	}
	isNews, err = query.Value[bool](ctx, q, "trouble", noteTrouble, id, what, process, lasts)
	return isNews || status[0] == accountWorks, err
}

// EndedTrouble is what EndTrouble found.
type EndedTrouble struct {
	WasKnown  bool       // a process had seen the thing fail, and its trouble is ended now
	HasOthers bool       // living processes know of troubles of the account that go on
	Lasts     *time.Time // until when this trouble can't be ended. It then goes on, as one of the others. nil: it has ended
}

// EndTrouble notes that a thing of an account works. noted is nil, or EndedTrouble.Lasts of an earlier call: then
// it ends only the trouble that was found at that time, and none that was noted since.
func EndTrouble(ctx context.Context, q Querier, id AccountID, what string, noted *time.Time) (EndedTrouble, error) {
	if _, err := query.Column[string](ctx, q, "condition", lockCondition, id); err != nil {
		return EndedTrouble{}, err
	}
	var e EndedTrouble
	err := q.QueryRow(ctx, endTrouble, id, what, noted).Scan(&e.WasKnown, &e.HasOthers, &e.Lasts)
	return e, err
}

// accountWorks is the status of an account that is not known to fail.
const accountWorks = "active"

const brokenAccounts = `SELECT id FROM accounts WHERE status <> $1`

// BrokenAccounts returns the accounts that don't work, as far as any process knows.
func BrokenAccounts(ctx context.Context, q Querier) ([]AccountID, error) {
	return query.Column[AccountID](ctx, q, "broken accounts", brokenAccounts, accountWorks)
}
