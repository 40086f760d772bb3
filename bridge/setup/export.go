package setup

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
)

// Export writes parley.yaml from the database. Secrets are replaced by ${ACCOUNT_FIELD}; when these
// variables are set, applying the file changes nothing.
// Errors: an account of a channel that this version doesn't have, because the file would be incomplete.
func Export(ctx context.Context, pool *pgxpool.Pool, specs []channels.Spec) ([]byte, error) {
	s, err := Load(ctx, pool, nil)
	if err != nil {
		return nil, err
	}
	return writeFile(s, specs)
}
