package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrRestoring means that a restore into this database has not ended: what it holds may
// not be worked on yet.
var ErrRestoring = errors.New("store: a restore into this database has not ended")

// SchemaVersion gives the schema that this binary migrates to: the newest file's number.
func SchemaVersion() int64 { return slices.Max(knownVersions()) }

// knownVersions gives the versions of the embedded migrations.
func knownVersions() []int64 {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic("store: migrations: " + err.Error()) // only a malformed pattern
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

const schemaOf = `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`

// SchemaOf gives the schema of a database; 0 when Parley never was in it.
func SchemaOf(ctx context.Context, q Querier) (int64, error) {
	var exists bool
	var version int64
	err := q.QueryRow(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&exists)
	if err == nil && exists {
		err = q.QueryRow(ctx, schemaOf).Scan(&version)
	}
	if err != nil {
		return 0, fmt.Errorf("store: schema: %w", err)
	}
	return version, nil
}

// KeyCheck gives the sealed value that tells whether a master key fits a database; nil
// when the database is not bound to one.
func KeyCheck(ctx context.Context, q Querier) ([]byte, error) {
	var sealed []byte
	err := q.QueryRow(ctx, getKeys+` LIMIT 1`, "check").Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: keys: %w", err)
	}
	return sealed, nil
}

// Fits says whether a KeyCheck was sealed with one of the keys.
func (s *Sealer) Fits(check []byte) bool {
	plain, err := s.Open("keys/check", check)
	return err == nil && string(plain) == "parley"
}

// A table of its own, because everything else is what the backup brings. While it is
// there, Migrate refuses: whoever serves half a restore would send things again.
const (
	findRestore = `SELECT to_regclass('parley_restoring') IS NOT NULL`
	getRestore  = `SELECT backup FROM parley_restoring`
)

// BeginRestore marks a database as one that a backup is being restored into; backup
// tells which.
func BeginRestore(ctx context.Context, q Querier, backup string) error {
	if _, err := q.Exec(ctx, `CREATE TABLE parley_restoring (backup text NOT NULL)`); err != nil {
		return fmt.Errorf("store: begin restore: %w", err)
	}
	if _, err := q.Exec(ctx, `INSERT INTO parley_restoring (backup) VALUES ($1)`, backup); err != nil {
		return fmt.Errorf("store: begin restore: %w", err)
	}
	return nil
}

// Restoring gives the mark of a restore that has not ended; "" = there is none.
func Restoring(ctx context.Context, q Querier) (backup string, err error) {
	var found bool
	if err = q.QueryRow(ctx, findRestore).Scan(&found); err == nil && found {
		err = q.QueryRow(ctx, getRestore).Scan(&backup)
	}
	if err != nil {
		return "", fmt.Errorf("store: restoring: %w", err)
	}
	return backup, nil
}

// Restored is what FinishRestore found and changed.
type Restored struct {
	Replies int64 // to customers, that waited when the backup was made
	Posts   int64 // to surfaces
	Next    int64 // the number that the next conversation gets
}

// What waited may have left after the backup was made. As unknown nothing leaves before
// it was looked for, and what goes to customers then leaves only by a person's click
// (payload.restored; relay.Policy.Restored). first_at tells from when on to look; the
// running attempt begins with the first look.
const forgetDeliveries = `
	WITH d AS (
		UPDATE deliveries
		SET state = 'unknown', payload = payload || '{"restored": true}', not_before = NULL, sent_at = NULL, absent_at = NULL,
			first_at = least(first_at, $1), warned_at = NULL,
			error_text = 'It waited when the backup was made that I was restored from, and may have left since.'
		WHERE state IN ('queued', 'sending', 'unknown')
		RETURNING kind
	)
	SELECT count(*) FILTER (WHERE kind = 'reply') AS replies, count(*) FILTER (WHERE kind <> 'reply') AS posts FROM d`

const freeLanes = `
	UPDATE lanes
	SET due_at = CASE WHEN tail > head THEN parley_now() END, leased_until = NULL, epoch = epoch + 1
	WHERE tail > head OR leased_until IS NOT NULL`

// Ids and numbers that were given after the backup are out there: in mails' Message-IDs,
// in tokens of posts, in links and buttons. None may be given a second time, or an answer
// to a lost conversation would reach another customer's. Nobody knows how many there were;
// 2^40 ids and a number for each second are more than could be.
const skipIDs = `
	SELECT setval('ids', (SELECT last_value FROM ids) + 1099511627776),
		setval('conversation_number', ceil(((SELECT last_value FROM conversation_number)
			+ greatest(10000, extract(epoch FROM clock_timestamp() - $1))) / 1000)::bigint * 1000) + 1`

// What a backup was made of may itself have been older, a snapshot or a rewind in time: then
// the newest fact tells what it knows.
const knownUntil = `SELECT least($1, (SELECT received_at FROM events ORDER BY id DESC LIMIT 1))`

const (
	freeLeases   = `DELETE FROM leases`
	freeQueues   = `WITH gone AS (DELETE FROM holders) UPDATE queues SET holder = NULL, epoch = epoch + 1 WHERE holder IS NOT NULL`
	insertServed = `INSERT INTO restores (backup_at) VALUES ($1)`
	endRestore   = `DROP TABLE parley_restoring`
)

// FinishRestore makes a restored and migrated database one that may be served: nothing
// that waited leaves by itself, no id is given twice, and the mark of BeginRestore goes;
// all or nothing. backupAt is the time of the backup's snapshot.
func FinishRestore(ctx context.Context, pool *pgxpool.Pool, backupAt time.Time) (Restored, error) {
	var r Restored
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var known time.Time
		if err := tx.QueryRow(ctx, knownUntil, backupAt).Scan(&known); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, forgetDeliveries, known).Scan(&r.Replies, &r.Posts); err != nil {
			return err
		}
		var ids int64
		if err := tx.QueryRow(ctx, skipIDs, known).Scan(&ids, &r.Next); err != nil {
			return err
		}
		for _, sql := range []string{freeLanes, freeLeases, freeQueues, endRestore} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, insertServed, backupAt)
		return err
	})
	if err != nil {
		return Restored{}, fmt.Errorf("store: finish restore: %w", err)
	}
	return r, nil
}

const (
	beginServing = `UPDATE restores SET served_at = clock_timestamp() WHERE served_at IS NULL`
	servedSince  = `SELECT coalesce(max(served_at), '0001-01-01') FROM restores`
)

// ServedSince gives when a process first worked on this database after its last restore,
// which is now for the first that asks; the zero time when it was never restored. Database's
// clock. Only who is about to work may ask.
func ServedSince(ctx context.Context, q Querier) (time.Time, error) {
	if _, err := q.Exec(ctx, beginServing); err != nil {
		return time.Time{}, fmt.Errorf("store: served since: %w", err)
	}
	var since time.Time
	if err := q.QueryRow(ctx, servedSince).Scan(&since); err != nil {
		return time.Time{}, fmt.Errorf("store: served since: %w", err)
	}
	if since.Year() == 1 {
		return time.Time{}, nil
	}
	return since, nil
}
