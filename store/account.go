package store

import (
	"context"
	"encoding/json"
	"time"

	"parley/store/internal/query"
)

// An account is one connection of Parley to the outside. On a channel, customers write: a mailbox or a phone
// number. In a surface, agents answer: a workspace of Slack, for example. Admins set accounts up; this file reads
// and writes them.

// Side says whom an account connects.
type Side string

// Sides of accounts.
const (
	SideChannel Side = "channel" // customers
	SideSurface Side = "surface" // agents
	SideSystem  Side = "system"  // Parley itself
)

// Mode says what an account may send to customers.
type Mode string

// Modes of accounts.
const (
	ModeWatch Mode = "watch" // nothing
	ModeTrial Mode = "trial" // replies to the addresses of TrialTo
	ModeLive  Mode = "live"  // everything
)

// ReplyMode says which typed texts are for the customer.
type ReplyMode string

// Ways to reply.
const (
	ReplyDirect   ReplyMode = "direct"   // what an agent types in the thread, unless it is marked as a note
	ReplyExplicit ReplyMode = "explicit" // only what has the verb of a reply
)

// Account is one configured mailbox, number, page or workspace.
type Account struct {
	ID             AccountID       `db:"id" json:"id"`
	Name           string          `db:"name" json:"name"`
	Kind           string          `db:"kind" json:"kind"`
	Side           Side            `db:"side" json:"side"`
	TeamID         *TeamID         `db:"team_id" json:"team_id"`
	Mode           Mode            `db:"mode" json:"mode"`
	TrialTo        []string        `db:"trial_to" json:"trial_to"`
	Paused         bool            `db:"paused" json:"paused"`
	SurfaceID      *AccountID      `db:"surface_id" json:"surface_id"`
	SurfaceChannel string          `db:"surface_channel" json:"surface_channel"`
	Signature      string          `db:"signature" json:"signature"`           // Markdown
	RichSignature  *RichSignature  `db:"rich_signature" json:"rich_signature"` // nil if Signature is all of it
	ReplyMode      ReplyMode       `db:"reply_mode" json:"reply_mode"`
	HoldSeconds    *float64        `db:"hold_seconds" json:"hold_seconds"` // how long a reply waits; nil means the channel's default
	Rate           float64         `db:"rate" json:"rate"`                 // factor on the provider's published rate; 0 means unlimited
	Settings       json.RawMessage `db:"settings" json:"settings"`
	Config         json.RawMessage `db:"config" json:"config"` // by Field.Name, without secrets
	Hours          json.RawMessage `db:"hours" json:"hours"`   // business hours, of package hours; {} means always open
	Secrets        []byte          `db:"secrets" json:"-"`     // sealed
	Status         string          `db:"status" json:"status"` // a channels.ConditionStatus, with its text and hint for people
	StatusText     string          `db:"status_text" json:"status_text"`
	StatusHint     string          `db:"status_hint" json:"status_hint"`
	// BeginsAt is when the account was set up, or when its configuration last changed after fetching
	// had begun. Only what customers sent since then is fetched. It is nil if that is not known. SaveAccount sets it.
	BeginsAt *time.Time `db:"begins_at" json:"begins_at"`
}

// AccountColumns are the columns of Account. The watermark is not among them, since it changes every few seconds.
const AccountColumns = `id, name, kind, side, team_id, mode, trial_to, paused, surface_id, surface_channel, signature, rich_signature,
	reply_mode, hold_seconds, rate, settings, config, hours, secrets, status, status_text, status_hint, begins_at`

const listAccounts = `SELECT ` + AccountColumns + ` FROM accounts ORDER BY id`

// ListAccounts reads every account.
func ListAccounts(ctx context.Context, q Querier) ([]Account, error) {
	return query.Collect[Account](ctx, q, "accounts", listAccounts)
}

// begins_at moves to now when the configuration changes after the account was first fetched (it has
// a watermark): it may name another mailbox folder, of which nothing is known. Before the first
// fetch somebody is still correcting the configuration, and begins_at stays.
const saveAccount = `
	INSERT INTO accounts (name, kind, side, team_id, mode, trial_to, paused, surface_id, surface_channel, signature,
		reply_mode, hold_seconds, rate, settings, config, secrets, hours, rich_signature)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
	ON CONFLICT (name) DO UPDATE
	SET team_id = EXCLUDED.team_id, mode = EXCLUDED.mode, trial_to = EXCLUDED.trial_to, paused = EXCLUDED.paused,
		surface_id = EXCLUDED.surface_id, surface_channel = EXCLUDED.surface_channel, signature = EXCLUDED.signature,
		reply_mode = EXCLUDED.reply_mode, hold_seconds = EXCLUDED.hold_seconds, rate = EXCLUDED.rate,
		settings = EXCLUDED.settings, config = EXCLUDED.config, secrets = EXCLUDED.secrets,
		hours = EXCLUDED.hours, rich_signature = EXCLUDED.rich_signature,
		begins_at = CASE
			WHEN accounts.watermark IS NOT NULL AND accounts.config IS DISTINCT FROM EXCLUDED.config THEN (SELECT clock_timestamp())
			ELSE accounts.begins_at
		END
	RETURNING id`

// SaveAccount makes or changes an account by its name and returns its id. Kind and
// side of an existing account stay.
func SaveAccount(ctx context.Context, q Querier, a Account) (AccountID, error) {
	return query.Value[AccountID](ctx, q,
		"save account", saveAccount, a.Name, a.Kind, a.Side, a.TeamID, a.Mode, orEmpty(a.TrialTo), a.Paused, a.SurfaceID,
		a.SurfaceChannel, a.Signature, a.ReplyMode, a.HoldSeconds, a.Rate, orObject(a.Settings), orObject(a.Config), a.Secrets,
		orObject(a.Hours), a.RichSignature)
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

// ReportAccount writes an account's condition and returns whether it changed.
func ReportAccount(ctx context.Context, q Querier, id AccountID, status, text, hint string) (bool, error) {
	changed, err := query.Column[int64](ctx, q, "report account", reportAccount, id, status, text, hint)
	return len(changed) > 0, err
}

const loadWatermark = `SELECT watermark FROM accounts WHERE id = $1`

// LoadWatermark reads an account's watermark: up to where its messages were fetched, in the form of its channel. It
// is nil if nothing was ever fetched.
func LoadWatermark(ctx context.Context, q Querier, id AccountID) ([]byte, error) {
	return query.Value[[]byte](ctx, q, "watermark", loadWatermark, id)
}

const saveWatermark = `
	UPDATE accounts SET watermark = $3
	WHERE id = $1 AND watermark IS NOT DISTINCT FROM $2
	RETURNING id`

// SaveWatermark replaces the watermark of an account and returns whether it did: only if the stored one equals
// before, which is nil for none. So two processes can't both move it.
func SaveWatermark(ctx context.Context, q Querier, id AccountID, before, data []byte) (bool, error) {
	saved, err := query.Column[int64](ctx, q, "watermark", saveWatermark, id, before, data)
	return len(saved) > 0, err
}

const ensureSurface = `
	INSERT INTO accounts (name, kind, side)
	VALUES ($1, $1, 'surface')
	ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name -- so that RETURNING has the id, also if another process makes the account now
	RETURNING id`

// EnsureSurface finds or makes the account of a surface kind and returns its id.
func EnsureSurface(ctx context.Context, q Querier, kind string) (AccountID, error) {
	return query.Value[AccountID](ctx, q, "surface "+kind, ensureSurface, kind)
}
