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

// subject says whom an erasure or an export is about: contacts, who are customers, with their names and addresses.
type subject struct {
	Contacts   []store.ContactID  `json:"contacts"`
	Identities []store.IdentityID `json:"identities"`
	Keys       []string           `json:"keys"` // addresses, numbers and providers' ids
	Former     []formerKey        `json:"former,omitempty"`
	Names      []string           `json:"names"` // no shorter than minName; looked for in what colleagues wrote in chats
	// Shared are conversations of others, and threads of several customers, in which something of the contact is or was. Some
	// are found only by rows that the erasure empties. So what one run has found is kept for the next one.
	Shared []int64 `json:"shared,omitempty"`
}

// scope is all by which the rows about a contact are found: the subject, and what belongs to the contact now.
type scope struct {
	subject
	Conversations []store.ConversationID // of the contact
	Messages      []store.MessageID      // what the contact wrote, in whosever conversation
	Roots         []string               // the first messages of the conversations' threads
	Subjects      []string               // of the conversations
}

const (
	minName    = 4  // shorter names and keys occur in too many texts
	minSubject = 8  // shorter subjects occur in too many texts
	minDigits  = 7  // a shorter number isn't a phone number
	minRoot    = 10 // a shorter id of a message could mean something else
)

const subjectOf = `
	SELECT i.id, i.account_id, i.key, i.name, c.id AS contact_id, c.name AS contact_name
	FROM contacts AS c
	LEFT JOIN identities AS i ON i.contact_id = c.id
	WHERE c.id = ANY($1)
	ORDER BY i.id`

// readSubject reads who contacts are.
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
		if r.ID == nil { // a contact without an address; else all columns of i are there
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

	s.Names = slices.DeleteFunc(s.Names, func(name string) bool { return len([]rune(name)) < minName || name == store.ErasedName })
	slices.Sort(s.Names)
	s.Names = slices.Compact(s.Names)
	return s, nil
}

const (
	conversationsOf = `SELECT id FROM conversations WHERE identity_id = ANY($1) ORDER BY id`
	// All messages are read: erasures are too rare for an index.
	messagesOf = `SELECT id FROM messages WHERE identity_id = ANY($1) ORDER BY id`
	// sharedWith finds other conversations with something of the contact, in four ways:
	//   - it has a message of the contact;
	//   - it is a thread of several customers, and has a post of such a message: an agent has made the mail a conversation of
	//     its own since;
	//   - the contact was in copy;
	//   - the contact's address is in the log, because an agent typed it there, or because it was not reached.
	//
	// The last two don't count where the conversation's own customer has the same address (isCopied).
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
			WHERE l.what = ANY(@addressing) AND lower(l.detail::text) ~ ANY(@patterns)
				AND NOT EXISTS (SELECT FROM identities AS i WHERE i.id = t.identity_id AND i.key = ANY(@keys))))
		ORDER BY c.id`
	wordsOf = `
		SELECT DISTINCT coalesce(t.root, '') AS root, c.subject
		FROM conversations AS c
		LEFT JOIN threads AS t ON t.conversation_id = c.id
		WHERE c.id = ANY($1)`
)

// readScope finds the conversations and messages of a contact as they are now.
func readScope(ctx context.Context, q store.Querier, who subject) (*scope, error) {
	s := &scope{subject: who}
	var err error
	if s.Conversations, err = query.Column[store.ConversationID](ctx, q, "conversations", conversationsOf, who.Identities); err != nil {
		return nil, err
	}
	if s.Messages, err = query.Column[store.MessageID](ctx, q, "messages", messagesOf, who.Identities); err != nil {
		return nil, err
	}
	found, err := query.Column[int64](ctx, q, "shared conversations", sharedWith, s.namedArguments(""))
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

// batchRows is how many rows one transaction erases, so that nobody waits long for its locks.
const batchRows = 500

// namedArguments returns the arguments of the statements that count, erase or export the rows of a place (listPlaces).
func (s *scope) namedArguments(erasure string) pgx.NamedArgs {
	words := lowerAll(slices.Concat(s.Names, s.Subjects))
	told := lowerAll(keyForms(s.Keys, isGlobal))
	for _, word := range words {
		told = append(told, asJSON(word, unicode.MaxRune)) // as jsonb is written
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
		"persons":       append(store.PersonsReasons(), "precedence"), // which was one for a while
		"addressing":    addressingDeeds(),
		"limit":         batchRows,
		"erasure":       erasure,
		"awaits_posts":  false,
	}
}

// addressingDeeds returns the kinds of log entries that contain an address: one that an agent or a mail server named.
func addressingDeeds() []store.Deed {
	return []store.Deed{store.DeedReaddressed, store.DeedSilenced, store.DeedBlocked, store.DeedUnblocked, store.DeedRefused,
		store.DeedNotDelivered, store.DeedUnclear}
}

// isCopied is true for other customers' conversations in which the contact is in copy. A conversation whose own customer
// has the same address, in another mailbox or since the erasure began, keeps it: replies go there. All conversations are
// read, as all messages are: the words by which conversations are found lack the end of very long lists.
const isCopied = `t.participants @> ANY(ARRAY(
		SELECT jsonb_build_array(jsonb_build_object('key', k.key)) FROM unnest(@keys::text[]) AS k(key)))
	AND t.id <> ALL(@conversations)
	AND NOT EXISTS (SELECT FROM identities AS i WHERE i.id = t.identity_id AND i.key = ANY(@keys))`

// keyForms returns the forms in which the chosen keys occur in texts.
func keyForms(keys []string, chosen func(string) bool) []string {
	var list []string
	for _, key := range keys {
		if len(key) < minName || !chosen(key) {
			continue
		}
		digits := strings.TrimPrefix(key, "+")
		if isNumber(digits) && len(digits) >= minDigits {
			list = append(list, digits) // with or without the plus, however that is written
			continue
		}
		list = append(list, key, url.QueryEscape(key))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// lowerAll returns the texts in small letters.
func lowerAll(list []string) []string {
	low := make([]string, len(list))
	for i, s := range list {
		low[i] = strings.ToLower(s)
	}
	return low
}
