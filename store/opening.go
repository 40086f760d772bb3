package store

import (
	"context"

	"parley/store/internal/query"
)

// Opening limits how many new conversations a sender, or a whole mail domain, may open on an account, so that a flood of mails
// from one origin doesn't bury those of others. It is a leaky bucket that is measured in seconds: each new conversation adds
// some seconds, 120 for example, and each second that passes removes one. While the level is too high, the caller opens no
// conversation for that sender.
type Opening struct {
	AccountID AccountID `db:"account_id" json:"account_id"`
	Origin    string    `db:"origin" json:"origin"` // an address, or a mail domain: @shop.example
	Before    float64   `db:"before" json:"-"`      // the level in seconds when the row was read
	Used      float64   `db:"-" json:"used"`        // the seconds that UseOpenings adds
}

const findOpenings = `
	SELECT opening.account_id, opening.origin,
		greatest(extract(epoch FROM opening.free_at - (SELECT parley_now())), 0)::double precision AS before
	FROM unnest($1::bigint[], $2::text[]) AS given(account_id, origin)
	JOIN openings AS opening ON opening.account_id = given.account_id AND opening.origin = given.origin`

// FindOpenings reads into list the openings of the pairs accounts[i], origins[i]. The level of a missing pair is 0.
func (p *Pipeline) FindOpenings(list *[]Opening, accounts []AccountID, origins []string) {
	if len(accounts) > 0 {
		read(p, list, findOpenings, accounts, origins)
	}
}

// useOpenings adds used to the current level, not to Before, because another transaction may have changed it since.
const useOpenings = `
	WITH clock AS MATERIALIZED (SELECT parley_now() AS now)
	INSERT INTO openings (account_id, origin, free_at)
	SELECT given.account_id, given.origin, clock.now + make_interval(secs => given.used)
	FROM json_to_recordset($1) AS given(account_id bigint, origin text, used double precision)
	CROSS JOIN clock
	ORDER BY given.account_id, given.origin
	ON CONFLICT (account_id, origin) DO UPDATE
	SET free_at = EXCLUDED.free_at + greatest(openings.free_at - (SELECT now FROM clock), interval '0')`

// UseOpenings adds Used to the level. No two rows may have the same account and origin.
func UseOpenings(ctx context.Context, q Execer, rows []Opening) error {
	return execRows(ctx, q, "use openings", useOpenings, rows)
}

// forgetOpenings skips locked rows; a later call removes them.
const forgetOpenings = `
	DELETE FROM openings
	WHERE ctid = ANY(ARRAY(
		SELECT ctid FROM openings WHERE free_at < (SELECT parley_now()) LIMIT $1 FOR UPDATE SKIP LOCKED))`

// ForgetOpenings removes at most limit rows whose level is 0.
func ForgetOpenings(ctx context.Context, q Execer, limit int) error {
	return query.Exec(ctx, q, "forget openings", forgetOpenings, limit)
}
