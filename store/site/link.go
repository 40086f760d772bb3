package site

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// ErrNoLink means that a link is not known, was used, or has expired.
var ErrNoLink = errors.New("store: the link is not valid")

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

// NewLink makes what a link that signs somebody in must hold: the agent, or, if that is nil, whoever opens it
// first. It works once, within life.
func NewLink(ctx context.Context, q store.Querier, agent *store.AgentID, life time.Duration) (secret string, err error) {
	secret = rand.Text()
	if _, err := q.Exec(ctx, insertLink, hashOf(secret), agent, life); err != nil {
		return "", fmt.Errorf("store: link: %w", err)
	}
	return secret, nil
}

// FindLink returns whom a link signs in. It is nil if the link signs in whoever opens it. The link stays usable.
// Errors: ErrNoLink.
func FindLink(ctx context.Context, q store.Querier, secret string) (agent *store.AgentID, err error) {
	return scanLink(q.QueryRow(ctx, findLink, hashOf(secret)))
}

// UseLink does the same, and the link can't be used again.
// Errors: ErrNoLink.
func UseLink(ctx context.Context, q store.Querier, secret string) (agent *store.AgentID, err error) {
	return scanLink(q.QueryRow(ctx, useLink, hashOf(secret)))
}

func scanLink(row pgx.Row) (agent *store.AgentID, err error) {
	err = row.Scan(&agent)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, ErrNoLink
	case err != nil:
		return nil, fmt.Errorf("store: link: %w", err)
	}
	return agent, nil
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
