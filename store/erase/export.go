package erase

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Copy is the data about a customer that Parley gives to the customer on request. People have a right to a copy of their
// data (GDPR, article 15). Other people's data in the same rows is left out.
type Copy struct {
	Places []CopiedPlace `json:"places"`
	Files  []CopiedFile  `json:"files"`
}

// CopiedPlace holds the rows about the customer from one place. A place is a table, or a part of one (see listPlaces).
type CopiedPlace struct {
	Place string            `json:"place"`
	What  string            `json:"what"`
	Rows  []json.RawMessage `json:"rows"`
}

// CopiedFile names a file of a message, or a message in its original form, such as a mail with its headers. The caller reads
// its bytes one file at a time, because a customer may have many.
type CopiedFile struct {
	Message store.MessageID `json:"message"`
	Path    string          `json:"path"` // unique in the copy: files/1044-0-bill.pdf, originals/1044-345.eml
	Blob    string          `json:"-"`    // the blob with its bytes; if empty, Original returns them
	Event   store.EventID   `json:"-"`    // the argument of Original
}

// Export returns a copy of the data about contacts.
func Export(ctx context.Context, q store.Querier, contacts []store.ContactID) (Copy, error) {
	who, err := readSubject(ctx, q, contacts)
	if err != nil {
		return Copy{}, err
	}

	s, err := readScope(ctx, q, who)
	if err != nil {
		return Copy{}, err
	}

	args := s.namedArguments(noErasure)
	c := Copy{Places: []CopiedPlace{}, Files: []CopiedFile{}}
	for _, p := range listPlaces() {
		if p.Export == "" {
			continue
		}

		rows, err := query.Column[json.RawMessage](ctx, q, "export "+p.Name, p.exportStatement(), args)
		if err != nil {
			return Copy{}, err
		}

		c.Places = append(c.Places, CopiedPlace{Place: p.Name, What: p.What, Rows: rows})
	}

	if c.Files, err = filesOf(ctx, q, args); err != nil {
		return Copy{}, err
	}

	return c, nil
}

const exportedConversations = `
	SELECT unnest(@conversations::bigint[]) AS id
	UNION
	SELECT conversation_id FROM messages WHERE id = ANY(@messages)
	UNION
	SELECT t.conversation_id FROM log_entries AS t WHERE ` + logOfContact + `
	ORDER BY id`

// ExportedConversations returns the conversations that appear in the export of a contact: the contact's own, and those of
// other customers in which the contact wrote or whose log names the contact.
func ExportedConversations(ctx context.Context, q store.Querier, contact store.ContactID) ([]store.ConversationID, error) {
	who, err := readSubject(ctx, q, []store.ContactID{contact})
	if err != nil {
		return nil, err
	}

	s, err := readScope(ctx, q, who)
	if err != nil {
		return nil, err
	}

	return query.Column[store.ConversationID](ctx, q, "exported conversations", exportedConversations, s.namedArguments(noErasure))
}

// exportedFiles selects the files of messages that are stored as blobs, and the contact's messages in their original form,
// which contain all other files. Files of another customer's messages are left out.
const exportedFiles = `
	SELECT t.id AS message, f.n - 1 AS n, f.file ->> 'name' AS name, b.hash AS blob, 0::bigint AS event, '' AS kind
	FROM messages AS t
	CROSS JOIN LATERAL jsonb_array_elements(t.files) WITH ORDINALITY AS f(file, n)
	JOIN blobs AS b ON b.hash = ` + blobOfFile + `
	WHERE (t.conversation_id = ANY(@conversations) OR t.id = ANY(@messages)) AND t.files <> '[]' AND NOT ` + isByOther + `
	UNION ALL
	SELECT m.id, 0, '', e.blob, e.id, a.kind
	FROM messages AS m
	JOIN events AS e ON e.id = m.event_id
	JOIN accounts AS a ON a.id = e.account_id
	WHERE m.identity_id = ANY(@identities) AND m.direction = 'in' AND (e.blob IS NOT NULL OR e.payload IS NOT NULL)
		AND (m.conversation_id = ANY(@conversations) OR m.id = ANY(@messages))
	ORDER BY message, n`

// filesOf returns the files of a contact's messages, and the messages in their original form.
func filesOf(ctx context.Context, q store.Querier, args pgx.NamedArgs) ([]CopiedFile, error) {
	type row struct {
		Message store.MessageID `db:"message"`
		N       int64           `db:"n"`
		Name    *string         `db:"name"`
		Blob    *string         `db:"blob"`
		Event   store.EventID   `db:"event"`
		Kind    string          `db:"kind"`
	}

	rows, err := query.Collect[row](ctx, q, "export files", exportedFiles, args)
	if err != nil {
		return nil, err
	}
	list := []CopiedFile{}
	for _, r := range rows {
		f := CopiedFile{Message: r.Message, Event: r.Event}
		if r.Blob != nil {
			f.Blob = *r.Blob
		}

		switch {
		case r.Event == 0:
			f.Path = fmt.Sprintf("files/%d-%d-%s", r.Message, r.N, safeName(cmp.Or(*r.Name, "file")))
		case r.Kind == "email":
			f.Path = fmt.Sprintf("originals/%d-%d.eml", r.Message, r.Event)
		default:
			f.Path = fmt.Sprintf("originals/%d-%d.json", r.Message, r.Event)
		}

		list = append(list, f)
	}

	return list, nil
}

const original = `SELECT coalesce(payload, '') FROM events WHERE id = $1`

// Original returns the original form of a message that has no blob. It is empty if it has been removed since Export.
func Original(ctx context.Context, q store.Querier, event store.EventID) ([]byte, error) {
	payload, err := query.Value[[]byte](ctx, q, "original", original, event)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return payload, err
}

// safeName replaces characters in a file name that could lead out of the folder, and shortens it.
func safeName(name string) string {
	safe := []rune{}
	for _, r := range name {
		if r < ' ' || strings.ContainsRune(`/\:`, r) {
			r = '_'
		}
		safe = append(safe, r)
	}
	const maxLength = 100
	return string(safe[max(0, len(safe)-maxLength):]) // keep the end, which has the extension
}
