package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// Grant is the OAuth grant for one account.
type Grant struct {
	AccountID AccountID `db:"account_id"`
	Provider  string    `db:"provider"`
	SignedIn  string    `db:"signed_in"` // who consented; empty if the provider didn't say
	Sealed    []byte    `db:"sealed"`    // the tokens
	// RenewIn and ExpireIn are the seconds until the access token should be refreshed and until it expires; negative
	// afterwards. They are computed by the database's clock, so that all replicas agree.
	RenewIn  float64 `db:"renew_in"`
	ExpireIn float64 `db:"expire_in"`
	Refused  string  `db:"refused"` // the provider's message when it revoked the grant; empty while the grant is valid
	Version  int64   `db:"version"` // incremented by each change
}

const find = `
	SELECT account_id, provider, signed_in, sealed, refused, version,
		extract(epoch FROM renew_at - t.now)::float8 AS renew_in, extract(epoch FROM expires_at - t.now)::float8 AS expire_in
	FROM grants, (SELECT clock_timestamp() AS now) AS t
	WHERE account_id = $1`

// FindGrant returns the grant for an account, or nil if there is none.
func FindGrant(ctx context.Context, q Querier, account AccountID) (*Grant, error) {
	list, err := query.Collect[Grant](ctx, q, "grant", find, account)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// GrantLasting is the time after which an access token should be refreshed, and the time after which it expires.
type GrantLasting struct{ Renew, Expire time.Duration }

const connect = `
	INSERT INTO grants AS g (account_id, provider, signed_in, sealed, renew_at, expires_at)
	SELECT $1, $2, $3, $4, t.now + make_interval(secs => $5), t.now + make_interval(secs => $6)
	FROM (SELECT clock_timestamp() AS now) AS t
	ON CONFLICT (account_id) DO UPDATE
	SET provider = EXCLUDED.provider, signed_in = EXCLUDED.signed_in, sealed = EXCLUDED.sealed, renew_at = EXCLUDED.renew_at,
		expires_at = EXCLUDED.expires_at, refused = '', version = g.version + 1, connected = g.connected + 1`

// ConnectGrant stores a new grant, and replaces the account's previous one. What failed in the account before is forgotten. It calls
// store.BumpSettings, so that all processes notice the change.
func ConnectGrant(ctx context.Context, tx pgx.Tx, g Grant, lasts GrantLasting) error {
	if err := BumpSettings(ctx, tx); err != nil { // before the account, as in package setup, to avoid deadlocks
		return err
	}
	_, err := tx.Exec(ctx, connect, g.AccountID, g.Provider, g.SignedIn, g.Sealed, lasts.Renew.Seconds(), lasts.Expire.Seconds())
	if err != nil {
		return fmt.Errorf("store: grant: %w", err)
	}
	return Reconnect(ctx, tx, g.AccountID)
}

const refreshed = `
	UPDATE grants
	SET sealed = $3, renew_at = t.now + make_interval(secs => $4), expires_at = t.now + make_interval(secs => $5), version = version + 1
	FROM (SELECT clock_timestamp() AS now) AS t
	WHERE account_id = $1 AND version = $2
	RETURNING account_id`

// SaveRefreshedGrant stores new tokens. It returns false, and stores nothing, if the grant has changed since g was read.
func SaveRefreshedGrant(ctx context.Context, q Querier, g Grant, sealed []byte, lasts GrantLasting) (bool, error) {
	ids, err := query.Column[int64](ctx, q,
		"refreshed grant", refreshed, g.AccountID, g.Version, sealed, lasts.Renew.Seconds(), lasts.Expire.Seconds())
	return len(ids) > 0, err
}

const refused = `
	UPDATE grants SET refused = $3, version = version + 1
	WHERE account_id = $1 AND version = $2
	RETURNING account_id`

// RefuseGrant records that the provider has revoked the grant. It returns false, and records nothing, if the grant has changed
// since g was read.
func RefuseGrant(ctx context.Context, q Querier, g Grant, words string) (bool, error) {
	ids, err := query.Column[int64](ctx, q, "refused grant", refused, g.AccountID, g.Version, words)
	return len(ids) > 0, err
}

// GrantConnection describes a grant without its tokens.
type GrantConnection struct {
	AccountID AccountID `db:"account_id"`
	Provider  string    `db:"provider"`
	SignedIn  string    `db:"signed_in"` // who consented; empty if the provider didn't say
	Refused   string    `db:"refused"`   // as in Grant
	Connected int64     `db:"connected"` // how many times somebody has consented for the account
}

const connections = `SELECT account_id, provider, signed_in, refused, connected FROM grants`

// GrantConnections returns the connections of all accounts that have a grant.
func GrantConnections(ctx context.Context, q Querier) (map[AccountID]GrantConnection, error) {
	list, err := query.Collect[GrantConnection](ctx, q, "connections", connections)
	if err != nil {
		return nil, err
	}

	all := make(map[AccountID]GrantConnection, len(list))
	for _, c := range list {
		all[c.AccountID] = c
	}
	return all, nil
}

// GrantAttempt is a person's attempt to consent: an OAuth authorization flow that isn't finished yet.
type GrantAttempt struct {
	State     []byte    `db:"state"` // a hash of OAuth's state parameter
	AccountID AccountID `db:"account_id"`
	Owner     []byte    `db:"owner"`  // a hash of the browser session in which it began
	Sealed    []byte    `db:"sealed"` // encrypted data that exchanging the code needs
}

const beginGrant = `
	WITH old AS (DELETE FROM grant_attempts WHERE until < (SELECT clock_timestamp()) - interval '1 day')
	INSERT INTO grant_attempts (state, account_id, owner, sealed, until)
	VALUES ($1, $2, $3, $4, (SELECT clock_timestamp()) + make_interval(secs => $5))`

// BeginGrant stores an attempt that can be finished within lasts. It removes attempts that expired more than a day ago.
func BeginGrant(ctx context.Context, q Execer, a GrantAttempt, lasts time.Duration) error {
	return query.Exec(ctx, q, "begin grant", beginGrant, a.State, a.AccountID, a.Owner, a.Sealed, lasts.Seconds())
}

// Errors of Finish.
var (
	ErrNoGrantAttempt = errors.New("store: no such attempt")
	ErrGrantUsed      = errors.New("store: the attempt was finished before")
	ErrGrantExpired   = errors.New("store: the attempt took too long")
)

const (
	finish = `
		UPDATE grant_attempts SET used_at = (SELECT clock_timestamp())
		WHERE state = $1 AND owner = $2 AND used_at IS NULL AND until > (SELECT clock_timestamp())
		RETURNING state, account_id, owner, sealed`
	whyNot = `SELECT used_at IS NOT NULL FROM grant_attempts WHERE state = $1 AND owner = $2`
)

// FinishGrantAttempt marks an attempt as used and returns it. This works only once, and only in the session in which the attempt began.
// Errors: ErrNoAttempt (also for an attempt of another session), ErrUsed, ErrExpired.
func FinishGrantAttempt(ctx context.Context, q Querier, state, owner []byte) (GrantAttempt, error) {
	list, err := query.Collect[GrantAttempt](ctx, q, "finish grant", finish, state, owner)
	if err != nil {
		return GrantAttempt{}, err
	}
	if len(list) > 0 {
		return list[0], nil
	}

	var used bool
	switch err := q.QueryRow(ctx, whyNot, state, owner).Scan(&used); {
	case errors.Is(err, pgx.ErrNoRows):
		return GrantAttempt{}, ErrNoGrantAttempt
	case err != nil:
		return GrantAttempt{}, fmt.Errorf("store: finish grant: %w", err)
	case used:
		return GrantAttempt{}, ErrGrantUsed
	}

	return GrantAttempt{}, ErrGrantExpired
}
