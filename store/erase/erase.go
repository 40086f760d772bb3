package erase

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/internal/query"
)

// An erasure removes everything that is stored about a contact, a customer who asked for it under the GDPR, for example. It
// has two parts. Begin, which takes a moment, moves the contact's name and addresses out of the contact's rows and into the
// erasure's own row, where they are encrypted. Run, which may take days and many calls, searches all tables for that name
// and these addresses and removes what it finds. When it is done, it writes a certificate.

// ErrWaiting means that events or posts about the contact are still being processed, so the erasure can't end yet. Call Run
// again later.
var ErrWaiting = errors.New("store: something about the contact still waits to be applied or posted")

// ErrBusy means that another process is erasing this contact.
var ErrBusy = errors.New("store: another process erases it at this moment")

// ErrNoContact means that no contact has this id. It may have been merged into another contact, because both turned out to
// be the same person.
var ErrNoContact = errors.New("store: there is no such contact")

// Post is a message that Parley posted in a chat and that an erasure removes from it.
type Post struct {
	Account      store.AccountID      `db:"account_id"`
	Channel      string               `db:"channel"` // empty for a direct message
	Message      string               `db:"message"`
	Thread       string               `db:"thread"`
	Recipient    store.SurfaceUser    `db:"recipient"` // set for a direct message
	Kind         string               `db:"kind"`
	Conversation store.ConversationID `db:"conversation_id"`
	MessageID    store.MessageID      `db:"message_id"`
}

// Options are the dependencies of Begin and Run.
type Options struct {
	Pool   *pgxpool.Pool
	Sealer *store.Sealer
	// WithObjects is true if files are kept in an object store. Retention then removes their objects.
	WithObjects bool
	// Ask returns the event that requests parley serve to remove posts of a conversation from chats, or, without posts, to
	// render the conversation's card again. If Ask is nil, posts stay in the chats, and the certificate lists them.
	Ask func(name string, conversation store.ConversationID, posts []Post) store.NewEvent
	// Say is called after each batch with the place and the number of removed rows, to report progress. It may be nil. If it
	// returns an error, Run stops; the next Run continues there.
	Say func(place string, rows int64) error
}

const (
	insertErasure = `
	INSERT INTO erasures (id, contacts, hashes, asked_by, asked_at, sealed)
	SELECT coalesce($1, gen_random_uuid()), $2, $3, $4, coalesce($5, clock_timestamp()), NULL
	ON CONFLICT (id) DO UPDATE SET contacts = EXCLUDED.contacts
	RETURNING id::text`
	sealErasure    = `UPDATE erasures SET sealed = $2 WHERE id = $1`
	renameContacts = `
	WITH renamed AS (
		UPDATE identities
		SET key = 'erased:' || id, name = '', bad_reason = '', opted_out = '', consent_at = NULL, marketing_at = NULL,
			blocked = false, silenced = false
		WHERE contact_id = ANY($2) AND key NOT LIKE 'erased:%'
		RETURNING 1
	), erased AS (
		UPDATE contacts SET name = '` + store.ErasedName + `' WHERE id = ANY($2) AND name <> '` + store.ErasedName + `' RETURNING 1
	)
	UPDATE erasures
	SET counts = counts || jsonb_build_object('identities', (SELECT count(*) FROM renamed), 'contacts', (SELECT count(*) FROM erased))
	WHERE id = $1::uuid`
)

// Begin starts an erasure of contacts and returns its id, for Run. by names who requested it. If the same person writes
// again after Begin, that creates a new contact. If the contacts are being erased already, Begin returns that erasure,
// because a second one would find no addresses to search for.
// Errors: ErrNoContact.
func Begin(ctx context.Context, o Options, contacts []store.ContactID, by string) (id string, err error) {
	key, err := LoadKey(ctx, o.Pool, o.Sealer)
	if err != nil {
		return "", err
	}

	err = store.InTx(ctx, o.Pool, func(tx pgx.Tx) error {
		if err := lockContacts(ctx, tx, contacts); err != nil {
			return err
		}

		hasUnknown, err := query.Value[bool](ctx, tx, "contacts", hasUnknownContact, contacts)
		if err != nil {
			return err
		}
		if hasUnknown {
			return ErrNoContact
		}

		err = tx.QueryRow(ctx, unfinishedErasure, contacts).Scan(&id)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err // if nil, id is that of the unfinished erasure
		}

		id, err = begin(ctx, tx, o.Sealer, key, erasure{Contacts: contacts, By: by})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("store: begin erasure: %w", err)
	}
	return id, nil
}

const (
	hasUnknownContact = `
		SELECT EXISTS (
			SELECT FROM unnest($1::bigint[]) AS given(id)
			WHERE NOT EXISTS (SELECT FROM identities AS i WHERE i.contact_id = given.id))`
	unfinishedErasure = `
		SELECT id::text FROM erasures
		WHERE done_at IS NULL AND contacts @> $1 AND cardinality($1::bigint[]) > 0
		ORDER BY asked_at, id
		LIMIT 1`
)

// lockContacts locks contacts and their identities. It locks identities first, like the transactions that process incoming
// events, so that it can't deadlock with them.
func lockContacts(ctx context.Context, tx pgx.Tx, contacts []store.ContactID) error {
	for _, lock := range []string{
		`SELECT id FROM identities WHERE contact_id = ANY($1) ORDER BY id FOR UPDATE`,
		`SELECT id FROM contacts WHERE id = ANY($1) ORDER BY id FOR UPDATE`,
	} {
		if _, err := query.Column[int64](ctx, tx, "contacts", lock, contacts); err != nil {
			return err
		}
	}
	return nil
}

// begin inserts the row of an erasure and moves names and addresses from the contacts' rows into it, encrypted. They stay
// there until the erasure is done. An empty e.ID means a new id, and a zero e.AskedAt means now.
func begin(ctx context.Context, tx pgx.Tx, sealer *store.Sealer, key Key, e erasure) (id string, err error) {
	if err := lockContacts(ctx, tx, e.Contacts); err != nil {
		return "", err
	}

	who, err := readSubject(ctx, tx, e.Contacts)
	if err != nil {
		return "", err
	}

	hashes, err := hashesOf(ctx, tx, key, e.Contacts)
	if err != nil {
		return "", err
	}

	hashes = append(hashes, e.Hashes...)
	slices.SortFunc(hashes, bytes.Compare)
	hashes = slices.CompactFunc(hashes, bytes.Equal)
	var givenID pgtype.UUID // NULL unless e.ID is given
	if e.ID != "" {
		if err := givenID.Scan(e.ID); err != nil {
			return "", fmt.Errorf("store: erasure %q: %w", e.ID, err)
		}
	}

	var askedAt *time.Time
	if !e.AskedAt.IsZero() {
		askedAt = &e.AskedAt
	}
	if err := tx.QueryRow(ctx, insertErasure, givenID, e.Contacts, hashes, e.By, askedAt).Scan(&id); err != nil {
		return "", fmt.Errorf("store: begin erasure: %w", err)
	}

	if err := keepSubject(ctx, tx, sealer, id, who); err != nil {
		return "", err
	}
	if err := query.Exec(ctx, tx, "begin erasure", renameContacts, id, e.Contacts); err != nil {
		return "", err
	}
	return id, nil
}

// keepSubject encrypts the names and addresses that an erasure searches for, and stores them in the erasure's row.
func keepSubject(ctx context.Context, q store.Execer, sealer *store.Sealer, id string, who subject) error {
	body, err := json.Marshal(who)
	if err != nil {
		return fmt.Errorf("store: erase: %w", err)
	}
	return query.Exec(ctx, q, "erase", sealErasure, id, sealer.Seal(sealContext(id), body))
}

// sealContext binds encrypted data to its erasure: it can't be decrypted as that of another one.
func sealContext(erasure string) string { return "erasures/" + erasure }

// hashesOf returns keyed hashes of the contacts' addresses and phone numbers.
func hashesOf(ctx context.Context, q store.Querier, key Key, contacts []store.ContactID) ([][]byte, error) {
	type row struct {
		Account store.AccountID `db:"account_id"`
		Key     string          `db:"key"`
	}
	const keys = `SELECT account_id, key FROM identities WHERE contact_id = ANY($1) AND key NOT LIKE 'erased:%' ORDER BY id`
	rows, err := query.Collect[row](ctx, q, "hashes", keys, contacts)
	return query.Field(rows, func(r *row) []byte { return key.hashIdentity(r.Account, r.Key) }), err
}
