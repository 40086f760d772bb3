package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Channel talks to customers through the one Account it was made for: a mailbox, a phone number, a page. All methods may be called
// concurrently.
//
// A customer's message takes this way: the channel gets it (Runner, Webhook) and stores its bytes as a Fact (Env.Accept). Some time later,
// Decode reads the Fact. An agent's reply waits in the queue of its conversation (its lane), from which a worker gives it to Send.
type Channel interface {
	// Capabilities says what this account can carry; constant during its life.
	Capabilities() Capabilities

	// Decode turns the stored bytes of one Fact into what the customer did. It uses no network, no clock and no state, so that the same
	// bytes always give the same result, also when they are read again.
	// Errors: after any error the fact is kept and shown to admins, but not tried again by itself.
	Decode(raw []byte) ([]Inbound, error)

	// Send makes one attempt to deliver o. It is never called in a transaction, and may block until ctx ends. It must not write a first
	// byte after ctx's deadline.
	// Errors: *SendError with a Class; any other error counts as Ambiguous: the message may have been sent.
	Send(ctx context.Context, o Outbound) (Receipt, error)

	// Reconcile finds out whether an earlier attempt, whose answer was lost, reached the provider.
	// May be repeated. Errors count as CannotTell.
	Reconcile(ctx context.Context, o Outbound) (Outcome, Receipt, error)
}

// Runner is a Channel that fetches by itself (polls, keeps a connection open).
type Runner interface {
	// Run works until ctx ends and then returns nil. It reports its condition by env.Report and passes everything it fetches to env.Accept.
	// Only after Accept returned nil it may note that it needn't fetch that again.
	Run(ctx context.Context) error
}

// Webhook is a Channel that the provider calls. The handler verifies the signature over the raw bytes, and refuses what it can't verify.
// Then it calls Accept, and answers 2xx only after that returned nil.
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

// Success makes a finding without a fault.
func Success(what, format string, args ...any) Finding {
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

// ErrStateChanged means that a State holds something else than expected. Another process has saved it, or a standby database that lacks
// the last seconds has taken over.
var ErrStateChanged = errors.New("the stored state is not the expected one")

// State is a small durable memory of one account, such as up to which message it has fetched.
type State interface {
	Load(ctx context.Context) ([]byte, error) // nil when nothing was saved

	// Save stores data if before is what is stored now: what the last Load returned or the last Save stored. After an error, only Load can
	// tell what is stored.
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
	// Lasts is for how long after its last report the condition stays, even if something succeeds; 0 means that any success ends it.
	Lasts time.Duration
}

// ConditionStatus says whether an account works.
type ConditionStatus string

// Conditions. That an account is paused is a setting, not a condition.
const (
	Active ConditionStatus = "active"
	Broken ConditionStatus = "error"
)
