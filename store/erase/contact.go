package erase

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Contact is a customer who can be erased or exported.
type Contact struct {
	ID            store.ContactID   `db:"id" json:"id"`
	Name          string            `db:"name" json:"name"`
	CreatedAt     time.Time         `db:"created_at" json:"created_at"`
	Addresses     []string          `db:"addresses" json:"addresses"` // "account: key" of each identity
	Accounts      []store.AccountID `db:"accounts" json:"-"`          // those of Addresses, one for one
	Conversations int64             `db:"conversations" json:"conversations"`
}

// findContacts looks for a key as people write it: an address of a mailbox's customer in any case, a number with or without its plus
// and blanks. Other accounts may have customers whose keys differ by their case alone.
const findContacts = `
	SELECT c.id, c.name, c.created_at,
		ARRAY(
			SELECT a.name || ': ' || i.key FROM identities AS i JOIN accounts AS a ON a.id = i.account_id
			WHERE i.contact_id = c.id ORDER BY i.id) AS addresses,
		ARRAY(SELECT i.account_id FROM identities AS i WHERE i.contact_id = c.id ORDER BY i.id) AS accounts,
		(SELECT count(*) FROM conversations AS v
			WHERE v.identity_id = ANY(ARRAY(SELECT i.id FROM identities AS i WHERE i.contact_id = c.id))) AS conversations
	FROM contacts AS c
	WHERE c.id = ANY(ARRAY(
		SELECT i.contact_id FROM accounts AS a JOIN identities AS i ON i.account_id = a.id AND i.key = ANY(@keys)
		UNION
		SELECT i.contact_id FROM accounts AS a JOIN identities AS i ON i.account_id = a.id AND i.key = @address
		WHERE a.kind = 'email'
		UNION
		SELECT i.contact_id FROM identities AS i WHERE i.contact_id = @id))
	ORDER BY c.id`

// IDPrefix begins a text that means the contact with an id and nobody else: `contact:4821`. A bare number may also be a key, such as
// the one by which a shop knows another customer.
const IDPrefix = "contact:"

// FindContacts returns the contacts that a person may mean by an address, a number or a contact's id.
func FindContacts(ctx context.Context, q store.Querier, text string) ([]Contact, error) {
	text = strings.TrimSpace(text)
	number, isID := strings.CutPrefix(text, IDPrefix)
	keys, address := []string{text}, strings.ToLower(text)
	separators := strings.NewReplacer(" ", "", "-", "", "/", "", "(", "", ")", "")
	if digits := separators.Replace(strings.TrimPrefix(text, "+")); isNumber(digits) {
		keys = append(keys, digits, "+"+digits)
	}
	if isID {
		keys, address = nil, ""
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		id = 0
	}
	return query.Collect[Contact](ctx, q, "contacts", findContacts, pgx.NamedArgs{"keys": keys, "address": address, "id": id})
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
