// Package apitoken keeps the tokens by which programs ask Parley over HTTP: as keyed hashes, with who made them, what
// they are for and when they end.
//
// What does not belong here: which address takes which token (bot/web).
package apitoken

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// prefix lets people, and programs that look for secrets in code, see what a token is.
const prefix = "parley_"

// place is what the hashes are for.
const place = "api_tokens"

// Token is one token, without itself.
type Token struct {
	ID      int64         `db:"id"`
	Name    string        `db:"name"`
	Scope   string        `db:"scope"`
	Agent   store.AgentID `db:"agent_id"`
	Author  string        `db:"author"` // the e-mail address of who made it
	Expires time.Time     `db:"expires_at"`
	Used    *time.Time    `db:"used_at"` // to a minute; nil if it never was
	Ended   bool          `db:"ended"`   // it was revoked, has expired, or its maker takes part no more
}

// Most is how many tokens can be at work at the same time. A page shows all of them, so that none stays unseen.
const Most = 100

// ErrTooMany means that Most tokens are at work already.
var ErrTooMany = errors.New("store: too many API tokens")

const insert = `
	INSERT INTO api_tokens (name, hash, scope, agent_id, expires_at)
	SELECT $1, $2, $3, $4, (SELECT clock_timestamp()) + $5::interval
	WHERE $6 > (SELECT count(*) FROM api_tokens AS t JOIN agents AS a ON a.id = t.agent_id WHERE NOT (` + ended + `))`

// Make makes a token that works as long as life says, and gives it. It can't be read again. Errors: ErrTooMany.
func Make(ctx context.Context, q store.Querier, sealer *store.Sealer, t Token, life time.Duration) (secret string, err error) {
	secret = prefix + rand.Text()
	made, err := q.Exec(ctx, insert, t.Name, sealer.Hashes(place, secret)[0], t.Scope, t.Agent, life, Most)
	switch {
	case err != nil:
		return "", fmt.Errorf("store: API token: %w", err)
	case made.RowsAffected() == 0:
		return "", ErrTooMany
	}
	return secret, nil
}

const ended = `t.revoked_at IS NOT NULL OR t.expires_at <= (SELECT clock_timestamp()) OR NOT a.active`

const columns = `
	SELECT t.id, t.name, t.scope, t.agent_id, a.email AS author, t.expires_at, t.used_at, ` + ended + ` AS ended
	FROM api_tokens AS t JOIN agents AS a ON a.id = t.agent_id `

// List reads tokens: those at work first, then those that have ended, of both the newest first. limit of them at most.
func List(ctx context.Context, q store.Querier, limit int) ([]Token, error) {
	return query.Collect[Token](ctx, q, "API tokens", columns+`ORDER BY ended, t.id DESC LIMIT $1`, limit)
}

// ErrNone means that there is no such token, or that it has ended.
var ErrNone = errors.New("store: no such API token")

const use = `
	UPDATE api_tokens SET used_at = (SELECT clock_timestamp())
	WHERE id = $1 AND (used_at IS NULL OR used_at < (SELECT clock_timestamp()) - interval '1 minute')`

// Find reads the token that a program showed, and notes that it was used. Errors: ErrNone.
func Find(ctx context.Context, q store.Querier, sealer *store.Sealer, secret string) (Token, error) {
	list, err := query.Collect[Token](ctx, q, "API token", columns+`WHERE t.hash = ANY($1)`, sealer.Hashes(place, secret))
	if err != nil {
		return Token{}, err
	}
	if len(list) != 1 || list[0].Ended {
		return Token{}, ErrNone
	}
	if _, err := q.Exec(ctx, use, list[0].ID); err != nil {
		return Token{}, fmt.Errorf("store: API token: %w", err)
	}
	return list[0], nil
}

const revoke = `UPDATE api_tokens SET revoked_at = (SELECT clock_timestamp()) WHERE id = $1 AND revoked_at IS NULL RETURNING name`

// Revoke ends a token, and gives its name. Errors: ErrNone.
func Revoke(ctx context.Context, q store.Querier, id int64) (name string, err error) {
	err = q.QueryRow(ctx, revoke, id).Scan(&name)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", ErrNone
	case err != nil:
		return "", fmt.Errorf("store: API token: %w", err)
	}
	return name, nil
}
