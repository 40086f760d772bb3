package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// Credential is the set of secrets for one chat.
type Credential struct {
	Kind   string            // of the chat, such as "slack"
	Home   string            // the id of the workspace or organisation that it is for
	Author string            // the e-mail address of the admin who entered it
	At     time.Time         // when it was entered
	Values map[string]string // secrets by name
}

// String omits the secrets, so that they don't get into logs.
func (c Credential) String() string { return "credential of " + c.Kind }

// Version changes whenever the credential is saved. A page sends it back with a change, to detect concurrent changes.
func (c Credential) Version() string { return c.At.UTC().Format(time.RFC3339Nano) }

// row is a credential as it is stored.
type row struct {
	Kind   string    `db:"kind"`
	Home   string    `db:"home"`
	Author string    `db:"author"`
	At     time.Time `db:"at"`
	Sealed []byte    `db:"sealed"`
}

// list omits forgotten credentials, which have no author.
const list = `SELECT kind, home, author, at, sealed FROM chat_credentials WHERE author <> '' ORDER BY kind`

// Credentials returns the stored credentials. If sealer is nil, they aren't decrypted, and Values is nil.
// Errors: store.ErrWrongKey.
func Credentials(ctx context.Context, q Querier, sealer *Sealer) ([]Credential, error) {
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
				return nil, fmt.Errorf("store: credentials of %s can't be read", r.Kind) // without the cause, which would quote the secrets
			}
		}

		all = append(all, c)
	}

	return all, nil
}

const lock = `LOCK TABLE chat_credentials IN SHARE ROW EXCLUSIVE MODE`

// LockCredential blocks all changes to credentials by others until the transaction ends. It returns the version of a chat's credential,
// or "" if there is none.
func LockCredential(ctx context.Context, tx pgx.Tx, kind string) (version string, err error) {
	if _, err := tx.Exec(ctx, lock); err != nil {
		return "", fmt.Errorf("store: credentials of chats not locked: %w", err)
	}

	stored, err := Credentials(ctx, tx, nil)
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

// SaveCredential stores the credential of a chat, and replaces the previous one. c.At is ignored; the database's time is stored.
// Save calls store.BumpSettings, so that all processes notice the change.
func SaveCredential(ctx context.Context, tx pgx.Tx, sealer *Sealer, c Credential) error {
	plain, err := json.Marshal(c.Values)
	if err != nil {
		return fmt.Errorf("store: credentials of %s can't be written", c.Kind)
	}
	if _, err := tx.Exec(ctx, save, c.Kind, c.Home, sealer.Seal(sealPlace(c.Kind), plain), c.Author); err != nil {
		return fmt.Errorf("store: credentials of %s: %w", c.Kind, err)
	}
	return BumpSettings(ctx, tx)
}

// ForgetCredential erases the secrets and the author of a chat's credential. Its home remains (see Home), because the threads in that
// workspace still exist. Forget calls store.BumpSettings, so that all processes notice the change.
func ForgetCredential(ctx context.Context, tx pgx.Tx, sealer *Sealer, kind string) error {
	nothing := sealer.Seal(sealPlace(kind), []byte("{}")) // processes of an older version still decrypt this, and must not fail
	if _, err := tx.Exec(ctx, `UPDATE chat_credentials SET sealed = $2, author = '' WHERE kind = $1`, kind, nothing); err != nil {
		return fmt.Errorf("store: credentials of %s: %w", kind, err)
	}
	return BumpSettings(ctx, tx)
}

// CredentialHome returns the id of the workspace or organisation that a chat's credential is for, or was for before it was forgotten.
// It returns "" if there never was one.
func CredentialHome(ctx context.Context, q Querier, kind string) (string, error) {
	return query.Value[string](ctx, q, "home of a chat", `SELECT coalesce(max(home), '') FROM chat_credentials WHERE kind = $1`, kind)
}

// sealPlace returns the context that the sealer binds a credential to, so that it can't be decrypted as another chat's.
func sealPlace(kind string) string { return "chats/" + kind }
