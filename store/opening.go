package store

import (
	"context"

	"parley/store/internal/query"
)

// Opening limits how many new conversations one sender, or one mail domain, may open on an account, so that a
// stranger's mails don't bury those of customers. It works as a leaky bucket that is counted in seconds: each new
// conversation adds some seconds, 120 for example, and each second that passes takes one away. While too many
// seconds are used up, the caller opens no conversation for the sender.
type Opening struct {
	AccountID AccountID `db:"account_id" json:"account_id"`
	Origin    string    `db:"origin" json:"origin"` // an address, or a mail domain with its @
	// Before is how many seconds were used up when the row was read.
	Before float64 `db:"before" json:"-"`
	// Used is how many more seconds UseOpenings adds.
	Used float64 `db:"-" json:"used"`
}

const findOpenings = `
	SELECT opening.account_id, opening.origin,
		greatest(extract(epoch FROM opening.free_at - (SELECT parley_now())), 0)::double precision AS before
	FROM unnest($1::bigint[], $2::text[]) AS given(account_id, origin)
	JOIN openings AS opening ON opening.account_id = given.account_id AND opening.origin = given.origin`

// FindOpenings reads the openings of the pairs accounts[i], origins[i] when the pipeline is sent. An origin that is
// missing in the result has used up nothing.
func (p *Pipeline) FindOpenings(list *[]Opening, accounts []AccountID, origins []string) {
	if len(accounts) > 0 {
		read(p, list, findOpenings, accounts, origins)
	}
}

// Used is added to what is used up now, not to Before: another batch may have added some since.
const useOpenings = `
	WITH clock AS MATERIALIZED (SELECT parley_now() AS now)
	INSERT INTO openings (account_id, origin, free_at)
	SELECT given.account_id, given.origin, clock.now + make_interval(secs => given.used)
	FROM json_to_recordset($1) AS given(account_id bigint, origin text, used double precision)
	CROSS JOIN clock
	ORDER BY given.account_id, given.origin
	ON CONFLICT (account_id, origin) DO UPDATE
	SET free_at = EXCLUDED.free_at + greatest(openings.free_at - (SELECT now FROM clock), interval '0')`

// UseOpenings adds Used to the seconds that are used up. No two rows may have the same account and origin.
func UseOpenings(ctx context.Context, q Execer, rows []Opening) error {
	return execRows(ctx, q, "use openings", useOpenings, rows)
}

// forgetOpenings leaves rows that others have locked for a later call.
const forgetOpenings = `
	DELETE FROM openings
	WHERE ctid = ANY(ARRAY(
		SELECT ctid FROM openings WHERE free_at < (SELECT parley_now()) LIMIT $1 FOR UPDATE SKIP LOCKED))`

// ForgetOpenings removes at most limit rows of which no seconds are used up any more.
func ForgetOpenings(ctx context.Context, q Execer, limit int) error {
	return query.Exec(ctx, q, "forget openings", forgetOpenings, limit)
}
