// Package outage keeps which chats can't be reached, and the mails and texts by which admins are told.
//
// What does not belong here: asking a chat, and sending mails (bridge/engine/chores).
package outage

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
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

// State says since when a chat can't be reached, as of now. Times are Parley's clock.
type State struct {
	ReachedAt time.Time  // when a process reached it last, or first asked
	Now       time.Time  // when this was asked
	ToldAt    *time.Time // when admins were told that it is away; nil while it is there
}

// UpdateState locks the state of a chat, lets decide change it, and stores the notices to admins that decide returns. If nobody has asked
// for longer than forget, the state begins again with now.
func UpdateState(ctx context.Context, tx pgx.Tx, account store.AccountID, forget time.Duration, decide func(*State) []Notice) error {
	var s State
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

// Away returns the chats of which admins were told that they can't be reached, and when each was reached last.
func Away(ctx context.Context, q store.Querier) (map[store.AccountID]time.Time, error) {
	return query.Map[store.AccountID, time.Time](ctx, q, "chats that are away", listAway)
}

// Kind is how a notice reaches an admin.
type Kind string

// Kinds.
const (
	Mail Kind = "mail"
	Text Kind = "text" // to a phone
)

// Notice is a mail, or a text, of Parley's own to an admin.
type Notice struct {
	ID        int64           `db:"id"`
	Kind      Kind            `db:"kind"`
	Address   string          `db:"address"`
	Subject   string          `db:"subject"`
	Body      string          `db:"body"` // Markdown
	AccountID store.AccountID `db:"account_id"`
	Attempt   int             `db:"attempt"`  // 1 for the first; see Repeat
	Unclear   bool            `db:"unclear"`  // nobody knows whether the last attempt arrived
	FirstAt   *time.Time      `db:"first_at"` // when the first attempt began, database's clock
}

// While nobody has a text in hand, it is leased for ever: the version before, which knows no texts, doesn't take it for a
// mail.
const insertNotice = `
	INSERT INTO notices (id, address, subject, body, kind, leased_until, due_at, created_at)
	VALUES (nextval('ids'), $1, $2, $3, $4,
		CASE WHEN $4 = 'text' THEN 'infinity'::timestamptz END, (SELECT parley_now()), (SELECT parley_now()))`

const claim = `
	WITH next AS (
		SELECT id, state <> 'queued' AS unclear
		FROM notices
		WHERE state IN ('queued', 'sending', 'unknown') AND due_at <= (SELECT parley_now())
			AND kind = $3
			AND (leased_until IS NULL OR leased_until = 'infinity' OR leased_until < (SELECT clock_timestamp()))
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

// Claim takes a notice of a kind that is due. The calling process sends it by an account, or looks whether it was sent. The
// notice is leased to it for that. Claim returns nil if no notice is due.
func Claim(ctx context.Context, q store.Querier, kind Kind, account store.AccountID, lease time.Duration) (*Notice, error) {
	rows, err := query.Collect[Notice](ctx, q, "claim notice", claim, lease.Seconds(), account, kind)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// States of notices after an attempt.
const (
	Queued  = "queued"  // it was surely not sent, and is tried again
	Unknown = "unknown" // nobody knows whether it was sent: it is looked for
	Sent    = "sent"
	Failed  = "failed" // it can't be sent
)

const finish = `
	UPDATE notices
	SET state = @state, error_text = @problem, attempt = attempt + @further,
		due_at = (SELECT parley_now()) + make_interval(secs => @pause),
		leased_until = CASE WHEN kind = 'text' THEN 'infinity'::timestamptz END
	WHERE id = @id AND attempt = @attempt`

// outcome is what became of an attempt to send a notice.
type outcome struct {
	state   string
	problem string
	pause   time.Duration // until the notice is due again, if it isn't sent or failed
	further int           // how many attempts it counts as, besides the one that was claimed
}

func write(ctx context.Context, q store.Execer, n *Notice, o outcome) error {
	return query.Exec(ctx, q, "notice", finish, pgx.NamedArgs{
		"id":      n.ID,
		"attempt": n.Attempt,
		"state":   o.state,
		"problem": o.problem,
		"pause":   o.pause.Seconds(),
		"further": o.further,
	})
}

// Finish writes what became of an attempt; one that isn't over is due again after a pause.
func Finish(ctx context.Context, q store.Execer, n *Notice, state, problem string, pause time.Duration) error {
	return write(ctx, q, n, outcome{state: state, problem: problem, pause: pause})
}

// LookAgain has a notice looked for once more after a pause, since the look-up failed. That counts as an attempt, so that it ends.
func LookAgain(ctx context.Context, q store.Execer, n *Notice, problem string, pause time.Duration) error {
	return write(ctx, q, n, outcome{state: Unknown, problem: problem, pause: pause, further: 1})
}

// Repeat queues a notice once more of which nobody knows whether it was sent. That counts as so many attempts besides.
func Repeat(ctx context.Context, q store.Execer, n *Notice, attempts int) error {
	return write(ctx, q, n, outcome{state: Queued, problem: "nobody knows whether it was sent", further: attempts})
}
