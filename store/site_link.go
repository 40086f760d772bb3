package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoSignInLink means that a link is unknown, was used before, or has expired.
var ErrNoSignInLink = errors.New("store: the link is not valid")

// The database holds only hashes of secrets, so that a copy of it signs nobody in.
const (
	insertLink = `INSERT INTO site_links (hash, agent_id, expires_at) VALUES ($1, $2, (SELECT clock_timestamp()) + $3::interval)`
	findLink   = `
		SELECT agent_id FROM site_links
		WHERE hash = $1 AND used_at IS NULL AND expires_at > (SELECT clock_timestamp())`
	useLink = `
		UPDATE site_links SET used_at = (SELECT clock_timestamp())
		WHERE hash = $1 AND used_at IS NULL AND expires_at > (SELECT clock_timestamp())
		RETURNING agent_id`
)

// NewSignInLink returns the secret of a new sign-in link, which works once, within the duration life. The link signs in agent or,
// if agent is nil, whoever opens it first: so the first admin of a new installation signs in.
func NewSignInLink(ctx context.Context, q Querier, agent *AgentID, life time.Duration) (secret string, err error) {
	secret = rand.Text()
	if _, err := q.Exec(ctx, insertLink, hashOf(secret), agent, life); err != nil {
		return "", fmt.Errorf("store: link: %w", err)
	}
	return secret, nil
}

// FindSignInLink returns the agent whom a link signs in, and nil if it signs in whoever opens it. The link can still be used.
// Errors: ErrNoLink.
func FindSignInLink(ctx context.Context, q Querier, secret string) (agent *AgentID, err error) {
	return scanLink(q.QueryRow(ctx, findLink, hashOf(secret)))
}

// UseSignInLink returns the same as FindLink and invalidates the link. If two requests use a link at once, one gets ErrNoLink.
// Errors: ErrNoLink.
func UseSignInLink(ctx context.Context, q Querier, secret string) (agent *AgentID, err error) {
	return scanLink(q.QueryRow(ctx, useLink, hashOf(secret)))
}

// scanLink reads the result of findLink or useLink.
func scanLink(row pgx.Row) (agent *AgentID, err error) {
	err = row.Scan(&agent)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, ErrNoSignInLink
	case err != nil:
		return nil, fmt.Errorf("store: link: %w", err)
	}
	return agent, nil
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
