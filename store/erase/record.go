package erase

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// After an erasure, backups still have what was erased. So a record of each erasure is kept in a file outside of the database.
// Once an older backup is restored, the erasures of that file are applied to it again.

// Record is what is kept of an erasure outside of the database. It names the contact only by the former number and by keyed
// hashes of the addresses.
type Record struct {
	Erasure  string    `json:"erasure"`
	By       string    `json:"asked_by"`
	AskedAt  time.Time `json:"asked_at"`
	Contacts []Former  `json:"contacts"`
	// Key is the key of the hashes, sealed with the master key.
	Key        []byte   `json:"key"`
	Identities []string `json:"identities"`
	Facts      []Fact   `json:"facts"`
}

// Former is the number of an erased contact, and when the contact was made. Together they are unique, even if a restored
// database gives the same number to somebody else.
type Former struct {
	ID    int64     `db:"id" json:"id"`
	Since time.Time `db:"created_at" json:"since"`
}

// Fact names something that a provider told Parley, such as a mail, and that was erased. If it comes again, Parley doesn't
// take it.
type Fact struct {
	Account store.AccountID `db:"account_id" json:"account"`
	Hash    string          `db:"hash" json:"hash"` // a keyed hash, in the form of a UUID
}

// ErrOtherKey means that a record's hashes were made with the key of another database, so that nothing is found by them.
var ErrOtherKey = errors.New("store: the list of erasures has entries of another database")

// RecordOf returns the record of an erasure that ListForgotten names.
func RecordOf(ctx context.Context, q store.Querier, id string) (Record, error) {
	row, err := readRow(ctx, q, id)
	if err != nil {
		return Record{}, err
	}

	r := Record{Erasure: row.ID, By: row.By, AskedAt: row.AskedAt.UTC(), Identities: []string{}}
	const former = `SELECT id, created_at FROM contacts WHERE id = ANY($1) ORDER BY id`
	if r.Contacts, err = query.Collect[Former](ctx, q, "erased contacts", former, row.Contacts); err != nil {
		return Record{}, err
	}

	for _, h := range row.Hashes {
		r.Identities = append(r.Identities, hex.EncodeToString(h))
	}

	if err := q.QueryRow(ctx, readKey).Scan(&r.Key); err != nil {
		return Record{}, fmt.Errorf("store: key of erasures: %w", err)
	}

	const facts = `SELECT account_id, fact::text AS hash FROM erased_facts WHERE erasure_id = $1::uuid ORDER BY 1, 2`
	r.Facts, err = query.Collect[Fact](ctx, q, "erased facts", facts, id)
	return r, err
}

// ApplyRecords applies erasures to a database that may be older than they are. It passes over those that are done there. First it
// begins all others, so that each goes on by itself whatever becomes of the rest. Then it runs each, and returns the
// certificates of those that are done. An erasure whose posts are still being removed from chats isn't done yet.
// Errors: after it has run all, ErrOtherKey, ErrWaiting, or both; at once, any other of Run.
func ApplyRecords(ctx context.Context, o Options, records []Record) ([]Certificate, error) {
	open, foreign, err := beginUnknown(ctx, o, records)
	if err != nil {
		return nil, err
	}

	var done []Certificate
	var left error
	if len(foreign) > 0 {
		left = fmt.Errorf("%w: %d, first erasure %s", ErrOtherKey, len(foreign), foreign[0])
	}

	for _, id := range open {
		c, err := Run(ctx, o, id)

		// With ErrInChats the database itself has forgotten, which is what matters here. With ErrBusy another
		// process goes on with the erasure.
		if errors.Is(err, ErrInChats) || errors.Is(err, ErrBusy) {
			continue
		}
		if errors.Is(err, ErrWaiting) {
			left = errors.Join(left, err)
			continue
		}
		if err != nil {
			return done, err
		}

		done = append(done, c)
	}
	return done, left
}

// beginUnknown begins those erasures of a list that the database doesn't know. It returns the ids of all erasures that are
// not done (open), and of those that it passed over, because of ErrOtherKey (foreign).
func beginUnknown(ctx context.Context, o Options, records []Record) (open, foreign []string, err error) {
	for _, r := range records {
		row, err := readRow(ctx, o.Pool, r.Erasure)
		isUnknown := errors.Is(err, ErrNoErasure)
		if isUnknown {
			err = beginRecorded(ctx, o, r)
		}
		if errors.Is(err, ErrOtherKey) {
			foreign = append(foreign, r.Erasure)
			continue
		}
		if err != nil {
			return nil, nil, err
		}

		if isUnknown || row.DoneAt == nil {
			open = append(open, r.Erasure)
		}
	}
	return open, foreign, nil
}

// RecordsOfDatabase returns those records whose hashes were made with this database's key. A database without a key takes that of the
// first record that is applied to it; for such a database it returns all records whose keys the master key opens.
func RecordsOfDatabase(ctx context.Context, q store.Querier, sealer *store.Sealer, records []Record) ([]Record, error) {
	var sealed, plain []byte
	err := q.QueryRow(ctx, readKey).Scan(&sealed)
	keyExists := !errors.Is(err, pgx.ErrNoRows)
	if keyExists && err == nil {
		plain, err = sealer.Open(keyPlace, sealed)
	}
	if keyExists && err != nil {
		return nil, fmt.Errorf("store: key of erasures: %w", err)
	}

	var list []Record
	for _, r := range records {
		key, err := sealer.Open(keyPlace, r.Key)
		if err == nil && (!keyExists || bytes.Equal(key, plain)) {
			list = append(list, r)
		}
	}
	return list, nil
}

const keepFact = `
	INSERT INTO erased_facts (account_id, fact, erasure_id)
	SELECT account_id, fact::uuid, $3::uuid FROM unnest($1::bigint[], $2::text[]) AS erased(account_id, fact)
	ON CONFLICT DO NOTHING`

// beginRecorded begins an erasure by its record, and keeps the names of the facts that it erased.
func beginRecorded(ctx context.Context, o Options, r Record) error {
	recordKey, err := o.Sealer.Open(keyPlace, r.Key)
	if err != nil { // a key that can't be opened must not become the key of a database that has none
		return fmt.Errorf("%w: erasure %s", errors.Join(ErrOtherKey, err), r.Erasure)
	}

	key, err := keepOrLoad(ctx, o.Pool, o.Sealer, r.Key)
	if err != nil {
		return err
	}
	if !bytes.Equal(recordKey, key.plain) {
		return fmt.Errorf("%w: erasure %s", ErrOtherKey, r.Erasure)
	}

	return store.InTx(ctx, o.Pool, func(tx pgx.Tx) error {
		accounts := query.Field(r.Facts, func(f *Fact) store.AccountID { return f.Account })
		facts := query.Field(r.Facts, func(f *Fact) string { return f.Hash })
		if _, err := tx.Exec(ctx, keepFact, accounts, facts, r.Erasure); err != nil {
			return fmt.Errorf("store: erased facts: %w", err)
		}

		found, err := contactsOf(ctx, tx, key, r)
		if err != nil {
			return err
		}

		hashes := make([][]byte, len(r.Identities))
		for i, h := range r.Identities {
			if hashes[i], err = hex.DecodeString(h); err != nil {
				return fmt.Errorf("store: erasure %s: %w", r.Erasure, err)
			}
		}

		_, err = begin(ctx, tx, o.Sealer, key, erasure{
			ID:       r.Erasure,
			Contacts: found,
			Hashes:   hashes,
			By:       r.By,
			AskedAt:  r.AskedAt,
		})

		return err
	})
}

const contactsBefore = `
	SELECT i.account_id, i.key, i.contact_id, (i.contact_id, c.created_at) IN (SELECT * FROM unnest($2::bigint[], $3::timestamptz[])) AS same
	FROM identities AS i
	JOIN contacts AS c ON c.id = i.contact_id
	WHERE c.created_at <= $1
	ORDER BY i.contact_id`

// contactsOf finds the contacts that an erasure was about, by their numbers and by the hashes of their addresses. It leaves
// out contacts that were made after the erasure was asked for, even if they have the same address.
func contactsOf(ctx context.Context, q store.Querier, key Key, r Record) ([]store.ContactID, error) {
	erased := map[string]bool{}
	for _, h := range r.Identities {
		erased[h] = true
	}

	ids := query.Field(r.Contacts, func(c *Former) int64 { return c.ID })
	since := query.Field(r.Contacts, func(c *Former) time.Time { return c.Since })
	type row struct {
		Account store.AccountID `db:"account_id"`
		Key     string          `db:"key"`
		Contact store.ContactID `db:"contact_id"`
		Same    bool            `db:"same"`
	}

	rows, err := query.Collect[row](ctx, q, "contacts before", contactsBefore, r.AskedAt, ids, since)
	if err != nil {
		return nil, err
	}
	list := []store.ContactID{}
	for _, identity := range rows {
		hash := hex.EncodeToString(key.hashIdentity(identity.Account, identity.Key))
		if identity.Same || erased[hash] {
			list = append(list, identity.Contact)
		}
	}
	return slices.Compact(list), nil
}
