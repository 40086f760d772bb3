package store

import (
	"context"
	"fmt"
)

// Opening limits how many conversations one sender, or one mail domain, may open on an account. It is
// a bucket that is counted in seconds: each new conversation uses up some, and they come back as time
// passes.
type Opening struct {
	AccountID AccountID `db:"account_id" json:"account_id"`
	Origin    string    `db:"origin" json:"origin"` // an address, or a mail domain with its @
	// Before is how many seconds were used up when the row was read, by Parley's clock at that statement.
	Before float64 `db:"before" json:"-"`
	// Used is how many more seconds UseOpenings is to add.
	Used float64 `db:"-" json:"used"`
}

const findOpenings = `
	SELECT o.account_id, o.origin, greatest(extract(epoch FROM o.free_at - (SELECT parley_now())), 0)::double precision AS before
	FROM unnest($1::bigint[], $2::text[]) AS k(account_id, origin)
	JOIN openings AS o ON o.account_id = k.account_id AND o.origin = k.origin`

// FindOpenings reads openings by account and origin (parallel lists). Of an origin that is missing in
// the result nothing is used up.
func (p *Pipeline) FindOpenings(list *[]Opening, accounts []AccountID, origins []string) {
	if len(accounts) > 0 {
		read(p, list, findOpenings, accounts, origins)
	}
}

// Used is added to what is used up now, not to Before: another batch may have added some since.
const useOpenings = `
	WITH t AS MATERIALIZED (SELECT parley_now() AS now)
	INSERT INTO openings AS o (account_id, origin, free_at)
	SELECT r.account_id, r.origin, t.now + make_interval(secs => r.used)
	FROM json_to_recordset($1) AS r(account_id bigint, origin text, used double precision)
	CROSS JOIN t
	ORDER BY r.account_id, r.origin
	ON CONFLICT (account_id, origin) DO UPDATE
	SET free_at = EXCLUDED.free_at + greatest(o.free_at - (SELECT now FROM t), interval '0')`

// UseOpenings adds Used to the seconds that are used up. Rows must be unique.
func UseOpenings(ctx context.Context, q Execer, rows []Opening) error {
	return execRows(ctx, q, "use openings", useOpenings, rows)
}

// Rows that others lock are left for later.
const forgetOpenings = `
	DELETE FROM openings
	WHERE ctid = ANY(ARRAY(
		SELECT ctid FROM openings WHERE free_at < (SELECT parley_now()) LIMIT $1 FOR UPDATE SKIP LOCKED))`

// ForgetOpenings removes at most limit rows of which nothing is used up any more.
func ForgetOpenings(ctx context.Context, q Execer, limit int) error {
	if _, err := q.Exec(ctx, forgetOpenings, limit); err != nil {
		return fmt.Errorf("store: forget openings: %w", err)
	}
	return nil
}
