package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// Sessions stores browser sessions in the database. It implements scs.CtxStore for scs.SessionManager, which is configured
// to hash the tokens, so that a copy of the database signs nobody in.
//
// A row with empty data is a session that has ended. It is kept until DropExpired removes it.
type Sessions struct{ Pool Querier }

const findSession = `SELECT data FROM site_sessions WHERE token = $1 AND expires_at > (SELECT clock_timestamp())`

// FindCtx reads a session. found is false if there is no such session or it has expired.
func (s Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.Pool.QueryRow(ctx, findSession, token).Scan(&data)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("store: session: %w", err)
	}
	return data, true, nil
}

const saveSession = `
	INSERT INTO site_sessions (token, data, expires_at) VALUES ($1, $2, $3)
	ON CONFLICT (token) DO UPDATE SET data = EXCLUDED.data, expires_at = EXCLUDED.expires_at WHERE site_sessions.data <> ''`

// CommitCtx saves a session that lasts until expiry. It does nothing if the session has ended: a slow request that began
// before its user signed out must not bring the session back.
func (s Sessions) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return s.exec(ctx, saveSession, token, data, expiry)
}

const deleteSession = `UPDATE site_sessions SET data = '', expires_at = (SELECT clock_timestamp()) WHERE token = $1`

// DeleteCtx ends a session. The row stays until DropExpired removes it, so that CommitCtx can recognize it.
func (s Sessions) DeleteCtx(ctx context.Context, token string) error {
	return s.exec(ctx, deleteSession, token)
}

// scs.Store requires the methods without a context, too, but the manager calls those with one.

// Find is FindCtx with a background context.
func (s Sessions) Find(token string) (data []byte, found bool, err error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx with a background context.
func (s Sessions) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx with a background context.
func (s Sessions) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

const dropExpired = `
	WITH gone AS (DELETE FROM site_links WHERE expires_at < (SELECT clock_timestamp()) - interval '30 days')
	DELETE FROM site_sessions WHERE expires_at < (SELECT clock_timestamp()) - interval '1 hour'`

// DropExpiredSessions removes sessions an hour after they expired, which is longer than any request takes, and sign-in links 30
// days after they expired.
func DropExpiredSessions(ctx context.Context, q Querier) error {
	return Sessions{q}.exec(ctx, dropExpired)
}

// exec runs a statement that changes sessions.
func (s Sessions) exec(ctx context.Context, sql string, args ...any) error {
	return query.Exec(ctx, s.Pool, "session", sql, args...)
}
