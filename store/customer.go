package store

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode"

	"parley/store/internal/query"
)

// What the company knows of a customer is a record. It belongs to the addresses by which the customer writes, on whichever account, so
// that a conversation finds it without anybody's doing. Colleagues link further addresses by hand.

// RecordID names the record of a customer.
type RecordID int64

// Customer is the record of a customer.
type Customer struct {
	ID        RecordID          `db:"id" json:"id"`
	Name      string            `db:"name" json:"name"`
	Salesman  string            `db:"salesman" json:"salesman"` // an agent's e-mail address
	Brands    []string          `db:"brands" json:"brands"`
	Fields    map[string]string `db:"fields" json:"fields"`
	Assignees []string          `db:"assignees" json:"assignees"`   // agents who get its conversations before all rules, by e-mail address
	VisibleTo []string          `db:"visible_to" json:"visible_to"` // agents who alone may read its new conversations
}

// KnownCustomer is the record that an identity finds.
type KnownCustomer struct {
	IdentityID IdentityID `db:"identity_id"`
	Address    string     `db:"address"` // by which it is found
	Called     string     `db:"called"`  // how colleagues call whoever writes from it; "" if by the name that the channel tells
	Customer
}

// CustomerAddress says whose an address is: a key of identities, such a key on one account (see AddressOn), or "@shop.example" for all of
// a mail domain.
type CustomerAddress struct {
	Address  string   `db:"address" json:"address"`
	RecordID RecordID `db:"record_id" json:"record_id"`
	Name     string   `db:"name" json:"name"`
}

// AddressOn returns the address by which the records know a key of an account: mail addresses and phone numbers are somebody's everywhere,
// and all else on that account alone.
func AddressOn(account AccountID, key string) string {
	if strings.Contains(key, "@") || strings.HasPrefix(key, "+") {
		return key
	}
	return strconv.FormatInt(int64(account), 10) + "/" + key
}

// joinRecord finds the record of the row identity, as customer: by its own address, by another of the same contact, or by its domain.
const joinRecord = `
	LEFT JOIN LATERAL (
		SELECT record.*, owned.address, owned.name AS called
		FROM (
			SELECT identity.account_id, identity.key, 0 AS place
			UNION ALL
			SELECT same.account_id, same.key, 1 FROM identities AS same WHERE same.contact_id = identity.contact_id) AS given
		JOIN customer_addresses AS owned
			ON owned.address = ANY(ARRAY[given.key, given.account_id || '/' || given.key, '@' || split_part(given.key, '@', 2)])
		JOIN customer_records AS record ON record.id = owned.record_id
		ORDER BY starts_with(owned.address, '@'), given.place, owned.address
		LIMIT 1) AS customer ON true`

const customerColumns = `customer.id, customer.name, customer.salesman, customer.brands, customer.fields, customer.assignees,
	customer.visible_to`

const knownCustomers = `
	SELECT identity.id AS identity_id, customer.address, customer.called, ` + customerColumns + `
	FROM identities AS identity` + joinRecord + `
	WHERE identity.id = ANY($1) AND customer.id IS NOT NULL`

// KnownCustomers returns the records that identities find. Those without one are left out.
func KnownCustomers(ctx context.Context, q Querier, ids []IdentityID) ([]KnownCustomer, error) {
	return query.Collect[KnownCustomer](ctx, q, "known customers", knownCustomers, orEmpty(ids))
}

// KnownCustomers reads into list the record that an identity finds.
func (p *Pipeline) KnownCustomers(list *[]KnownCustomer, id IdentityID) {
	read(p, list, knownCustomers, []IdentityID{id})
}

const getCustomer = `SELECT ` + customerColumns + ` FROM customer_records AS customer WHERE id = ANY($1) FOR UPDATE`

// LockCustomer returns a record, and locks it; nil if there is none.
func LockCustomer(ctx context.Context, q Querier, id RecordID) (*Customer, error) {
	list, err := query.Collect[Customer](ctx, q, "customer", getCustomer, []RecordID{id})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

const addressesOfCustomer = `SELECT address, record_id, name FROM customer_addresses WHERE record_id = ANY($1) ORDER BY address`

// AddressesOf returns the addresses of records, each with its record.
func AddressesOf(ctx context.Context, q Querier, records ...RecordID) ([]CustomerAddress, error) {
	return query.Collect[CustomerAddress](ctx, q, "addresses of customer", addressesOfCustomer, records)
}

const addCustomer = `
	INSERT INTO customer_records (name, salesman, brands, fields, assignees, visible_to)
	SELECT name, salesman, brands, fields, assignees, visible_to FROM json_populate_recordset(NULL::customer_records, $1)
	RETURNING id`

// AddCustomer adds a record, and returns its id.
func AddCustomer(ctx context.Context, q Querier, c Customer) (RecordID, error) {
	body, err := query.JSON([]Customer{c.filled()})
	if err != nil {
		return 0, err
	}
	return query.Value[RecordID](ctx, q, "add customer", addCustomer, body)
}

// filled returns the record with empty lists in place of nil.
func (c Customer) filled() Customer {
	c.Brands, c.Assignees, c.VisibleTo = orEmpty(c.Brands), orEmpty(c.Assignees), orEmpty(c.VisibleTo)
	if c.Fields == nil {
		c.Fields = map[string]string{}
	}
	return c
}

const saveCustomer = `
	UPDATE customer_records AS record
	SET name = given.name, salesman = given.salesman, brands = given.brands, fields = given.fields, assignees = given.assignees,
		visible_to = given.visible_to, import_id = NULL
	FROM json_populate_recordset(NULL::customer_records, $1) AS given
	WHERE record.id = given.id`

// SaveCustomer replaces a record.
func SaveCustomer(ctx context.Context, q Execer, c Customer) error {
	return execRows(ctx, q, "save customer", saveCustomer, []Customer{c.filled()})
}

const setAddress = `
	INSERT INTO customer_addresses (address, record_id, name)
	SELECT address, record_id, name FROM json_populate_recordset(NULL::customer_addresses, $1) ORDER BY address
	ON CONFLICT (address) DO UPDATE SET record_id = EXCLUDED.record_id, name = EXCLUDED.name`

// SetAddresses says whose these addresses are. No two rows may have the same address.
func SetAddresses(ctx context.Context, q Execer, rows ...CustomerAddress) error {
	return execRows(ctx, q, "set addresses", setAddress, rows)
}

const dropAddress = `DELETE FROM customer_addresses WHERE address = $1`

// DropAddress makes an address nobody's.
func DropAddress(ctx context.Context, q Execer, address string) error {
	return query.Exec(ctx, q, "drop address", dropAddress, address)
}

const dropCustomer = `
	WITH addresses AS (DELETE FROM customer_addresses WHERE record_id = $1), notes AS (DELETE FROM customer_notes WHERE record_id = $1)
	DELETE FROM customer_records WHERE id = $1`

// DropCustomer removes a record with its addresses and notes.
func DropCustomer(ctx context.Context, q Execer, id RecordID) error {
	return query.Exec(ctx, q, "drop customer", dropCustomer, id)
}

// CustomerNote is what a colleague has noted on a record.
type CustomerNote struct {
	AgentID AgentID   `db:"agent_id"`
	Author  string    `db:"author"` // the agent's name, when it is read
	At      time.Time `db:"at"`
	Text    string    `db:"text"`
}

const addCustomerNote = `INSERT INTO customer_notes (record_id, agent_id, at, text) VALUES ($1, $2, $3, $4)`

// AddCustomerNote adds a note to a record.
func AddCustomerNote(ctx context.Context, q Execer, id RecordID, n CustomerNote) error {
	return query.Exec(ctx, q, "add customer note", addCustomerNote, id, n.AgentID, n.At, n.Text)
}

const customerNotes = `
	SELECT note.agent_id, coalesce(agent.name, '') AS author, note.at, note.text
	FROM customer_notes AS note
	LEFT JOIN agents AS agent ON agent.id = note.agent_id
	WHERE note.record_id = $1
	ORDER BY note.id DESC
	LIMIT $2`

// CustomerNotes returns the latest notes of a record, the newest first.
func CustomerNotes(ctx context.Context, q Querier, id RecordID, limit int) ([]CustomerNote, error) {
	return query.Collect[CustomerNote](ctx, q, "customer notes", customerNotes, id, limit)
}

// identitiesOfCustomer finds identities by the record's addresses, but not by domains, and those of the contact of $2.
const identitiesOfCustomer = `
	SELECT identity.id
	FROM customer_addresses AS owned
	CROSS JOIN accounts AS account
	JOIN identities AS identity ON identity.account_id = account.id AND identity.key = ANY(ARRAY[owned.address,
		CASE WHEN starts_with(owned.address, account.id || '/') THEN substr(owned.address, length(account.id || '/') + 1) END])
	WHERE owned.record_id = $1 AND NOT starts_with(owned.address, '@')
	UNION
	SELECT same.id FROM identities AS given JOIN identities AS same ON same.contact_id = given.contact_id WHERE given.id = $2`

const conversationsOfCustomer = `
	SELECT conversation.id
	FROM conversations AS conversation
	WHERE conversation.kind = 'customer' AND conversation.identity_id = ANY(ARRAY(` + identitiesOfCustomer + `))
	ORDER BY conversation.last_at DESC, conversation.id DESC
	LIMIT $3`

// ConversationsOfCustomer returns the latest conversations with a customer, on all accounts, the newest first: those of a record, and
// those of an identity; either may be 0. It doesn't look who may read them.
func ConversationsOfCustomer(ctx context.Context, q Querier, record RecordID, identity IdentityID, limit int) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "conversations of customer", conversationsOfCustomer, record, identity, limit)
}

const identitiesAlike = `
	SELECT same.id FROM identities AS given JOIN identities AS same ON same.contact_id = given.contact_id WHERE given.id = $1 ORDER BY same.id`

// IdentitiesOfContact returns the ids of all identities of the contact who has one of them.
func IdentitiesOfContact(ctx context.Context, q Querier, id IdentityID) ([]IdentityID, error) {
	return query.Column[IdentityID](ctx, q, "identities of contact", identitiesAlike, id)
}

// The indexes customer_records_words and customer_addresses_words have the same expressions.
const (
	recordWords  = `to_tsvector('simple', customer.name || ' ' || customer.fields::text)`
	addressWords = `to_tsvector('simple', regexp_replace(owned.address, '[^[:alnum:]]+', ' ', 'g') || ' ' || owned.name)`
)

const findCustomers = `
	SELECT ` + customerColumns + `
	FROM customer_records AS customer
	WHERE customer.id > $2 AND ($1::text = '' OR customer.id = ANY(ARRAY(
		(SELECT customer.id FROM customer_records AS customer
		WHERE $1 <> '' AND customer.id > $2 AND ` + recordWords + ` @@ to_tsquery('simple', $1) ORDER BY customer.id LIMIT $3)
		UNION
		(SELECT owned.record_id FROM customer_addresses AS owned
		WHERE $1 <> '' AND owned.record_id > $2 AND ` + addressWords + ` @@ to_tsquery('simple', $1) ORDER BY owned.record_id LIMIT $3))))
	ORDER BY customer.id
	LIMIT $3`

// FindCustomers returns the records that have all words in their name and fields, or in one of their addresses, or all records if words is
// "", by their ids, behind the record after. Words are found by how they begin.
func FindCustomers(ctx context.Context, q Querier, words string, after RecordID, limit int) ([]Customer, error) {
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	parts := strings.FieldsFunc(words, func(r rune) bool { return !isWord(r) })
	for i := range parts {
		parts[i] += ":*"
	}
	if len(parts) == 0 && strings.TrimSpace(words) != "" {
		return nil, nil
	}
	return query.Collect[Customer](ctx, q, "find customers", findCustomers, strings.Join(parts, " & "), after, limit)
}

const customersAt = `
	SELECT ` + customerColumns + `
	FROM customer_records AS customer
	WHERE customer.id = ANY(ARRAY(SELECT record_id FROM customer_addresses WHERE address = ANY($1)))
	ORDER BY customer.id
	LIMIT $2`

// CustomersAt returns the records of addresses.
func CustomersAt(ctx context.Context, q Querier, addresses []string, limit int) ([]Customer, error) {
	return query.Collect[Customer](ctx, q, "customers at", customersAt, orEmpty(addresses), limit)
}

const customerFields = `SELECT DISTINCT jsonb_object_keys(fields) FROM customer_records ORDER BY 1 LIMIT $1`

// CustomerFields returns the names of the fields that records have, at most limit.
func CustomerFields(ctx context.Context, q Querier, limit int) ([]string, error) {
	return query.Column[string](ctx, q, "customer fields", customerFields, limit)
}
