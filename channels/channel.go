package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Channel talks to customers through the one Account it was made for. All methods may be called concurrently.
type Channel interface {
	// Capabilities says what this account can carry; constant during its life.
	Capabilities() Capabilities

	// Decode turns the stored bytes of one Fact into what the customer did.
	// Pure: no network, no clock, no state. Apply, retry and replay all call it.
	// Errors: any error quarantines the fact; it is not tried again by itself.
	Decode(raw []byte) ([]Inbound, error)

	// Send makes one attempt to deliver o. Called by the lane worker, never in a transaction; may block until ctx ends.
	// It must not write a first byte after ctx's deadline.
	// Errors: *SendError with a Class; any other error counts as Ambiguous.
	Send(ctx context.Context, o Outbound) (Receipt, error)

	// Reconcile finds out whether an earlier attempt, whose answer was lost, reached the provider.
	// May be repeated. Errors count as CannotTell.
	Reconcile(ctx context.Context, o Outbound) (Outcome, Receipt, error)
}

// Runner is a Channel that fetches by itself (polls, keeps a connection open).
type Runner interface {
	// Run works until ctx ends and then returns nil. It reports its condition by env.Report and passes everything it
	// fetches to env.Accept; it advances its own watermark only after Accept returned nil.
	Run(ctx context.Context) error
}

// Webhook is a Channel that the provider calls. The handler verifies the signature over the raw bytes, calls Accept and
// answers 2xx only after it returned nil; it fails closed.
type Webhook interface {
	ServeHTTP(w http.ResponseWriter, r *http.Request)
}

// Checker is a Channel that can test its credentials for `parley doctor`.
type Checker interface {
	// Check connects with the stored credentials and changes nothing.
	Check(ctx context.Context) []Finding
}

// Finding is one line of `parley doctor`.
type Finding struct {
	OK   bool
	What string // "IMAP login", "SMTP sending"
	Text string // what was found, for people
	Hint string // what to do next; empty when OK
	// Field is the setting that is at fault, by its name in Spec.Fields. It is HookField if the fault is where the
	// provider calls, and "" if no setting in particular is at fault.
	Field string
}

// HookField is Finding.Field of faults that SetHook may put right.
const HookField = "webhook"

// Found makes a finding without a fault.
func Found(what, format string, args ...any) Finding {
	return Finding{OK: true, What: what, Text: fmt.Sprintf(format, args...)}
}

// Fault makes a finding of a fault.
func Fault(what, text, hint string) Finding { return Finding{What: what, Text: text, Hint: hint} }

// AsHookFault marks a fault as one of the webhook.
func (f Finding) AsHookFault() Finding {
	if !f.OK {
		f.Field = HookField
	}
	return f
}

// Fact is one thing that arrived (a mail, a message, a receipt), as it is stored. ExternalID names the
// fact itself, not the request in which it came: if the provider sends the fact again, the id is the same.
type Fact struct {
	ExternalID string // unique per account, ≤ 500 bytes
	OrderKey   string // facts with the same key are applied in the order of acceptance
	Payload    []byte
	Quarantine string // why the fact can't be read: it is stored and shown, but never applied; "" if it can be read
	// Owner is the provider's id of the number or page that the fact is for, where several accounts
	// share a callback: the value of the field Spec.Owner, or its source (Spec.Sources). "" means the account that was called.
	Owner string
}

// Accept stores facts durably. It returns nil only after they are committed; a
// fact that is already known is not stored twice and is no error.
// Errors: ErrOverloaded (answer 503 and try later), or the database's.
type Accept func(ctx context.Context, facts ...Fact) error

// Env is what a Channel gets from Parley besides its Account.
type Env struct {
	Accept Accept
	State  State
	Log    *slog.Logger     // its lines name the account already
	Now    func() time.Time // Parley's clock
	Report func(Condition)  // records the account's condition; cheap, may be repeated
	Keys   [][]byte         // HMAC keys of tokens; the first signs, all verify
	// Dialer opens outbound connections; nil means net.Dialer. Parley's refuses addresses in the company's
	// own network, except for Spec.OwnHosts and APIURL.
	Dialer Dialer
	APIURL string // replaces the provider's base URL, without the version; "" means the provider's
	// Grant signs in at the account's provider; nil unless the field Spec.Consent has a value.
	Grant Grant
	// HookURL is how the provider reaches this account's webhook, exactly as it was configured; "" means it can't.
	HookURL string
	// Accounts are the names of all accounts of this kind in this Parley, also paused ones, whose callbacks are answered: a callback
	// that several of them share may name any of them in place of the last part of HookURL. nil means they are not known.
	Accounts []string
}

// ErrStateChanged means that a State holds something else than expected: another process has saved it, or the database has
// forgotten the last seconds, as a standby has that takes over and lagged behind.
var ErrStateChanged = errors.New("the stored state is not the expected one")

// State is a small durable memory of one account (watermarks).
type State interface {
	Load(ctx context.Context) ([]byte, error) // nil when nothing was saved

	// Save replaces what is stored, which must be before: what the last Load returned or the last Save stored. If Save fails, nobody
	// knows what is stored, and Load must ask.
	// Errors: ErrStateChanged if something else is stored, or the database's.
	Save(ctx context.Context, before, data []byte) error
}

// Grant is a person's consent at the account's provider (OAuth), by which Parley signs in without a password.
type Grant interface {
	// Token returns an access token that is good for some minutes. refused is a token that the provider's server
	// has just refused, or "". Then Token returns another one, unless the refused one is brand-new. May block
	// until ctx ends.
	// Errors: *SendError of class AuthBroken (only a person can help: the account must be connected again, or
	// Parley's set-up is wrong) or Retry.
	Token(ctx context.Context, refused string) (string, error)
}

// Condition of an account.
type Condition struct {
	Status ConditionStatus
	Text   string // what happened, for people; empty when Active
	Hint   string // what to do next
	// Lasts is how long after the condition was last seen a success doesn't end it; 0 means that any success does.
	Lasts time.Duration
}

// ConditionStatus says whether an account works.
type ConditionStatus string

// Conditions. That an account is paused is a setting, not a condition.
const (
	Active ConditionStatus = "active"
	Broken ConditionStatus = "error"
)
