package store

import (
	"context"
	"strings"
	"time"

	"parley/store/internal/query"
)

// Who a customer is. The same person may write to several accounts, and from several addresses. Each address on an
// account is an identity; the identities of one person share a contact, which is what an erasure erases.

// Identity is one address of a customer on one account: a mail address, a phone number or a name in a chat. The
// same address on two accounts, such as two mailboxes of ours, is two identities.
type Identity struct {
	ID        IdentityID `db:"id" json:"id"`
	AccountID AccountID  `db:"account_id" json:"account_id"`
	Key       string     `db:"key" json:"key"` // the address, in the form in which it is compared; unique in the account
	Name      string     `db:"name" json:"name"`
	ContactID ContactID  `db:"contact_id" json:"contact_id"`
	Silenced  bool       `db:"silenced" json:"silenced"`     // automatic mail from here is stored without a post
	Blocked   bool       `db:"blocked" json:"blocked"`       // automatic mail from here is ignored
	BadReason string     `db:"bad_reason" json:"bad_reason"` // why the provider says that it can't be reached; empty if it can
	// A customer may have several identities. One of them, the root, stands for the customer; SameAs
	// is its id in all others and nil in the root.
	SameAs   *IdentityID `db:"same_as" json:"same_as"`
	OptedOut string      `db:"opted_out" json:"opted_out"` // "", OptedOutMarketing or OptedOutAll; kept in the root's row
	// When the customer last said whether we may write to her at all, and whether we may send her advertising. nil if never.
	// OptedOut follows from what she said then. Both are kept in the root's row.
	ConsentAt   *time.Time `db:"consent_at" json:"consent_at"`
	MarketingAt *time.Time `db:"marketing_at" json:"marketing_at"`
}

// Values of Identity.OptedOut: which messages the customer no longer wants.
const (
	OptedOutMarketing = "marketing"
	OptedOutAll       = "all"
)

// ErasedName stands where the name of a contact stood who was erased.
const ErasedName = "Erased contact"

// IsErased returns whether the identity's contact was erased, or is being erased.
func (i *Identity) IsErased() bool { return strings.HasPrefix(i.Key, "erased:") }

// FormerPrefix begins a key that its customer no longer uses: a phone number, for example, may be somebody else's now.
// The whole is "former:", the identity's id, a colon and the key.
const FormerPrefix = "former:"

// PlainKey returns a key without FormerPrefix. isFormer is true if it has that, so that its customer no longer uses it.
func PlainKey(key string) (plain string, isFormer bool) {
	if rest, ok := strings.CutPrefix(key, FormerPrefix); ok {
		if _, plain, ok := strings.Cut(rest, ":"); ok {
			return plain, true
		}
	}
	return key, false
}

const identityColumns = `id, account_id, key, name, contact_id, silenced, blocked, bad_reason, same_as, opted_out,
	consent_at, marketing_at`

// Root returns the id of the root: of the identity that stands for the customer.
func (i Identity) Root() IdentityID {
	if i.SameAs != nil {
		return *i.SameAs
	}
	return i.ID
}

// If two transactions insert the same identity, DO UPDATE makes the second one wait for the first, and return its
// row.
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

// UpsertIdentities finds or makes identities and locks them. Rows must be unique, and sorted by account and key, so that
// two transactions with the same rows can't deadlock. ID and ContactID are the ids that a new row gets. The caller adds
// its contact with InsertContacts in the same transaction.
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

// identityWithRoot selects identities. What the customer said about messages and advertising is read from the root's row.
const identityWithRoot = `SELECT identity.id, identity.account_id, identity.key, identity.name, identity.contact_id, identity.silenced,
		identity.blocked, identity.bad_reason, identity.same_as, coalesce(root.opted_out, identity.opted_out) AS opted_out,
		CASE WHEN root.id IS NULL THEN identity.consent_at ELSE root.consent_at END AS consent_at,
		CASE WHEN root.id IS NULL THEN identity.marketing_at ELSE root.marketing_at END AS marketing_at
	FROM identities AS identity
	LEFT JOIN identities AS root ON root.id = identity.same_as`

const getIdentities = `
	` + identityWithRoot + `
	WHERE identity.id = ANY(ARRAY(
		SELECT unnest($1::bigint[])
		UNION
		SELECT given.same_as FROM identities AS given WHERE given.id = ANY($1) AND given.same_as IS NOT NULL))`

const identitiesOfKeys = `
	SELECT ` + identityColumns + `
	FROM identities
	WHERE id = ANY(ARRAY(
		WITH customers AS (
			SELECT DISTINCT coalesce(identity.same_as, identity.id) AS root
			FROM unnest($1::bigint[], $2::text[]) AS given(account_id, key)
			JOIN identities AS identity ON identity.account_id = given.account_id AND identity.key = given.key
		)
		SELECT root FROM customers
		UNION
		SELECT other.id FROM customers JOIN identities AS other ON other.same_as = customers.root))
	ORDER BY id`

// IdentitiesOfKeys reads all identities of the customers to whom keys belong, each once. accounts and keys are parallel:
// keys[i] is a key on accounts[i].
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
	UPDATE identities
	SET silenced = given.silenced, blocked = given.blocked, bad_reason = given.bad_reason
	FROM json_populate_recordset(NULL::identities, $1) AS given
	WHERE identities.id = given.id`

// UpdateIdentities writes back Silenced, Blocked and BadReason.
func UpdateIdentities(ctx context.Context, q Execer, rows []Identity) error {
	return execRows(ctx, q, "update identities", updateIdentities, rows)
}

// linkIdentities also removes contacts that have no identity any more: nobody could erase their names. Only identities
// refer to contacts.
const linkIdentities = `
	WITH given AS MATERIALIZED (
		SELECT id, key, name, same_as, contact_id FROM json_populate_recordset(NULL::identities, $1)
	), former AS MATERIALIZED (
		SELECT identity.contact_id FROM given JOIN identities AS identity ON identity.id = given.id
		EXCEPT
		SELECT contact_id FROM given
	), linked AS (
		UPDATE identities
		SET key = given.key, name = given.name, same_as = given.same_as, contact_id = given.contact_id
		FROM given
		WHERE identities.id = given.id
	)
	DELETE FROM contacts
	WHERE id = ANY(ARRAY(SELECT contact_id FROM former)) AND NOT EXISTS (
		SELECT FROM identities AS other WHERE other.contact_id = contacts.id AND other.id <> ALL(ARRAY(SELECT id FROM given)))`

// LinkIdentities writes back Key, Name, SameAs and ContactID. Call it when identities turned out to belong to one
// customer, or when a customer no longer uses a key. It removes the contacts that have no identity left.
func LinkIdentities(ctx context.Context, q Execer, rows []Identity) error {
	return execRows(ctx, q, "link identities", linkIdentities, rows)
}

const setOptedOut = `
	UPDATE identities
	SET opted_out = given.opted_out, consent_at = given.consent_at, marketing_at = given.marketing_at
	FROM json_populate_recordset(NULL::identities, $1) AS given
	WHERE identities.id = given.id`

// SetOptedOut writes back OptedOut, ConsentAt and MarketingAt.
func SetOptedOut(ctx context.Context, q Execer, rows []Identity) error {
	return execRows(ctx, q, "set opted out", setOptedOut, rows)
}

// ofOneCustomer selects the ids of all identities of the customer to whom the row identity belongs.
const ofOneCustomer = `(
		SELECT coalesce(identity.same_as, identity.id) AS id
		UNION ALL
		SELECT other.id FROM identities AS other WHERE other.same_as = coalesce(identity.same_as, identity.id))`

const keysThatWrote = `
	SELECT DISTINCT identity.key
	FROM accounts AS account
	JOIN identities AS identity ON identity.account_id = account.id AND identity.key = ANY($1)
	CROSS JOIN LATERAL ` + ofOneCustomer + ` AS one
	WHERE EXISTS (
		SELECT FROM conversations AS conversation
		JOIN messages AS message ON message.conversation_id = conversation.id
		WHERE conversation.identity_id = one.id AND message.direction = 'in')`

// WritersAmong returns those of the keys whose customers have ever written to us, to whichever account.
func WritersAmong(ctx context.Context, q Querier, keys []string) ([]string, error) {
	return query.Column[string](ctx, q, "writers", keysThatWrote, keys)
}

// keysAfter requires that the customer's contact was made after the time: an older contact with the same key is an earlier
// owner of it, who is somebody else. The index identities_former has the same expression and condition.
const keysAfter = `
	SELECT key
	FROM identities
	WHERE NOT starts_with(key, '` + FormerPrefix + `') AND id = ANY(ARRAY(
		SELECT one.id
		FROM identities AS identity
		JOIN contacts AS contact ON contact.id = identity.contact_id AND contact.created_at > $3
		CROSS JOIN LATERAL ` + ofOneCustomer + ` AS one
		WHERE identity.account_id = $1 AND starts_with(identity.key, '` + FormerPrefix + `')
			AND substring(identity.key FROM '^` + FormerPrefix + `[0-9]+:(.*)$') = ANY($2::text[])))
	ORDER BY id`

// FindLaterKeys looks for a customer who had one of keys after a time and has given it up since, and returns the keys that she
// has now, the one in use first. It returns none if nobody gave a key up.
func FindLaterKeys(ctx context.Context, q Querier, account AccountID, keys []string, at time.Time) ([]string, error) {
	return query.Column[string](ctx, q, "keys after a change", keysAfter, account, keys, at)
}

const blockedSenders = `
	SELECT ` + identityColumns + `
	FROM identities
	WHERE account_id = $1 AND blocked AND ($2::text[] IS NULL OR key = ANY($2))
	ORDER BY key`

// BlockedSenders returns the senders whose automatic mail an account ignores. If keys isn't nil, it returns only those
// among keys.
func BlockedSenders(ctx context.Context, q Querier, account AccountID, keys []string) ([]Identity, error) {
	return query.Collect[Identity](ctx, q, "blocked senders", blockedSenders, account, keys)
}

const silencedSenders = `
	SELECT ` + identityColumns + `
	FROM identities
	WHERE account_id = $1 AND silenced AND NOT blocked AND ($2::text[] IS NULL OR key = ANY($2))
	ORDER BY key`

// SilencedSenders returns the senders whose automatic mail an account stores without showing it. If keys isn't nil, it
// returns only those among keys.
func SilencedSenders(ctx context.Context, q Querier, account AccountID, keys []string) ([]Identity, error) {
	return query.Collect[Identity](ctx, q, "silenced senders", silencedSenders, account, keys)
}
