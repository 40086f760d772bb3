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

// An erasure removes all that is stored about a contact, who is a customer that asked for it: Begin takes the name and the
// addresses from the contact's rows at once, and keeps them sealed in the erasure's own row; Run looks by these in every
// place where something of the contact may stand, and removes it, until the erasure is done.

// ErrWaiting means that something about the contact is still to be applied or posted, so that the erasure can't end yet. Run
// it again.
var ErrWaiting = errors.New("store: something about the contact still waits to be applied or posted")

// ErrBusy means that another process is erasing this contact.
var ErrBusy = errors.New("store: another process erases it at this moment")

// ErrNoContact means that no contact has this number. Perhaps one had it, and turned out to be the same person as another
// contact, whose number is the one that counts.
var ErrNoContact = errors.New("store: there is no such contact")

// Post is a post of Parley's that is to be removed from a chat.
type Post struct {
	Account      store.AccountID      `db:"account_id"`
	Channel      string               `db:"channel"` // empty for a direct message
	Message      string               `db:"message"`
	Thread       string               `db:"thread"`
	Recipient    store.SurfaceUser    `db:"recipient"` // of a direct message
	Kind         string               `db:"kind"`
	Conversation store.ConversationID `db:"conversation_id"`
	MessageID    store.MessageID      `db:"message_id"`
}

// Options of erasures.
type Options struct {
	Pool   *pgxpool.Pool
	Sealer *store.Sealer
	// WithObjects is true if files are kept in an object store: their objects are removed with the next retention.
	WithObjects bool
	// Ask returns the event by which parley serve removes posts of a conversation from chats. If Ask is nil, posts stay in
	// the chats, and the certificate lists them.
	Ask func(name string, conversation store.ConversationID, posts []Post) store.NewEvent
	// Say is called after each batch with the place and the number of rows that were removed. It may be nil. An error ends
	// the run, and the next run goes on there.
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

// Begin begins to erase contacts, and returns the erasure's id for Run. If the same person writes after that, she is a new
// contact. by names who asked for the erasure. If the contacts are being erased already, Begin returns that erasure: a
// second one would find no addresses any more.
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

		const unknown = `
			SELECT EXISTS (
				SELECT FROM unnest($1::bigint[]) AS given(id)
				WHERE NOT EXISTS (SELECT FROM identities AS i WHERE i.contact_id = given.id))`
		isUnknown, err := query.Value[bool](ctx, tx, "contacts", unknown, contacts)
		if err != nil {
			return err
		}
		if isUnknown {
			return ErrNoContact
		}

		const underWay = `
			SELECT id::text FROM erasures
			WHERE done_at IS NULL AND contacts @> $1 AND cardinality($1::bigint[]) > 0
			ORDER BY asked_at, id
			LIMIT 1`
		if err := tx.QueryRow(ctx, underWay, contacts).Scan(&id); !errors.Is(err, pgx.ErrNoRows) {
			return err // nil: there is one, and id is its id
		}

		id, err = begin(ctx, tx, o.Sealer, key, erasure{Contacts: contacts, By: by})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("store: begin erasure: %w", err)
	}
	return id, nil
}

// lockContacts locks contacts in the order in which appliers lock: identities before anything else.
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

// begin writes the row of an erasure and removes names and addresses from the contacts' rows. The erasure's row keeps them,
// sealed, until the erasure is done. If e.ID is empty, the erasure gets a new id; if e.AskedAt is zero, it is now.
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

// keepSubject seals what an erasure is about, and stores it in the erasure's row.
func keepSubject(ctx context.Context, q store.Execer, sealer *store.Sealer, id string, who subject) error {
	body, err := json.Marshal(who)
	if err != nil {
		return fmt.Errorf("store: erase: %w", err)
	}
	return query.Exec(ctx, q, "erase", sealErasure, id, sealer.Seal(sealPlace(id), body))
}

// sealPlace is the place to which the sealed names and addresses of an erasure are bound.
func sealPlace(erasure string) string { return "erasures/" + erasure }

// hashesOf returns the keyed hashes of the addresses and numbers that contacts have.
func hashesOf(ctx context.Context, q store.Querier, key Key, contacts []store.ContactID) ([][]byte, error) {
	type row struct {
		Account store.AccountID `db:"account_id"`
		Key     string          `db:"key"`
	}
	const keys = `SELECT account_id, key FROM identities WHERE contact_id = ANY($1) AND key NOT LIKE 'erased:%' ORDER BY id`
	rows, err := query.Collect[row](ctx, q, "hashes", keys, contacts)
	return query.Field(rows, func(r *row) []byte { return key.hashIdentity(r.Account, r.Key) }), err
}
