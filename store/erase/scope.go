package erase

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// An erasure deletes, and an export lists, everything that is stored about a customer. Both first read who the customer is:
// the subject. From that they derive the scope: the customer's conversations and messages, and other customers'
// conversations in which the customer took part (shared conversations). Texts and raw events that no row links to the
// customer are searched for the names and addresses of the scope (pattern.go).

// subject is whom an erasure or an export is about: contacts, which are rows of customers, with their names and addresses.
type subject struct {
	Contacts   []store.ContactID  `json:"contacts"`
	Identities []store.IdentityID `json:"identities"`
	Keys       []string           `json:"keys"`             // mail addresses, phone numbers and providers' ids
	Former     []formerKey        `json:"former,omitempty"` // keys that the contacts no longer use
	Names      []string           `json:"names"`            // at least minName long, also given ones; searched for in what colleagues wrote
	// Shared are other customers' conversations, and threads of several customers, in which the contact took part. Some are
	// found only by rows that the erasure empties, so the ids that one run finds are stored for the next one.
	Shared []int64 `json:"shared,omitempty"`
}

// scope is everything that identifies the rows about a contact.
type scope struct {
	subject
	Conversations []store.ConversationID // the contact's own
	Messages      []store.MessageID      // written by the contact, in any conversation
	Roots         []string               // ids of the first messages of the conversations' chat threads
	Subjects      []string               // subjects of the conversations
}

const (
	minName    = 4  // shorter names and keys match too many texts
	minSubject = 8  // shorter subjects match too many texts
	minDigits  = 7  // a shorter number isn't a phone number
	minRoot    = 10 // a shorter message id could be something else
)

const subjectOf = `
	SELECT i.id, i.account_id, i.key, i.name, c.id AS contact_id, c.name AS contact_name
	FROM contacts AS c
	LEFT JOIN identities AS i ON i.contact_id = c.id
	WHERE c.id = ANY($1)
	ORDER BY i.id`

// givenNames selects the names that colleagues have given the contact's conversations. Cards and lists show such a name in
// place of the customer's own, so colleagues use it.
const givenNames = `
	SELECT c.traits ->> 'name' FROM conversations AS c WHERE c.identity_id = ANY($1) AND c.traits ? 'name'
	UNION
	SELECT l.detail ->> 'text'
	FROM conversations AS c
	JOIN log_entries AS l ON l.conversation_id = c.id
	WHERE c.identity_id = ANY($1) AND l.what = '` + string(store.DeedRenamed) + `' AND l.detail ? 'text'`

// readSubject reads the names and addresses of contacts.
func readSubject(ctx context.Context, q store.Querier, contacts []store.ContactID) (subject, error) {
	s := subject{Contacts: contacts}
	type row struct {
		ID          *store.IdentityID `db:"id"`
		AccountID   *store.AccountID  `db:"account_id"`
		Key         *string           `db:"key"`
		Name        *string           `db:"name"`
		ContactID   store.ContactID   `db:"contact_id"`
		ContactName string            `db:"contact_name"`
	}

	rows, err := query.Collect[row](ctx, q, "subject", subjectOf, contacts)
	if err != nil {
		return subject{}, err
	}
	for _, r := range rows {
		s.Names = append(s.Names, r.ContactName)
		if r.ID == nil { // a contact without an identity: the columns of i are NULL
			continue
		}

		s.Identities = append(s.Identities, *r.ID)
		s.Names = append(s.Names, *r.Name)
		if !strings.HasPrefix(*r.Key, "erased:") {
			s.Keys = append(s.Keys, *r.Key)
		}
		if plain, isFormer := store.PlainKey(*r.Key); isFormer {
			s.Former = append(s.Former, formerKey{Account: *r.AccountID, Key: plain})
		}
	}

	given, err := query.Column[string](ctx, q, "given names", givenNames, s.Identities)
	if err != nil {
		return subject{}, err
	}

	s.Names = append(s.Names, given...)
	s.Names = slices.DeleteFunc(s.Names, func(name string) bool { return len([]rune(name)) < minName || name == store.ErasedName })
	slices.Sort(s.Names)
	s.Names = slices.Compact(s.Names)
	return s, nil
}

const (
	conversationsOf = `SELECT id FROM conversations WHERE identity_id = ANY($1) ORDER BY id`
	// messagesOf reads the whole table: erasures are too rare for an index.
	// Mails that repeat the contact's conversations to somebody else are among them.
	messagesOf = `
		SELECT id FROM messages WHERE identity_id = ANY($1)
		UNION
		SELECT m.id
		FROM conversations AS c
		JOIN messages AS m ON m.conversation_id = c.id AND m.direction <> 'in' AND m.created_at = c.created_at
		WHERE c.traits ->> 'sent_from' IN (SELECT own.id::text FROM conversations AS own WHERE own.identity_id = ANY($1))
		ORDER BY id`
	// sharedWith selects other conversations in which the contact took part, in one of four ways:
	//   - It has a message of the contact.
	//   - It is a thread of several customers, in which a message of the contact was posted before an agent made that message
	//     a conversation of its own.
	//   - The contact is in copy.
	//   - Its log has the contact's address, because an agent typed it or a reply to it failed.
	//
	// The last two don't count if the conversation's own customer has the same address (see isCopied).
	sharedWith = `
		SELECT DISTINCT c.id
		FROM conversations AS c
		WHERE c.id <> ALL(@conversations) AND c.id = ANY(ARRAY(
			SELECT m.conversation_id FROM messages AS m WHERE m.id = ANY(@messages)
			UNION
			SELECT p.conversation_id FROM posts AS p WHERE p.message_id <> 0 AND p.message_id = ANY(@messages)
			UNION
			SELECT t.id FROM conversations AS t WHERE ` + isCopied + `
			UNION
			SELECT l.conversation_id
			FROM log_entries AS l
			JOIN conversations AS t ON t.id = l.conversation_id
			WHERE l.what = ANY(@addressing) AND lower(replace(l.detail::text, 'I', 'i')) ~ ANY(@patterns)
				AND NOT EXISTS (SELECT FROM identities AS i WHERE i.id = t.identity_id AND i.key = ANY(@keys))))
		ORDER BY c.id`
	wordsOf = `
		SELECT DISTINCT coalesce(t.root, '') AS root, c.subject
		FROM conversations AS c
		LEFT JOIN threads AS t ON t.conversation_id = c.id
		WHERE c.id = ANY($1)`
)

// readScope reads the conversations and messages of a contact as they are now.
func readScope(ctx context.Context, q store.Querier, who subject) (*scope, error) {
	s := &scope{subject: who}
	var err error
	if s.Conversations, err = query.Column[store.ConversationID](ctx, q, "conversations", conversationsOf, who.Identities); err != nil {
		return nil, err
	}
	if s.Messages, err = query.Column[store.MessageID](ctx, q, "messages", messagesOf, who.Identities); err != nil {
		return nil, err
	}
	found, err := query.Column[int64](ctx, q, "shared conversations", sharedWith, s.namedArguments(noErasure))
	if err != nil {
		return nil, err
	}
	s.Shared = slices.Concat(who.Shared, found)
	slices.Sort(s.Shared)
	s.Shared = slices.Compact(s.Shared)

	type row struct {
		Root    string `db:"root"`
		Subject string `db:"subject"`
	}

	rows, err := query.Collect[row](ctx, q, "words", wordsOf, s.Conversations)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if len(r.Root) >= minRoot {
			s.Roots = append(s.Roots, r.Root)
		}
		if len([]rune(r.Subject)) >= minSubject {
			s.Subjects = append(s.Subjects, r.Subject)
		}
	}
	return s, nil
}

// batchRows is how many rows one transaction erases. It is small, so that nobody waits long for its locks.
const batchRows = 500

// noErasure is the argument of namedArguments for statements that only read.
const noErasure = ""

// namedArguments returns the arguments of the statements that count, erase or export the rows of a place (listPlaces). erasure
// is the id of the erasure, or noErasure.
func (s *scope) namedArguments(erasure string) pgx.NamedArgs {
	words := lowerAll(slices.Concat(s.Names, s.Subjects))
	told := lowerAll(keyForms(s.Keys, isGlobal))
	for _, word := range words {
		told = append(told, asJSON(word, unicode.MaxRune)) // as PostgreSQL writes jsonb
	}
	for _, id := range s.Conversations {
		told = append(told, fmt.Sprintf(`"id": %d`, id), fmt.Sprintf(`"conversation": %d`, id))
	}

	return pgx.NamedArgs{
		"contacts":      s.Contacts,
		"identities":    s.Identities,
		"keys":          s.Keys,
		"conversations": s.Conversations,
		"shared":        s.Shared,
		"messages":      s.Messages,
		"patterns":      s.wholeKeys(strings.Clone),
		"ids":           s.idsInTexts(),
		"told":          likePatterns(told),
		"likely":        likePatterns(words),
		"whole":         wholeWords(words),
		"persons":       append(store.PersonsReasons(), "precedence"), // used by earlier versions
		"addressing":    addressingDeeds(),
		"limit":         batchRows,
		"erasure":       erasure,
		"awaits_posts":  false,
	}
}

// addressingDeeds returns the kinds of log entries that may contain an address, from an agent or a mail server.
func addressingDeeds() []store.Deed {
	return []store.Deed{store.DeedReaddressed, store.DeedSilenced, store.DeedBlocked, store.DeedUnblocked, store.DeedRefused,
		store.DeedNotDelivered, store.DeedUnclear, store.DeedEmailed}
}

// isCopied is true for other customers' conversations in which the contact is in copy. A conversation whose own customer has
// the same address (on another of our mailboxes, or since the erasure began) keeps the address, because replies go there.
// The condition reads the whole table. The index of words can't be used, because it omits the end of very long lists.
const isCopied = `t.participants @> ANY(ARRAY(
		SELECT jsonb_build_array(jsonb_build_object('key', k.key)) FROM unnest(@keys::text[]) AS k(key)))
	AND t.id <> ALL(@conversations)
	AND NOT EXISTS (SELECT FROM identities AS i WHERE i.id = t.identity_id AND i.key = ANY(@keys))`

// keyForms returns the keys that isChosen accepts, in the forms in which texts contain them.
func keyForms(keys []string, isChosen func(string) bool) []string {
	var list []string
	for _, key := range keys {
		if len(key) < minName || !isChosen(key) {
			continue
		}
		digits := strings.TrimPrefix(key, "+")
		if isNumber(digits) && len(digits) >= minDigits {
			list = append(list, digits) // matches with and without the plus, however it is escaped
			continue
		}
		list = append(list, key, url.QueryEscape(key))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// lowerAll returns the texts in lower case. In SQL this is lower(replace(…, 'I', 'i')): by the rules of Turkish, which a
// database may have, the lower case of I is ı.
func lowerAll(texts []string) []string {
	lower := make([]string, len(texts))
	for i, s := range texts {
		lower[i] = strings.ToLower(s)
	}
	return lower
}
