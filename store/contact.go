package store

import (
	"context"
	"strings"
	"time"

	"parley/store/internal/query"
)

// The same customer may write to several accounts (mailboxes, phone numbers), and from several addresses. Each address on
// an account is an identity. The identities that turn out to be one customer share a contact, which is what an erasure
// deletes. The same address on two of our mailboxes is two identities and two contacts.

// Identity is one address of a customer on one account: a mail address, a phone number or a user name in a chat.
type Identity struct {
	ID        IdentityID `db:"id" json:"id"`
	AccountID AccountID  `db:"account_id" json:"account_id"`
	Key       string     `db:"key" json:"key"` // the normalized address; unique in the account
	Name      string     `db:"name" json:"name"`
	ContactID ContactID  `db:"contact_id" json:"contact_id"`
	Silenced  bool       `db:"silenced" json:"silenced"`     // automatic mail from here is stored without a post
	Blocked   bool       `db:"blocked" json:"blocked"`       // what comes from here is stored, and shown in no thread
	BadReason string     `db:"bad_reason" json:"bad_reason"` // why the provider can't deliver to it; empty if it can
	// One of a customer's identities, the root, represents the customer. SameAs is the root's id in all
	// others and nil in the root itself.
	SameAs   *IdentityID `db:"same_as" json:"same_as"`
	OptedOut string      `db:"opted_out" json:"opted_out"` // "", OptedOutMarketing or OptedOutAll; stored in the root's row
	// ConsentAt is when the customer last agreed or objected to any messages, and MarketingAt to advertising; nil if
	// never. OptedOut is the outcome. Both are stored in the root's row.
	ConsentAt   *time.Time `db:"consent_at" json:"consent_at"`
	MarketingAt *time.Time `db:"marketing_at" json:"marketing_at"`
}

// Values of Identity.OptedOut: the messages that the customer refuses.
const (
	OptedOutMarketing = "marketing"
	OptedOutAll       = "all"
)

// ErasedName replaces the name of an erased contact.
const ErasedName = "Erased contact"

// IsErased reports whether the identity's contact was erased, or is being erased.
func (i *Identity) IsErased() bool { return strings.HasPrefix(i.Key, "erased:") }

// FormerPrefix marks a key that its customer no longer uses, such as a phone number that may belong to somebody else now.
// The identity's id follows: "former:17:+4930123".
const FormerPrefix = "former:"

// PlainKey returns a key without FormerPrefix and the id after it. isFormer reports whether it had them.
func PlainKey(key string) (plain string, isFormer bool) {
	rest, hasPrefix := strings.CutPrefix(key, FormerPrefix)
	if !hasPrefix {
		return key, false
	}
	_, plain, hasID := strings.Cut(rest, ":")
	if !hasID {
		return key, false
	}
	return plain, true
}

const identityColumns = `id, account_id, key, name, contact_id, silenced, blocked, bad_reason, same_as, opted_out,
	consent_at, marketing_at`

// Root returns the id of the identity that represents the customer.
func (i Identity) Root() IdentityID {
	if i.SameAs != nil {
		return *i.SameAs
	}
	return i.ID
}

// upsertIdentities uses DO UPDATE, which locks and returns existing rows. If two transactions insert the same identity, the
// second one waits for the first and returns its row.
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

// UpsertIdentities finds or inserts identities and locks them; list gets the stored rows. rows must be unique, and sorted
// by account and key, so that two transactions with the same rows can't deadlock. A new row gets the ID and ContactID of
// rows; the caller then inserts its contact with InsertContacts in the same transaction.
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

// InsertContacts inserts the contacts of new identities.
func InsertContacts(ctx context.Context, q Execer, rows []Identity) error {
	return execRows(ctx, q, "insert contacts", insertContacts, rows)
}

// identityWithRoot selects identities, with the customer's consent from the root's row.
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

// IdentitiesOfKeys reads into list all identities of the customers who own the given keys, each once. keys[i] is a key on
// accounts[i].
func (p *Pipeline) IdentitiesOfKeys(list *[]Identity, accounts []AccountID, keys []string) {
	if len(accounts) > 0 {
		read(p, list, identitiesOfKeys, accounts, keys)
	}
}

// Identities returns identities by id, together with their roots.
func Identities(ctx context.Context, q Querier, ids []IdentityID) ([]Identity, error) {
	return query.Collect[Identity](ctx, q, "identities", getIdentities, ids)
}

const updateIdentities = `
	UPDATE identities
	SET silenced = given.silenced, blocked = given.blocked, bad_reason = given.bad_reason
	FROM json_populate_recordset(NULL::identities, $1) AS given
	WHERE identities.id = given.id`

// UpdateIdentities updates Silenced, Blocked and BadReason.
func UpdateIdentities(ctx context.Context, q Execer, rows []Identity) error {
	return execRows(ctx, q, "update identities", updateIdentities, rows)
}

// linkIdentities also removes contacts that have no identity any more, because an erasure could not find them. No other
// table refers to contacts.
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

// LinkIdentities updates Key, Name, SameAs and ContactID. Call it when identities turn out to belong to one customer, or
// when a customer no longer uses a key. It removes contacts that have no identity any more.
func LinkIdentities(ctx context.Context, q Execer, rows []Identity) error {
	return execRows(ctx, q, "link identities", linkIdentities, rows)
}

const setOptedOut = `
	UPDATE identities
	SET opted_out = given.opted_out, consent_at = given.consent_at, marketing_at = given.marketing_at
	FROM json_populate_recordset(NULL::identities, $1) AS given
	WHERE identities.id = given.id`

// SetOptedOut updates OptedOut, ConsentAt and MarketingAt.
func SetOptedOut(ctx context.Context, q Execer, rows []Identity) error {
	return execRows(ctx, q, "set opted out", setOptedOut, rows)
}

// ofOneCustomer selects the ids of all identities of the customer who owns the row identity.
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

// FilterWriters returns those of the keys whose customers have ever written to us, on any account.
func FilterWriters(ctx context.Context, q Querier, keys []string) ([]string, error) {
	return query.Column[string](ctx, q, "writers", keysThatWrote, keys)
}

// keysAfter requires that the contact was created after $3: an older contact with the same key is a different person who
// had it earlier. The index identities_former has the same expression and condition.
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

// FindLaterKeys looks for a customer who had one of keys after the time since, and no longer uses it, such as a former
// phone number. It returns the current keys of that customer, ordered by identity, or nothing if there is no such customer.
func FindLaterKeys(ctx context.Context, q Querier, account AccountID, keys []string, since time.Time) ([]string, error) {
	return query.Column[string](ctx, q, "keys after a change", keysAfter, account, keys, since)
}

const setBlocked = `
	UPDATE identities SET blocked = $2
	FROM identities AS given
	WHERE given.id = $1 AND identities.contact_id = given.contact_id`

// SetBlocked blocks a customer, by all identities, or unblocks them.
func SetBlocked(ctx context.Context, q Execer, customer IdentityID, blocked bool) error {
	return query.Exec(ctx, q, "set blocked", setBlocked, customer, blocked)
}

const conversationsOf = `
	SELECT conversation.id
	FROM identities AS given
	JOIN identities AS same ON same.contact_id = given.contact_id
	JOIN conversations AS conversation ON conversation.identity_id = same.id
	WHERE given.id = $1 AND conversation.kind = 'customer'
		AND CASE WHEN $2 THEN conversation.close_reason = 'blocked' ELSE conversation.status IN ('open', 'pending', 'snoozed') END
	ORDER BY conversation.id`

// ConversationsOf returns a customer's conversations, by all identities: those that aren't over, or those that were closed because the
// customer was blocked.
func ConversationsOf(ctx context.Context, q Querier, customer IdentityID, blocked bool) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "conversations of a customer", conversationsOf, customer, blocked)
}

const silencedSenders = `
	SELECT ` + identityColumns + `
	FROM identities
	WHERE account_id = $1 AND silenced AND ($2::text[] IS NULL OR key = ANY($2))
	ORDER BY key`

// SilencedSenders returns the senders whose automatic mail an account stores but doesn't show. If keys isn't nil, it
// returns only senders in keys.
func SilencedSenders(ctx context.Context, q Querier, account AccountID, keys []string) ([]Identity, error) {
	return query.Collect[Identity](ctx, q, "silenced senders", silencedSenders, account, keys)
}
