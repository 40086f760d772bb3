package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Channel exchanges messages with customers through one Account, such as a mailbox, a phone number or a page.
// All methods may be called concurrently.
//
// Inbound: the channel receives a message as a Runner or Webhook, and stores its raw bytes as a Fact with Env.Accept.
// Only later, and possibly more than once, Decode parses the Fact.
//
// Outbound: an agent's reply waits in its conversation's lane (a queue that is delivered in order) until a worker
// passes it to Send. If the provider's response is lost, Reconcile finds out whether the message was sent.
type Channel interface {
	// Capabilities returns what this account can do. The result never changes.
	Capabilities() Capabilities

	// Decode parses the stored bytes of one Fact. It uses no network, clock or state, so that decoding the same bytes
	// again always gives the same result.
	// Errors: after any error the fact is kept and shown to admins, but not retried automatically.
	Decode(raw []byte) ([]Inbound, error)

	// Send makes one attempt to deliver o. It is never called inside a database transaction, and may block until ctx
	// ends. It must not start to write after ctx's deadline, because another worker may then try the same message.
	// Errors: *SendError with a Class. Any other error counts as Ambiguous: the message may have been sent.
	Send(ctx context.Context, o Outbound) (Receipt, error)

	// Reconcile finds out whether an earlier attempt, whose response was lost, reached the provider. It may be called
	// repeatedly. Errors count as CannotTell.
	Reconcile(ctx context.Context, o Outbound) (Outcome, Receipt, error)
}

// Runner is a Channel that fetches messages itself, by polling or over an open connection.
type Runner interface {
	// Run runs until ctx ends and then returns nil. It reports its health with Env.Report and passes everything it
	// fetches to Env.Accept. It may advance its position in the source only after Accept has returned nil.
	Run(ctx context.Context) error
}

// Webhook is a Channel that the provider calls. The handler verifies the signature over the raw body and rejects
// requests that it can't verify. It then calls Env.Accept, and responds with 2xx only after Accept has returned nil.
type Webhook interface {
	ServeHTTP(w http.ResponseWriter, r *http.Request)
}

// Checker is a Channel that can test its credentials for `parley doctor`.
type Checker interface {
	// Check connects with the stored credentials. It doesn't change anything at the provider.
	Check(ctx context.Context) []Finding
}

// Finding is the result of one check, as `parley doctor` prints it.
type Finding struct {
	OK   bool
	What string // what was checked, such as "IMAP login"
	Text string // the result, for people
	Hint string // what to do about it; empty if OK
	// Field is the name in Spec.Fields of the setting that is wrong. It is HookField if the provider calls the wrong
	// address, and "" if the fault belongs to no single setting.
	Field string
}

// HookField is the Finding.Field of faults that Hooked.SetHook may fix.
const HookField = "webhook"

// Success returns the finding of a check that passed.
func Success(what, format string, args ...any) Finding {
	return Finding{OK: true, What: what, Text: fmt.Sprintf(format, args...)}
}

// Fault returns the finding of a check that failed.
func Fault(what, text, hint string) Finding { return Finding{What: what, Text: text, Hint: hint} }

// AsHookFault returns the finding with Field set to HookField. A finding that is OK is returned unchanged.
func (f Finding) AsHookFault() Finding {
	if !f.OK {
		f.Field = HookField
	}
	return f
}

// Fact is one thing that arrived from a provider (a mail, a message, a receipt), in the form in which it is stored.
// ExternalID identifies the fact and not the request that delivered it: it stays the same if the provider sends the
// fact again, so that the fact can be deduplicated.
type Fact struct {
	ExternalID string // unique per account, at most 500 bytes
	OrderKey   string // facts with the same key are applied in the order in which they were accepted
	Payload    []byte // the raw bytes for Decode
	Quarantine string // why the fact can't be decoded: it is stored and shown, but never applied. "" means that it can
	// Owner is the provider's id of the number or page that the fact is for. It is set where several accounts share a
	// callback, and is the value of the field Spec.Owner or of its source (Spec.Sources). "" means the account that
	// was called.
	Owner string
}

// Accept stores facts durably. It returns nil only after they are committed. A fact that is already stored is
// skipped without an error.
// Errors: ErrOverloaded (respond with 503, or try again later), or a database error.
type Accept func(ctx context.Context, facts ...Fact) error

// Env holds what Parley provides to a Channel besides its Account.
type Env struct {
	Accept Accept
	State  State
	Log    *slog.Logger     // includes the account's name in every line
	Now    func() time.Time // the clock to use
	Report func(Condition)  // records the account's health; cheap, may be called repeatedly
	Keys   [][]byte         // HMAC keys of tokens: the first one signs, all of them verify
	// Dialer opens outbound connections; nil means net.Dialer. Parley's dialer refuses addresses in the company's own
	// network, except for Spec.OwnHosts and APIURL.
	Dialer Dialer
	APIURL string // base URL to call instead of the provider's, without a version; "" means the provider's
	// Grant gets access tokens from the account's provider; nil unless the field Spec.Consent has a value.
	Grant Grant
	// HookURL is the public address of this account's webhook, exactly as configured; "" means that it has none.
	HookURL string
	// Accounts are the names of all accounts of this kind, including paused ones. Accounts that share one callback may
	// be reached under the name of any of them, which is the last path element of HookURL. nil means unknown.
	Accounts []string
}

// ErrStateChanged means that the stored State, or what was stored before it, isn't what was expected. Another process has
// saved the State, or the database has failed over to a standby that lacks the last seconds.
var ErrStateChanged = errors.New("the stored state is not the expected one")

// State is a small durable value of one account, such as its position in a mailbox.
type State interface {
	// Load returns the stored value; nil if nothing was saved.
	Load(ctx context.Context) ([]byte, error)

	// Save is a compare-and-swap: it stores data if the stored value is still before, which is what the last Load
	// returned or the last Save stored. After an error it is unknown what is stored, until the next Load.
	// It also fails if the journal doesn't have the fact that Accept stored last: a standby that lacks it has become the
	// database. Then the caller loads the old value, and stores the facts since then once more.
	// Errors: ErrStateChanged if another value is stored or that fact is missing, or a database error.
	Save(ctx context.Context, before, data []byte) error
}

// Grant is an OAuth grant: a person's consent that lets Parley sign in at the account's provider without a password.
type Grant interface {
	// Token returns an access token that is valid for at least some minutes. refused is a token that the provider has
	// just refused, or "". A refused token is replaced unless it is brand-new. Token may block until ctx ends.
	// Errors: *SendError of class Retry, or of class AuthBroken if a person has to connect the account again or
	// correct Parley's configuration.
	Token(ctx context.Context, refused string) (string, error)
}

// Condition is the health of an account.
type Condition struct {
	Status ConditionStatus
	Text   string // what happened, for people; empty if Active
	Hint   string // what to do about it
	// Lasts is how long the condition is kept after its last report, even if a call succeeds. 0 means that the next
	// success clears it.
	Lasts time.Duration
}

// ConditionStatus is whether an account works. Whether it is paused is a setting and not part of this.
type ConditionStatus string

// The states of an account.
const (
	Active     ConditionStatus = "active"
	Broken     ConditionStatus = "error"
	Connecting ConditionStatus = "connecting" // it failed, and the sign-in that a person has given since is being tried
)
