package schema

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"parley/store"
)

// Version returns the schema version that this binary migrates to: the highest number of its migration files, such as 74
// for 0074_former_keys.sql.
func Version() int64 { return slices.Max(versionsIn(embedded())) }

// embedded returns the migrations of this binary.
func embedded() fs.FS {
	files, err := fs.Sub(store.MigrationFiles(), "migrations")
	if err != nil {
		panic("store: migrations: " + err.Error()) // Sub fails only for a malformed path
	}
	return files
}

// versionsIn returns the numbers of migrations.
func versionsIn(migrations fs.FS) []int64 {
	files, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		panic("store: migrations: " + err.Error()) // Glob fails only for a malformed pattern
	}

	var versions []int64
	for _, name := range files {
		number, _, _ := strings.Cut(path.Base(name), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			panic("store: migrations: " + name) // goose would refuse it as well
		}

		versions = append(versions, n)
	}

	return versions
}

const readVersion = `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`

// VersionOf returns the schema version of a database, which is the newest applied migration. It is 0 if Parley has never
// used the database.
func VersionOf(ctx context.Context, q store.Querier) (int64, error) {
	var exists bool
	var version int64
	err := q.QueryRow(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&exists)
	if err == nil && exists {
		err = q.QueryRow(ctx, readVersion).Scan(&version)
	}
	if err != nil {
		return 0, fmt.Errorf("store: schema: %w", err)
	}
	return version, nil
}
