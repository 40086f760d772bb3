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

// Contact is a customer whose data can be erased or exported. A customer who writes from several addresses, or to several
// of our accounts (mailboxes, phone numbers), has one identity for each, and one contact.
type Contact struct {
	ID            store.ContactID   `db:"id" json:"id"`
	Name          string            `db:"name" json:"name"`
	CreatedAt     time.Time         `db:"created_at" json:"created_at"`
	Addresses     []string          `db:"addresses" json:"addresses"` // each identity as "account: address"
	Accounts      []store.AccountID `db:"accounts" json:"-"`          // Accounts[i] is the account of Addresses[i]
	Conversations int64             `db:"conversations" json:"conversations"`
}

// contactColumns are the columns of Contact, of a row c of contacts.
const contactColumns = `c.id, c.name, c.created_at,
		ARRAY(
			SELECT a.name || ': ' || i.key FROM identities AS i JOIN accounts AS a ON a.id = i.account_id
			WHERE i.contact_id = c.id ORDER BY i.id) AS addresses,
		ARRAY(SELECT i.account_id FROM identities AS i WHERE i.contact_id = c.id ORDER BY i.id) AS accounts,
		(SELECT count(*) FROM conversations AS v
			WHERE v.identity_id = ANY(ARRAY(SELECT i.id FROM identities AS i WHERE i.contact_id = c.id))) AS conversations`

// findContacts matches the keys of identities exactly, except that it also matches the lower-case address in mailboxes. In
// other accounts, such as a shop's chat, U-17 and u-17 may be two customers.
const findContacts = `
	SELECT ` + contactColumns + `
	FROM contacts AS c
	WHERE c.id = ANY(ARRAY(
		SELECT i.contact_id FROM accounts AS a JOIN identities AS i ON i.account_id = a.id AND i.key = ANY(@keys)
		UNION
		SELECT i.contact_id FROM accounts AS a JOIN identities AS i ON i.account_id = a.id AND i.key = @address
		WHERE a.kind = 'email'
		UNION
		SELECT i.contact_id FROM identities AS i WHERE i.contact_id = @id))
	ORDER BY c.id`

// IDPrefix marks a search for a contact's id: "contact:4821". A bare number, 4821, also matches keys, such as another
// customer's number in a shop.
const IDPrefix = "contact:"

// FindContacts returns the contacts that match what a person typed: a mail address, a phone number with or without plus and
// separators, another key, or a contact's id. address is the text as the key of a mail address (bridge.AddressKey).
func FindContacts(ctx context.Context, q store.Querier, text, address string) ([]Contact, error) {
	text = strings.TrimSpace(text)
	number, isOnlyID := strings.CutPrefix(text, IDPrefix)
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		id = 0 // no contact has it
	}
	if isOnlyID {
		return query.Collect[Contact](ctx, q, "contacts", findContacts, pgx.NamedArgs{"keys": []string(nil), "address": "", "id": id})
	}

	keys := []string{text}
	separators := strings.NewReplacer(" ", "", "-", "", "/", "", "(", "", ")", "")
	if digits := separators.Replace(strings.TrimPrefix(text, "+")); isNumber(digits) {
		keys = append(keys, digits, "+"+digits)
	}
	args := pgx.NamedArgs{"keys": keys, "address": address, "id": id}
	return query.Collect[Contact](ctx, q, "contacts", findContacts, args)
}

// isNumber reports whether s has only ASCII digits, and at least one.
func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
