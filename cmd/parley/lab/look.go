package lab

import (
	"context"
	"fmt"

	"parley/store"
)

// Load is what Parley still has to do, and what it gave up.
type Load struct {
	Pending     int // facts to be applied
	Lanes       int // conversations with something to deliver
	Quarantined int // facts that could not be applied, and that nobody tries again
}

// IsIdle reports whether nothing is left to do.
func (l Load) IsIdle() bool { return l.Pending == 0 && l.Lanes == 0 }

const loadQuery = `
	SELECT (SELECT count(*) FROM queued),
		(SELECT count(*) FROM lanes WHERE due_at IS NOT NULL OR leased_until IS NOT NULL),
		(SELECT count(*) FROM quarantine)`

// ReadLoad reads the load from Parley's database.
func ReadLoad(ctx context.Context, q store.Querier) (l Load, err error) {
	if err := q.QueryRow(ctx, loadQuery).Scan(&l.Pending, &l.Lanes, &l.Quarantined); err != nil {
		return l, fmt.Errorf("read what Parley still has to do: %w", err)
	}
	return l, nil
}

const unwatched = `SELECT count(*) FROM accounts WHERE kind = 'email' AND watermark IS NULL`

// Unwatched counts the mailboxes in which Parley hasn't noted yet where new mail begins. Mail that
// comes before Parley has noted that counts as old, and Parley never fetches it.
func Unwatched(ctx context.Context, q store.Querier) (n int, err error) {
	if err := q.QueryRow(ctx, unwatched).Scan(&n); err != nil {
		return n, fmt.Errorf("count the mailboxes that Parley doesn't watch yet: %w", err)
	}
	return n, nil
}
