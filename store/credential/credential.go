// Package credential keeps what signs Parley in to the chats of agents: tokens and passwords, sealed, that an admin gave
// on a page.
//
// What does not belong here: the chats themselves (package bot), and credentials that the environment holds.
package credential

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Credential is what signs Parley in to one chat.
type Credential struct {
	Kind   string            // "slack"
	Home   string            // the id of the workspace or organisation to which it belongs
	Author string            // the e-mail address of who gave it
	At     time.Time         // when it was given
	Values map[string]string // secrets by name
}

// String leaves the secrets out, so that no log shows them.
func (c Credential) String() string { return "credential of " + c.Kind }

// Version is another one whenever the credential is saved: a page that shows it sends it back.
func (c Credential) Version() string { return c.At.UTC().Format(time.RFC3339Nano) }

// row is a credential as it is stored.
type row struct {
	Kind   string    `db:"kind"`
	Home   string    `db:"home"`
	Author string    `db:"author"`
	At     time.Time `db:"at"`
	Sealed []byte    `db:"sealed"`
}

// list leaves out credentials that were forgotten.
const list = `SELECT kind, home, author, at, sealed FROM chat_credentials WHERE author <> '' ORDER BY kind`

// List returns the credentials that are stored. Without a sealer (nil) it doesn't open them: they have no Values.
// Errors: store.ErrWrongKey.
func List(ctx context.Context, q store.Querier, sealer *store.Sealer) ([]Credential, error) {
	rows, err := query.Collect[row](ctx, q, "credentials of chats", list)
	if err != nil {
		return nil, err
	}

	var all []Credential
	for _, r := range rows {
		c := Credential{Kind: r.Kind, Home: r.Home, Author: r.Author, At: r.At}
		if sealer != nil {
			plain, err := sealer.Open(sealPlace(r.Kind), r.Sealed)
			if err != nil {
				return nil, err
			}
			if err := json.Unmarshal(plain, &c.Values); err != nil {
				return nil, fmt.Errorf("store: credentials of %s can't be read", r.Kind) // the cause would quote them
			}
		}

		all = append(all, c)
	}

	return all, nil
}

const lock = `LOCK TABLE chat_credentials IN SHARE ROW EXCLUSIVE MODE`

// Lock keeps others from saving and forgetting credentials until the transaction ends, and returns the version of those of a chat;
// "" if none are stored.
func Lock(ctx context.Context, tx pgx.Tx, kind string) (version string, err error) {
	if _, err := tx.Exec(ctx, lock); err != nil {
		return "", fmt.Errorf("store: credentials of chats not locked: %w", err)
	}

	stored, err := List(ctx, tx, nil)
	if err != nil {
		return "", err
	}
	for _, c := range stored {
		if c.Kind == kind {
			return c.Version(), nil
		}
	}

	return "", nil
}

const save = `
	INSERT INTO chat_credentials AS c (kind, home, sealed, author)
	VALUES ($1, $2, $3, $4)
	ON CONFLICT (kind) DO UPDATE
	SET home = EXCLUDED.home, sealed = EXCLUDED.sealed, author = EXCLUDED.author, at = (SELECT clock_timestamp())`

// Save stores the credential of a chat in place of its former one, at the database's time. Processes learn of it by store.BumpSettings,
// which it calls.
func Save(ctx context.Context, tx pgx.Tx, sealer *store.Sealer, c Credential) error {
	plain, err := json.Marshal(c.Values)
	if err != nil {
		return fmt.Errorf("store: credentials of %s can't be written", c.Kind)
	}
	if _, err := tx.Exec(ctx, save, c.Kind, c.Home, sealer.Seal(sealPlace(c.Kind), plain), c.Author); err != nil {
		return fmt.Errorf("store: credentials of %s: %w", c.Kind, err)
	}
	return store.BumpSettings(ctx, tx)
}

// Forget forgets the secrets of a chat's credential, and who gave them. Its home stays known (see Home), since the threads are
// still there. Processes learn of it by store.BumpSettings, which it calls.
func Forget(ctx context.Context, tx pgx.Tx, sealer *store.Sealer, kind string) error {
	nothing := sealer.Seal(sealPlace(kind), []byte("{}")) // processes of an older version open it, and find no values
	if _, err := tx.Exec(ctx, `UPDATE chat_credentials SET sealed = $2, author = '' WHERE kind = $1`, kind, nothing); err != nil {
		return fmt.Errorf("store: credentials of %s: %w", kind, err)
	}
	return store.BumpSettings(ctx, tx)
}

// Home returns the id of the workspace or organisation to which a chat's credentials belong, or belonged before they were
// forgotten; "" if none were ever given.
func Home(ctx context.Context, q store.Querier, kind string) (string, error) {
	return query.Value[string](ctx, q, "home of a chat", `SELECT coalesce(max(home), '') FROM chat_credentials WHERE kind = $1`, kind)
}

// sealPlace is where a credential belongs, for the sealer.
func sealPlace(kind string) string { return "chats/" + kind }
