package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

const lockOutage = `
	INSERT INTO outages (account_id, reached_at, asked_at)
	VALUES ($1, (SELECT parley_now()), (SELECT parley_now()))
	ON CONFLICT (account_id) DO UPDATE
	SET reached_at = CASE
			WHEN outages.asked_at < (SELECT parley_now()) - make_interval(secs => $2) THEN EXCLUDED.reached_at
			ELSE outages.reached_at END,
		asked_at = EXCLUDED.asked_at
	RETURNING reached_at, asked_at, told_at`

const setOutage = `UPDATE outages SET reached_at = $2, told_at = $3 WHERE account_id = $1`

// OutageState records when a chat was last reached. Times are of Parley's clock.
type OutageState struct {
	ReachedAt time.Time  // when a process last reached the chat, or first checked it
	Now       time.Time  // the time of this check
	ToldAt    *time.Time // when admins were notified of the outage; nil if they weren't, or if it is over
}

// UpdateOutage locks the state of a chat, lets decide change it, and stores the notices that decide returns. If the previous
// check is longer ago than forget, Parley itself was down, so the chat counts as reached now.
func UpdateOutage(ctx context.Context, tx pgx.Tx, account AccountID, forget time.Duration, decide func(*OutageState) []Notice) error {
	var s OutageState
	if err := tx.QueryRow(ctx, lockOutage, account, forget.Seconds()).Scan(&s.ReachedAt, &s.Now, &s.ToldAt); err != nil {
		return fmt.Errorf("store: outage: %w", err)
	}

	notices := decide(&s)

	if _, err := tx.Exec(ctx, setOutage, account, s.ReachedAt, s.ToldAt); err != nil {
		return fmt.Errorf("store: outage: %w", err)
	}

	for _, n := range notices {
		if _, err := tx.Exec(ctx, insertNotice, n.Address, n.Subject, n.Body, n.Kind); err != nil {
			return fmt.Errorf("store: notice: %w", err)
		}
	}

	return nil
}

const listAway = `SELECT account_id, reached_at FROM outages WHERE told_at IS NOT NULL`

// AdminsAway returns the chats about whose outage admins were notified, and when each was last reached.
func AdminsAway(ctx context.Context, q Querier) (map[AccountID]time.Time, error) {
	return query.Map[AccountID, time.Time](ctx, q, "chats that are away", listAway)
}

const listFailing = `
	SELECT a.id, coalesce(o.reached_at, 'epoch') AS since
	FROM accounts AS a
	LEFT JOIN outages AS o
		ON o.account_id = a.id AND o.reached_at < o.asked_at AND o.asked_at > (SELECT parley_now()) - interval '2 minutes'
	WHERE a.status = 'error' AND NOT a.paused OR o.account_id IS NOT NULL
	ORDER BY a.side DESC, a.name`

// FailingAccount is an account that doesn't work now.
type FailingAccount struct {
	AccountID AccountID `db:"id"`
	Since     time.Time `db:"since"` // when the chat was last reached; zero if its last check succeeded, or it is no chat
}

// FailingAccounts returns the accounts that don't work, chats first: those with a fault, and the chats that didn't answer the last check.
// An old check, of a chat that nobody asks any more, doesn't count.
func FailingAccounts(ctx context.Context, q Querier) ([]FailingAccount, error) {
	list, err := query.Collect[FailingAccount](ctx, q, "accounts that fail", listFailing)
	for i := range list {
		if list[i].Since.Unix() == 0 {
			list[i].Since = time.Time{}
		}
	}
	return list, err
}

// NoticeKind selects how a notice is sent to an admin.
type NoticeKind string

// Kinds.
const (
	NoticeMail NoticeKind = "mail"
	NoticeText NoticeKind = "text" // a text message to a phone
)

// Notice is a mail or a text message from Parley to an admin.
type Notice struct {
	ID        int64      `db:"id"`
	Kind      NoticeKind `db:"kind"`
	Address   string     `db:"address"`
	Subject   string     `db:"subject"`
	Body      string     `db:"body"` // Markdown
	AccountID AccountID  `db:"account_id"`
	Attempt   int        `db:"attempt"`  // 1 for the first; see Repeat
	Unclear   bool       `db:"unclear"`  // it isn't known whether the last attempt sent it
	FirstAt   *time.Time `db:"first_at"` // when the first attempt began, by the database's clock
}

// While no process has claimed a text message, it has an infinite lease. This keeps processes of the previous version, which
// don't know text messages, from claiming it and sending it as a mail.
const insertNotice = `
	INSERT INTO notices (id, address, subject, body, kind, leased_until, due_at, created_at)
	VALUES (nextval('ids'), $1, $2, $3, $4,
		CASE WHEN $4 = 'text' THEN 'infinity'::timestamptz END, (SELECT parley_now()), (SELECT parley_now()))`

const claimNotice = `
	WITH next AS (
		SELECT id, state <> 'queued' AS unclear
		FROM notices
		WHERE state IN ('queued', 'sending', 'unknown') AND due_at <= (SELECT parley_now())
			AND kind = $3
			AND (leased_until IS NULL OR leased_until = 'infinity' OR leased_until < (SELECT clock_timestamp()))
			AND NOT EXISTS (
				SELECT FROM notices AS earlier
				WHERE earlier.state IN ('queued', 'sending', 'unknown') AND earlier.kind = notices.kind
					AND earlier.address = notices.address AND earlier.id < notices.id)
		ORDER BY due_at, id
		LIMIT 1
		FOR UPDATE SKIP LOCKED)
	UPDATE notices
	SET state = CASE WHEN next.unclear THEN 'unknown' ELSE 'sending' END,
		leased_until = (SELECT clock_timestamp()) + make_interval(secs => $1),
		attempt = notices.attempt + CASE WHEN next.unclear THEN 0 ELSE 1 END,
		first_at = coalesce(notices.first_at, (SELECT clock_timestamp())),
		account_id = CASE WHEN next.unclear THEN notices.account_id ELSE $2 END
	FROM next
	WHERE notices.id = next.id
	RETURNING notices.id, notices.kind, notices.address, notices.subject, notices.body, notices.account_id,
		notices.attempt, next.unclear, notices.first_at`

// ClaimNotice leases a due notice of a kind to the calling process. The caller sends it by the given account, or, if Unclear is set,
// looks whether it was sent. It then calls Finish, LookAgain or Repeat. Claim returns nil if no notice is due.
//
// A notice waits until those that were written to the same address before it have been sent or have failed. Otherwise a
// retry of "can't be reached" could follow "is back".
func ClaimNotice(ctx context.Context, q Querier, kind NoticeKind, account AccountID, lease time.Duration) (*Notice, error) {
	rows, err := query.Collect[Notice](ctx, q, "claim notice", claimNotice, lease.Seconds(), account, kind)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// States of notices after an attempt.
const (
	NoticeQueued  = "queued"  // it was certainly not sent, and is retried
	NoticeUnknown = "unknown" // it isn't known whether it was sent; the next process to claim it looks for it
	NoticeSent    = "sent"
	NoticeFailed  = "failed" // it can't be sent
)

const finishNotice = `
	UPDATE notices
	SET state = @state, error_text = @problem, attempt = attempt + @further,
		due_at = (SELECT parley_now()) + make_interval(secs => @pause),
		leased_until = CASE WHEN kind = 'text' THEN 'infinity'::timestamptz END
	WHERE id = @id AND attempt = @attempt`

// outcome is the result of an attempt to send a notice.
type noticeOutcome struct {
	state   string
	problem string        // the error text; empty if there was no error
	pause   time.Duration // until the notice is due again, unless it is Sent or Failed
	further int           // how many attempts to count in addition to the claimed one
}

func write(ctx context.Context, q Execer, n *Notice, o noticeOutcome) error {
	return query.Exec(ctx, q, "notice", finishNotice, pgx.NamedArgs{
		"id":      n.ID,
		"attempt": n.Attempt,
		"state":   o.state,
		"problem": o.problem,
		"pause":   o.pause.Seconds(),
		"further": o.further,
	})
}

// FinishNotice stores the result of an attempt. Unless the state is Sent or Failed, the notice is due again after a pause.
func FinishNotice(ctx context.Context, q Execer, n *Notice, state, problem string, pause time.Duration) error {
	return write(ctx, q, n, noticeOutcome{state: state, problem: problem, pause: pause})
}

// LookAgainAtNotice schedules another lookup of a notice after a pause, because the last lookup failed. It counts as an attempt, so that
// lookups don't go on forever.
func LookAgainAtNotice(ctx context.Context, q Execer, n *Notice, problem string, pause time.Duration) error {
	return write(ctx, q, n, noticeOutcome{state: NoticeUnknown, problem: problem, pause: pause, further: 1})
}

// RepeatNotice queues a notice to be sent again although it isn't known whether it was sent. It adds attempts to the count.
func RepeatNotice(ctx context.Context, q Execer, n *Notice, attempts int) error {
	return write(ctx, q, n, noticeOutcome{state: NoticeQueued, problem: "nobody knows whether it was sent", further: attempts})
}
