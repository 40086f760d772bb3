package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"parley/store/internal/query"
)

// An account is one connection between Parley and the outside world. A channel account is where customers write, such
// as a mailbox or a phone number. A surface account is the chat where agents answer, such as a Slack workspace. Admins
// set accounts up; this file reads and writes their rows.

// Side is the group of people that an account connects.
type Side string

// The sides.
const (
	SideChannel Side = "channel" // customers
	SideSurface Side = "surface" // agents
	SideSystem  Side = "system"  // Parley itself
)

// Mode limits what an account may send to customers.
type Mode string

// The modes.
const (
	ModeWatch Mode = "watch" // nothing
	ModeTrial Mode = "trial" // only replies to the addresses in Account.TrialTo
	ModeLive  Mode = "live"  // everything
)

// ReplyMode decides which of the texts that agents type in a thread are sent to the customer.
type ReplyMode string

// The reply modes.
const (
	ReplyDirect   ReplyMode = "direct"   // every text, unless it is marked as a note
	ReplyExplicit ReplyMode = "explicit" // only texts that are given to the reply command
)

// Account is one configured mailbox, number, page or workspace.
type Account struct {
	ID             AccountID  `db:"id" json:"id"`
	Name           string     `db:"name" json:"name"`
	Kind           string     `db:"kind" json:"kind"`
	Side           Side       `db:"side" json:"side"`
	TeamID         *TeamID    `db:"team_id" json:"team_id"`
	Mode           Mode       `db:"mode" json:"mode"`
	TrialTo        []string   `db:"trial_to" json:"trial_to"`
	Paused         bool       `db:"paused" json:"paused"`
	SurfaceID      *AccountID `db:"surface_id" json:"surface_id"`
	SurfaceChannel string     `db:"surface_channel" json:"surface_channel"`
	AccountSignature
	ReplyMode   ReplyMode       `db:"reply_mode" json:"reply_mode"`
	HoldSeconds *float64        `db:"hold_seconds" json:"hold_seconds"` // delay in which a reply can be taken back; nil means the default
	Rate        float64         `db:"rate" json:"rate"`                 // multiplies the provider's published rate limit; 0 means unlimited
	Settings    json.RawMessage `db:"settings" json:"settings"`
	Config      json.RawMessage `db:"config" json:"config"`   // the channel's settings by field name, without secrets
	Hours       json.RawMessage `db:"hours" json:"hours"`     // business hours, as package hours encodes them; {} means always open
	Routing     json.RawMessage `db:"routing" json:"routing"` // by which rules conversations are given to agents: a routing.Plan
	People      []AccountPerson `db:"people" json:"people"`   // who works on the account; empty means everybody
	Aliases     []AccountAlias  `db:"aliases" json:"aliases"` // its further addresses that aren't like the main one
	Secrets     []byte          `db:"secrets" json:"-"`       // encrypted by a Sealer
	AccountCondition
	// BeginsAt is when the account was set up, or when its configuration last changed after fetching had begun.
	// Messages that customers sent before it are not fetched. It is nil if unknown. SaveAccount sets it.
	BeginsAt *time.Time `db:"begins_at" json:"begins_at"`
}

// AccountAlias is a further address of an account. Who writes to it gets replies from it. What is "" is as for the account.
type AccountAlias struct {
	Address   string `json:"address"`
	Name      string `json:"name,omitempty"`      // what customers see beside it
	Signature string `json:"signature,omitempty"` // Markdown, in place of anybody else's
	Team      string `json:"team,omitempty"`      // which owns what is written to it
}

// Alias returns the account's further address, or one without values if there is none.
func (a *Account) Alias(address string) AccountAlias {
	i := slices.IndexFunc(a.Aliases, func(own AccountAlias) bool { return strings.EqualFold(own.Address, address) })
	if i < 0 {
		return AccountAlias{}
	}
	return a.Aliases[i]
}

// IsFurther reports whether an address is one of the account's further ones.
func (a *Account) IsFurther(address string) bool {
	var config struct {
		Aliases string `json:"aliases"`
	}
	_ = json.Unmarshal(a.Config, &config) // written by us
	isIt := func(own string) bool { return strings.EqualFold(strings.TrimSpace(own), address) }
	return address != "" && (slices.ContainsFunc(strings.Split(config.Aliases, "\n"), isIt) || a.Alias(address).Address != "")
}

// AccountSignature is what stands below the replies that agents write on an account.
type AccountSignature struct {
	Signature     string         `db:"signature" json:"signature"`           // Markdown
	RichSignature *RichSignature `db:"rich_signature" json:"rich_signature"` // nil if the signature is plain Markdown
}

// AccountCondition tells whether an account works.
type AccountCondition struct {
	Status     string `db:"status" json:"status"` // a channels.ConditionStatus; StatusText and StatusHint explain it to people
	StatusText string `db:"status_text" json:"status_text"`
	StatusHint string `db:"status_hint" json:"status_hint"`
}

// AccountColumns lists the columns of Account. It omits the watermark, which changes every few seconds.
const AccountColumns = `id, name, kind, side, team_id, mode, trial_to, paused, surface_id, surface_channel, signature, rich_signature,
	reply_mode, hold_seconds, rate, settings, config, hours, routing, people, aliases, secrets, status, status_text, status_hint, begins_at`

const listAccounts = `SELECT ` + AccountColumns + ` FROM accounts ORDER BY id`

// ListAccounts reads every account.
func ListAccounts(ctx context.Context, q Querier) ([]Account, error) {
	return query.Collect[Account](ctx, q, "accounts", listAccounts)
}

// saveAccount resets begins_at to now when the configuration changes after the first fetch, that is, once the account
// has a watermark: the new configuration may name another mailbox folder, whose old mail must not be imported. Before
// the first fetch an admin is still correcting the configuration, so begins_at stays.
const saveAccount = `
	INSERT INTO accounts (name, kind, side, team_id, mode, trial_to, paused, surface_id, surface_channel, signature,
		reply_mode, hold_seconds, rate, settings, config, secrets, hours, rich_signature, routing, people, aliases)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
	ON CONFLICT (name) DO UPDATE
	SET team_id = EXCLUDED.team_id, mode = EXCLUDED.mode, trial_to = EXCLUDED.trial_to, paused = EXCLUDED.paused,
		surface_id = EXCLUDED.surface_id, surface_channel = EXCLUDED.surface_channel, signature = EXCLUDED.signature,
		reply_mode = EXCLUDED.reply_mode, hold_seconds = EXCLUDED.hold_seconds, rate = EXCLUDED.rate,
		settings = EXCLUDED.settings, config = EXCLUDED.config, secrets = EXCLUDED.secrets,
		hours = EXCLUDED.hours, rich_signature = EXCLUDED.rich_signature, routing = EXCLUDED.routing,
		people = EXCLUDED.people, aliases = EXCLUDED.aliases,
		begins_at = CASE
			WHEN accounts.watermark IS NOT NULL AND accounts.config IS DISTINCT FROM EXCLUDED.config THEN (SELECT clock_timestamp())
			ELSE accounts.begins_at
		END
	RETURNING id`

// SaveAccount creates the account named a.Name, or updates it if it exists, and returns its id. It never changes the
// kind or side of an existing account.
func SaveAccount(ctx context.Context, q Querier, a Account) (AccountID, error) {
	return query.Value[AccountID](ctx, q,
		"save account", saveAccount, a.Name, a.Kind, a.Side, a.TeamID, a.Mode, orEmpty(a.TrialTo), a.Paused, a.SurfaceID,
		a.SurfaceChannel, a.Signature, a.ReplyMode, a.HoldSeconds, a.Rate, orObject(a.Settings), orObject(a.Config), a.Secrets,
		orObject(a.Hours), a.RichSignature, orObject(a.Routing), orEmpty(a.People), orEmpty(a.Aliases))
}

func orObject(j json.RawMessage) json.RawMessage {
	if len(j) == 0 {
		return json.RawMessage("{}")
	}
	return j
}

const reportAccount = `
	UPDATE accounts SET status = $2, status_text = $3, status_hint = $4
	WHERE id = $1 AND (status, status_text, status_hint) IS DISTINCT FROM ($2, $3, $4)
	RETURNING id`

// ReportAccount stores the status of an account, with a text and a hint for people, and reports whether it changed.
func ReportAccount(ctx context.Context, q Querier, id AccountID, status, text, hint string) (bool, error) {
	changed, err := query.Column[int64](ctx, q, "report account", reportAccount, id, status, text, hint)
	return len(changed) > 0, err
}

const loadWatermark = `SELECT watermark FROM accounts WHERE id = $1`

// LoadWatermark returns an account's watermark: the position up to which its messages were fetched, such as an IMAP
// UID. Each channel encodes it in its own format. It is nil if nothing was ever fetched.
func LoadWatermark(ctx context.Context, q Querier, id AccountID) ([]byte, error) {
	return query.Value[[]byte](ctx, q, "watermark", loadWatermark, id)
}

// saveWatermark has an arm for each table by which InsertEvents recognises a known fact.
const saveWatermark = `
	UPDATE accounts SET watermark = $3
	WHERE id = $1 AND watermark IS NOT DISTINCT FROM $2
		AND ($5::text = ''
			OR EXISTS (SELECT FROM events WHERE account_id = $4 AND external_id = $5)
			OR EXISTS (SELECT FROM seen WHERE account_id = $4 AND fact = $6)
			OR EXISTS (SELECT FROM erased_facts WHERE account_id = $4 AND fact = $7))
	RETURNING id`

// KnownFact names a fact that was stored in the journal.
type KnownFact struct {
	AccountID  AccountID
	ExternalID string   // empty if no fact is meant
	Erased     [16]byte // as in NewEvent
}

// SaveWatermark replaces an account's watermark if the stored one still equals previous, which is nil if there was
// none, and if the journal knows last, the fact that was stored last before. It reports whether it did. So of two
// processes only one can advance the watermark. And if a standby has become the database and lacks the last commits,
// the watermark doesn't pass messages that went with them.
func SaveWatermark(ctx context.Context, q Querier, id AccountID, previous, next []byte, last KnownFact) (bool, error) {
	externalID := query.ShortID(last.ExternalID)
	saved, err := query.Column[int64](ctx, q,
		"watermark", saveWatermark, id, previous, next, last.AccountID, externalID, factHash(externalID), last.Erased)
	return len(saved) > 0, err
}

const ensureSurface = `
	INSERT INTO accounts (name, kind, side)
	VALUES ($1, $1, 'surface')
	ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name -- returns the id even if another process is inserting the row now
	RETURNING id`

// EnsureSurface returns the id of the account of a surface, whose name is its kind ("slack"). It creates the account
// if there is none.
func EnsureSurface(ctx context.Context, q Querier, kind string) (AccountID, error) {
	return query.Value[AccountID](ctx, q, "surface "+kind, ensureSurface, kind)
}
