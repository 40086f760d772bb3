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

const (
	batchRows        = 500   // rows that one transaction erases, so that nobody waits long for its locks
	stopRows         = 50    // conversations that are closed at once
	statementTimeout = "60s" // in PostgreSQL's notation
)

// ErrWaiting means that something about the contact is still to be applied or posted, so that the erasure can't end yet. Run
// it again.
var ErrWaiting = errors.New("store: something about the contact still waits to be applied or posted")

// ErrBusy means that another process is erasing this contact.
var ErrBusy = errors.New("store: another process erases it at this moment")

// ErrNoContact means that no contact has this number. Perhaps one had it, and turned out to be the same person as another
// contact, whose number is the one that counts.
var ErrNoContact = errors.New("store: there is no such contact")

// ErrNoErasure means that there is no such erasure.
var ErrNoErasure = errors.New("store: there is no such erasure")

// Found is how much about a contact was found in one place.
type Found struct {
	Place string `json:"place"`
	What  string `json:"what"`
	How   string `json:"how"` // removed, emptied
	Rows  int64  `json:"rows"`
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

// Count returns what an erasure of contacts would remove, and changes nothing.
func Count(ctx context.Context, q store.Querier, contacts []store.ContactID) ([]Found, error) {
	who, err := readSubject(ctx, q, contacts)
	if err != nil {
		return nil, err
	}

	s, err := readScope(ctx, q, who)
	if err != nil {
		return nil, err
	}

	events, err := countJournal(ctx, q, s)
	if err != nil {
		return nil, err
	}

	args := s.namedArguments("")
	args["events"] = events
	files, err := query.Value[int64](ctx, q, "count files", countFiles, args)
	if err != nil {
		return nil, err
	}

	list := []Found{journalFound(int64(len(events)))}
	for _, p := range listPlaces() {
		f := p.foundRows(0)
		if err := q.QueryRow(ctx, p.countStatement(), args).Scan(&f.Rows); err != nil {
			return nil, fmt.Errorf("store: count %s: %w", p.Name, err)
		}
		list = append(list, f)
	}

	var posts int64
	if err := q.QueryRow(ctx, countPosts, args).Scan(&posts); err != nil {
		return nil, fmt.Errorf("store: count posts: %w", err)
	}
	return append(list, filesFound(files), chatsFound(posts)), nil
}

// countJournal returns the ids of the events that an erasure would remove.
func countJournal(ctx context.Context, q store.Querier, s *scope) ([]int64, error) {
	newest, err := store.NewestEvent(ctx, q)
	if err != nil {
		return nil, err
	}

	scan, err := newJournalScan(ctx, q, s, newest, newest)
	if err != nil {
		return nil, err
	}

	all := []int64{}
	for after := int64(0); after < newest; {
		page, upto, err := scan.next(ctx, after)
		if err != nil {
			return nil, err
		}

		all = append(all, page...)
		after = upto
	}
	return all, nil
}

// foundRows returns how many rows of a place were found or erased.
func (p place) foundRows(rows int64) Found {
	how := "removed"
	if p.Clear != "" {
		how = "emptied"
	}
	return Found{Place: p.Name, What: p.What, How: how, Rows: rows}
}

func journalFound(rows int64) Found {
	return Found{Place: "events", What: "what arrived, as it came, with what is in quarantine", How: "removed", Rows: rows}
}

func filesFound(rows int64) Found {
	return Found{Place: "blobs", What: "files and originals that nobody else needs", How: "removed", Rows: rows}
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
		UPDATE identities SET key = 'erased:' || id, name = '', bad_reason = '', opted_out = '', consent_at = NULL, marketing_at = NULL, blocked = false, silenced = false
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

// erasure is a row of erasures.
type erasure struct {
	ID       string
	Contacts []store.ContactID
	Hashes   [][]byte
	By       string
	AskedAt  time.Time
	DoneAt   *time.Time
	Sealed   []byte
	Counts   map[string]int64
}

// readErasure compares ids as text, since people and files may name any text as an id. It needs no index: the table has
// one row for each erasure.
const readErasure = `SELECT id::text, contacts, hashes, asked_by, asked_at, done_at, sealed, counts FROM erasures WHERE id::text = $1`

// readRow reads the row of an erasure.
// Errors: ErrNoErasure.
func readRow(ctx context.Context, q store.Querier, id string) (e erasure, err error) {
	err = q.QueryRow(ctx, readErasure, id).Scan(&e.ID, &e.Contacts, &e.Hashes, &e.By, &e.AskedAt, &e.DoneAt, &e.Sealed, &e.Counts)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, ErrNoErasure
	}
	if err != nil {
		return e, fmt.Errorf("store: erasure %s: %w", id, err)
	}
	return e, nil
}

// Exists reports whether there is an erasure with an id, done or not.
func Exists(ctx context.Context, q store.Querier, id string) (bool, error) {
	return query.Value[bool](ctx, q, "erasure", `SELECT EXISTS (SELECT FROM erasures WHERE id::text = $1)`, id)
}

// Unfinished returns the erasures that were begun and have not ended, the oldest first.
func Unfinished(ctx context.Context, q store.Querier) ([]string, error) {
	return readErasures(ctx, q, `SELECT id::text FROM erasures WHERE done_at IS NULL ORDER BY asked_at, id`)
}

// Forgotten returns the erasures after which this database has nothing of the contacts any more, the oldest first. They
// have ended, or only posts are still being removed from chats.
func Forgotten(ctx context.Context, q store.Querier) ([]string, error) {
	return readErasures(ctx, q, `
		SELECT id::text FROM erasures
		WHERE done_at IS NOT NULL OR EXISTS (SELECT FROM erased_posts AS p WHERE p.erasure_id = erasures.id AND p.asked AND p.kind <> 'card')
		ORDER BY asked_at, id`)
}

// readErasures returns the ids that a statement selects.
func readErasures(ctx context.Context, q store.Querier, sql string) ([]string, error) {
	return query.Column[string](ctx, q, "erasures", sql)
}

// Summary is an erasure in a list.
type Summary struct {
	ID      string     `db:"id"`
	By      string     `db:"asked_by"`
	AskedAt time.Time  `db:"asked_at"`
	DoneAt  *time.Time `db:"done_at"`  // nil while it goes on
	InChats int64      `db:"in_chats"` // posts that are still to be removed from chats
}

// List returns the newest erasures.
func List(ctx context.Context, q store.Querier, limit int) ([]Summary, error) {
	const list = `
		SELECT id::text, asked_by, asked_at, done_at, (
			SELECT count(*)
			FROM erased_posts AS e
			LEFT JOIN posts AS p ON p.account_id = e.account_id AND p.channel = e.channel AND p.message = e.message
			WHERE e.erasure_id = erasures.id AND e.kind NOT IN ('human', 'card') AND coalesce(p.version, '') NOT IN ('erased', 'kept')) AS in_chats
		FROM erasures
		ORDER BY asked_at DESC, id
		LIMIT $1`
	return query.Collect[Summary](ctx, q, "erasures", list, limit)
}
