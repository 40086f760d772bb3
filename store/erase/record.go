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

// Backups still contain the data that an erasure has deleted. Therefore a record of each erasure is kept in a file outside of
// the database, the list of erasures. After an older backup is restored, ApplyRecords applies the list to it.

// Record is the part of an erasure that is kept outside of the database. It identifies the contact, the erased customer, only
// by a row id and by keyed hashes of the addresses.
type Record struct {
	Erasure  string    `json:"erasure"`
	By       string    `json:"asked_by"`
	AskedAt  time.Time `json:"asked_at"`
	Contacts []Former  `json:"contacts"`
	Deleted  *Former   `json:"conversation,omitempty"` // what is erased, if that isn't contacts
	Key      []byte    `json:"key"`                    // the key of the hashes, encrypted with the master key

	// Begun is true in a record that was made before the database had forgotten the contact. Facts are not complete in it.
	Begun bool `json:"begun,omitempty"`

	Identities []string `json:"identities"` // keyed hashes of the addresses
	Facts      []Fact   `json:"facts"`
}

// Former is the id of an erased contact, and when the contact was created. Together they are unique, even if a restored
// database assigns the same id to somebody else.
type Former struct {
	ID    int64     `db:"id" json:"id"`
	Since time.Time `db:"created_at" json:"since"`
}

// Fact identifies an erased message or event, such as a mail. If a provider delivers it again, Parley ignores it.
type Fact struct {
	Account store.AccountID `db:"account_id" json:"account"`
	Hash    string          `db:"hash" json:"hash"` // a keyed hash of its external id, formatted as a UUID
}

// ErrOtherKey means that a record's hashes were made with the key of another database, so they can't be compared with ours.
var ErrOtherKey = errors.New("store: the list of erasures has entries of another database")

// RecordOf returns the record of an erasure that ListForgotten has returned. For one that ListBegun has returned, the caller
// sets Begun.
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

	const deleted = `SELECT id, created_at FROM conversations WHERE id = $1`
	conversations, err := query.Collect[Former](ctx, q, "deleted conversation", deleted, row.Conversation)
	if err != nil {
		return Record{}, err
	}
	for i := range conversations {
		r.Deleted = &conversations[i]
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

// ApplyRecords applies erasures to a database that may be older than they are. It skips those that are finished there, and
// those that are under way there and were only begun when they were listed. First it begins all that the database doesn't
// know, so that a failure of one doesn't keep the rest from being begun. Then it runs each, and returns the certificates of
// those that are finished. An erasure that waits for posts to be removed from chats isn't.
// Errors: ErrOtherKey, ErrWaiting, or both, after all were run; any other error of Run at once.
func ApplyRecords(ctx context.Context, o Options, records []Record) ([]Certificate, error) {
	unfinished, foreign, err := beginUnknown(ctx, o, records)
	if err != nil {
		return nil, err
	}

	var finished []Certificate
	var remaining error // returned at the end
	if len(foreign) > 0 {
		remaining = fmt.Errorf("%w: %d, first erasure %s", ErrOtherKey, len(foreign), foreign[0])
	}

	for _, id := range unfinished {
		c, err := Run(ctx, o, id)
		switch {
		case errors.Is(err, ErrInChats): // the database itself has forgotten the contact, which is what matters here
		case errors.Is(err, ErrBusy): // another process is running the erasure
		case errors.Is(err, ErrWaiting):
			remaining = errors.Join(remaining, err)
		case err != nil:
			return finished, err
		default:
			finished = append(finished, c)
		}
	}
	return finished, remaining
}

// beginUnknown begins those erasures that the database doesn't know. It returns the ids of all erasures that are not finished,
// except those that had begun only and that the database knows, and, as foreign, of those that it skipped because of
// ErrOtherKey.
func beginUnknown(ctx context.Context, o Options, records []Record) (unfinished, foreign []string, err error) {
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

		goesOnByItself := r.Begun && !isUnknown // parley serve and parley erase run all that this database knows
		if isUnknown || row.DoneAt == nil && !goesOnByItself {
			unfinished = append(unfinished, r.Erasure)
		}
	}
	return unfinished, foreign, nil
}

// RecordsOfDatabase returns the records whose hashes were made with this database's key. A database without a key adopts the
// key of the first record that is applied to it, so then it returns all records whose keys the master key can decrypt.
func RecordsOfDatabase(ctx context.Context, q store.Querier, sealer *store.Sealer, records []Record) ([]Record, error) {
	var sealed, plain []byte
	err := q.QueryRow(ctx, readKey).Scan(&sealed)
	keyExists := !errors.Is(err, pgx.ErrNoRows)
	if keyExists && err == nil {
		plain, err = sealer.Open(keyContext, sealed)
	}
	if keyExists && err != nil {
		return nil, fmt.Errorf("store: key of erasures: %w", err)
	}

	var list []Record
	for _, r := range records {
		key, err := sealer.Open(keyContext, r.Key)
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

// beginRecorded begins an erasure from its record, and stores the hashes of its facts, so that they are not accepted again.
// Errors: ErrOtherKey.
func beginRecorded(ctx context.Context, o Options, r Record) error {
	recordKey, err := o.Sealer.Open(keyContext, r.Key)
	if err != nil { // keepOrLoad must not store a key that can't be decrypted
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

		if _, err = begin(ctx, tx, o.Sealer, key, erasure{
			ID:       r.Erasure,
			Contacts: found,
			Hashes:   hashes,
			By:       r.By,
			AskedAt:  r.AskedAt,
		}); err != nil || r.Deleted == nil {
			return err
		}
		return query.Exec(ctx, tx, "erasure", deletedBefore, r.Erasure, r.Deleted.ID, r.Deleted.Since)
	})
}

const deletedBefore = `
	UPDATE erasures SET conversation_id = c.id FROM conversations AS c WHERE erasures.id = $1::uuid AND c.id = $2 AND c.created_at = $3`

const contactsBefore = `
	SELECT i.account_id, i.key, i.contact_id, (i.contact_id, c.created_at) IN (SELECT * FROM unnest($2::bigint[], $3::timestamptz[])) AS same
	FROM identities AS i
	JOIN contacts AS c ON c.id = i.contact_id
	WHERE c.created_at <= $1
	ORDER BY i.contact_id`

// contactsOf returns the contacts that an erasure was about, found by their ids and by the hashes of their addresses. It leaves
// out contacts that were created after the erasure was requested, even if they have the same address.
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
