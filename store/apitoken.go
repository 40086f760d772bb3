package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// prefix lets people and secret scanners recognise a token.
const prefix = "parley_"

// hashPurpose makes the hashes of tokens differ from hashes that the sealer makes for other tables.
const hashPurpose = "api_tokens"

// APIToken describes a token. It doesn't contain the secret.
type APIToken struct {
	ID      int64      `db:"id"`
	Name    string     `db:"name"`
	Scope   string     `db:"scope"`
	Agent   AgentID    `db:"agent_id"`
	Author  string     `db:"author"` // the e-mail address of its agent; Make ignores it
	Expires time.Time  `db:"expires_at"`
	Used    *time.Time `db:"used_at"` // when it was last used, to the minute; nil if never
	Ended   bool       `db:"ended"`   // it was revoked or has expired, or its agent was deactivated
}

// MaxAPITokens is the maximum number of valid tokens. It is small enough for one page to show them all, so that none is overlooked.
const MaxAPITokens = 100

// ErrTooManyAPITokens means that there are Most valid tokens already.
var ErrTooManyAPITokens = errors.New("store: too many API tokens")

const insert = `
	INSERT INTO api_tokens (name, hash, scope, agent_id, expires_at)
	SELECT $1, $2, $3, $4, (SELECT clock_timestamp()) + $5::interval
	WHERE $6 > (SELECT count(*) FROM api_tokens AS t JOIN agents AS a ON a.id = t.agent_id WHERE NOT (` + ended + `))`

// MakeAPIToken creates a token that expires after life, and returns its secret, which can't be read again later.
// Errors: ErrTooMany.
func MakeAPIToken(ctx context.Context, q Querier, sealer *Sealer, t APIToken, life time.Duration) (secret string, err error) {
	secret = prefix + rand.Text()
	made, err := q.Exec(ctx, insert, t.Name, sealer.Hashes(hashPurpose, secret)[0], t.Scope, t.Agent, life, MaxAPITokens)
	switch {
	case err != nil:
		return "", fmt.Errorf("store: API token: %w", err)
	case made.RowsAffected() == 0:
		return "", ErrTooManyAPITokens
	}
	return secret, nil
}

const ended = `t.revoked_at IS NOT NULL OR t.expires_at <= (SELECT clock_timestamp()) OR NOT a.active`

const columns = `
	SELECT t.id, t.name, t.scope, t.agent_id, a.email AS author, t.expires_at, t.used_at, ` + ended + ` AS ended
	FROM api_tokens AS t JOIN agents AS a ON a.id = t.agent_id `

// APITokens returns at most limit tokens: first the valid ones, then those that have ended, each the newest first.
func APITokens(ctx context.Context, q Querier, limit int) ([]APIToken, error) {
	return query.Collect[APIToken](ctx, q, "API tokens", columns+`ORDER BY ended, t.id DESC LIMIT $1`, limit)
}

// ErrNoAPIToken means that there is no such token, or that it has ended already.
var ErrNoAPIToken = errors.New("store: no such API token")

const use = `
	UPDATE api_tokens SET used_at = (SELECT clock_timestamp())
	WHERE id = $1 AND (used_at IS NULL OR used_at < (SELECT clock_timestamp()) - interval '1 minute')`

// FindAPIToken returns the token with this secret, and records that it was used.
// Errors: ErrNone.
func FindAPIToken(ctx context.Context, q Querier, sealer *Sealer, secret string) (APIToken, error) {
	list, err := query.Collect[APIToken](ctx, q, "API token", columns+`WHERE t.hash = ANY($1)`, sealer.Hashes(hashPurpose, secret))
	if err != nil {
		return APIToken{}, err
	}
	if len(list) != 1 || list[0].Ended {
		return APIToken{}, ErrNoAPIToken
	}
	if _, err := q.Exec(ctx, use, list[0].ID); err != nil {
		return APIToken{}, fmt.Errorf("store: API token: %w", err)
	}
	return list[0], nil
}

const revoke = `UPDATE api_tokens SET revoked_at = (SELECT clock_timestamp()) WHERE id = $1 AND revoked_at IS NULL RETURNING name`

// RevokeAPIToken ends a token and returns its name. It returns ErrNone if there is no such token, or if it was revoked before.
func RevokeAPIToken(ctx context.Context, q Querier, id int64) (name string, err error) {
	err = q.QueryRow(ctx, revoke, id).Scan(&name)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", ErrNoAPIToken
	case err != nil:
		return "", fmt.Errorf("store: API token: %w", err)
	}
	return name, nil
}
