package store

import (
	"context"
	"strings"

	"parley/store/internal/query"
)

// Identity is one address of a contact, unique per account.
type Identity struct {
	ID        IdentityID `db:"id" json:"id"`
	AccountID AccountID  `db:"account_id" json:"account_id"`
	Key       string     `db:"key" json:"key"`
	Name      string     `db:"name" json:"name"`
	ContactID ContactID  `db:"contact_id" json:"contact_id"`
	Silenced  bool       `db:"silenced" json:"silenced"`     // automatic mail from here is stored without a post
	Blocked   bool       `db:"blocked" json:"blocked"`       // automatic mail from here is ignored
	BadReason string     `db:"bad_reason" json:"bad_reason"` // why the provider says that it can't be reached; empty if it can
	// A customer may have several identities. One of them, the root, stands for the customer; SameAs
	// is its id in all others and nil in the root.
	SameAs   *IdentityID `db:"same_as" json:"same_as"`
	OptedOut string      `db:"opted_out" json:"opted_out"` // "", OptedOutMarketing or OptedOutAll; kept in the root's row
}

// Values of Identity.OptedOut: which messages the customer no longer wants.
const (
	OptedOutMarketing = "marketing"
	OptedOutAll       = "all"
)

// Erased returns whether the identity's contact was erased, or is being erased.
func (i *Identity) Erased() bool { return strings.HasPrefix(i.Key, "erased:") }

const identityColumns = `id, account_id, key, name, contact_id, silenced, blocked, bad_reason, same_as, opted_out`

// Root returns the id of the identity that stands for the customer.
func (i Identity) Root() IdentityID {
	if i.SameAs != nil {
		return *i.SameAs
	}
	return i.ID
}

// The caller sorts the rows: two batches that meet the same newcomers wait for
// each other instead of locking crosswise. DO UPDATE makes the second see the row.
const upsertIdentities = `
	INSERT INTO identities (id, account_id, key, name, contact_id)
	SELECT id, account_id, key, name, contact_id
	FROM json_populate_recordset(NULL::identities, $1)
	ON CONFLICT (account_id, key) DO UPDATE
	SET name = CASE WHEN EXCLUDED.name <> '' THEN EXCLUDED.name ELSE identities.name END
	RETURNING ` + identityColumns

const insertContacts = `
	INSERT INTO contacts (id, name)
	SELECT contact_id, name
	FROM json_populate_recordset(NULL::identities, $1)`

// UpsertIdentities finds or makes identities and locks them. Rows must be unique and sorted by
// account and key. ID and ContactID are the ids that a new row gets; the caller adds its contact with
// InsertContacts in the same transaction.
func (p *Pipeline) UpsertIdentities(list *[]Identity, rows []Identity) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	read(p, list, upsertIdentities, body)
	return nil
}

// InsertContacts adds the contacts of new identities.
func InsertContacts(ctx context.Context, q Execer, rows []Identity) error {
	return execRows(ctx, q, "insert contacts", insertContacts, rows)
}

// identityWithRoot selects identities as i. OptedOut is read from the root's row.
const identityWithRoot = `SELECT i.id, i.account_id, i.key, i.name, i.contact_id, i.silenced, i.blocked, i.bad_reason, i.same_as,
		coalesce(root.opted_out, i.opted_out) AS opted_out
	FROM identities AS i
	LEFT JOIN identities AS root ON root.id = i.same_as`

const getIdentities = `
	` + identityWithRoot + `
	WHERE i.id = ANY(ARRAY(
		SELECT unnest($1::bigint[])
		UNION
		SELECT given.same_as FROM identities AS given WHERE given.id = ANY($1) AND given.same_as IS NOT NULL))`

// All identities of the customers to whom the given keys belong, each of them once.
const identitiesOfKeys = `
	SELECT ` + identityColumns + `
	FROM identities
	WHERE id = ANY(ARRAY(
		WITH customers AS (
			SELECT DISTINCT coalesce(i.same_as, i.id) AS root
			FROM unnest($1::bigint[], $2::text[]) AS given(account_id, key)
			JOIN identities AS i ON i.account_id = given.account_id AND i.key = given.key
		)
		SELECT root FROM customers
		UNION
		SELECT other.id FROM customers JOIN identities AS other ON other.same_as = customers.root))
	ORDER BY id`

// IdentitiesOfKeys reads all identities of the customers to whom keys belong. accounts and keys are
// parallel: keys[i] is a key on accounts[i].
func (p *Pipeline) IdentitiesOfKeys(list *[]Identity, accounts []AccountID, keys []string) {
	if len(accounts) > 0 {
		read(p, list, identitiesOfKeys, accounts, keys)
	}
}

// Identities reads identities by id, and the roots of their customers.
func Identities(ctx context.Context, q Querier, ids []IdentityID) ([]Identity, error) {
	return query.Collect[Identity](ctx, q, "identities", getIdentities, ids)
}

const updateIdentities = `
	UPDATE identities AS i
	SET silenced = r.silenced, blocked = r.blocked, bad_reason = r.bad_reason
	FROM json_populate_recordset(NULL::identities, $1) AS r
	WHERE i.id = r.id`

// UpdateIdentities writes back Silenced, Blocked and BadReason.
func UpdateIdentities(ctx context.Context, q Execer, rows []Identity) error {
	return execRows(ctx, q, "update identities", updateIdentities, rows)
}

const linkIdentities = `
	UPDATE identities AS i
	SET key = r.key, name = r.name, same_as = r.same_as, contact_id = r.contact_id
	FROM json_populate_recordset(NULL::identities, $1) AS r
	WHERE i.id = r.id`

// LinkIdentities writes back Key, Name, SameAs and ContactID: identities that turned out to be one
// customer's, and keys that were given up.
func LinkIdentities(ctx context.Context, q Execer, rows []Identity) error {
	return execRows(ctx, q, "link identities", linkIdentities, rows)
}

const setOptedOut = `
	UPDATE identities AS i
	SET opted_out = r.opted_out
	FROM json_populate_recordset(NULL::identities, $1) AS r
	WHERE i.id = r.id`

// SetOptedOut writes back OptedOut.
func SetOptedOut(ctx context.Context, q Execer, rows []Identity) error {
	return execRows(ctx, q, "set opted out", setOptedOut, rows)
}

// ofOneCustomer selects the ids of all identities of the customer to whom the identity i belongs.
const ofOneCustomer = `(
		SELECT coalesce(i.same_as, i.id) AS id
		UNION ALL
		SELECT other.id FROM identities AS other WHERE other.same_as = coalesce(i.same_as, i.id))`

const keysThatWrote = `
	SELECT DISTINCT i.key
	FROM accounts AS a
	JOIN identities AS i ON i.account_id = a.id AND i.key = ANY($1)
	CROSS JOIN LATERAL ` + ofOneCustomer + ` AS one
	WHERE EXISTS (
		SELECT FROM conversations AS c
		JOIN messages AS m ON m.conversation_id = c.id
		WHERE c.identity_id = one.id AND m.direction = 'in')`

// WritersAmong returns those of the keys whose customer has ever written to any account.
func WritersAmong(ctx context.Context, q Querier, keys []string) ([]string, error) {
	return query.Column[string](ctx, q, "writers", keysThatWrote, keys)
}

const blockedSenders = `
	SELECT ` + identityColumns + `
	FROM identities
	WHERE account_id = $1 AND blocked AND ($2::text[] IS NULL OR key = ANY($2))
	ORDER BY key`

// BlockedSenders returns the senders whose automatic mail an account ignores: those among keys, or all
// of them if keys is nil.
func BlockedSenders(ctx context.Context, q Querier, account AccountID, keys []string) ([]Identity, error) {
	return query.Collect[Identity](ctx, q, "blocked senders", blockedSenders, account, keys)
}
