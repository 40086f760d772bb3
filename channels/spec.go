package channels

import (
	"strings"
	"time"
)

// Spec describes one kind of channel, such as "email" or "sms": the settings that its accounts have in parley.yaml, how to
// check them, and how to create the Channel of an account. Each channel package has one.
//
// Many of its functions answer questions about an account's settings (a Config), so that code outside of the channel
// needn't know the fields. For example, SentTo prevents that a changed server name sends a stored password to a stranger.
type Spec struct {
	Kind    string // the account's kind in parley.yaml: "email"
	Section string // the section of its fields in parley.yaml; "" means Kind
	Name    string // for people: "E-mail"
	Icon    string // emoji shortcode without colons: "email"
	Fields  []Field
	Owner   string // the name of the field that Fact.Owner refers to; "" means that accounts never share a callback
	// KeepsUnowned says that a fact whose Owner isn't a known account belongs to the account that was called. (Twilio
	// calls one account for all numbers of a messaging service.) If false, such a fact is set aside.
	KeepsUnowned bool
	// SignedBy is the field of the secret with which the provider signs callbacks. A fact is forwarded from the account
	// that was called to another one only if both have the same secret. It is required if Owner is set.
	SignedBy string
	Consent  string // the field that names the provider of Env.Grant ("google"); "" means that the channel has no Grant
	APIEnv   string // environment variable that sets Env.APIURL: "TWILIO_API_URL"
	// OwnHosts returns the servers ("host" or "host:port") in an account's settings. They may be in the company's own
	// network, because an admin has typed them; Env.Dialer refuses all other private addresses. nil means none.
	OwnHosts func(Config) []string
	// Check validates an account's settings beyond the rules in Fields. It returns a *FieldError for each fault, joined,
	// and uses no network. nil means that there is nothing more to check.
	Check func(Config) error
	// ReadAddress parses a customer's address or number that an admin typed, for the list of customers to whom an
	// account on trial may send. It accepts all forms that Starter.Recipient accepts, and those of customers with whom
	// agents can't start a conversation. nil means that admins type Party.Key.
	// Errors: *SendError of class BadRecipient.
	ReadAddress func(c Config, typed string) (Party, error)
	// Sources returns the sources of an account's messages (a mailbox, a number), keyed by the field that names each. Two
	// accounts must not have the same source, because both would take each message. If Sources is set, Fact.Owner is
	// the source of the field Owner instead of its value. nil means that the value of the field Owner is the only source.
	Sources func(Config) map[string]string
	// SentTo returns the servers that receive an account's secrets in readable form, keyed by the secret's field; servers
	// that receive access tokens are under the field Consent. It protects secrets from people who may change settings:
	// if a change keeps a secret, the secret may only go to servers that it went to before. The text for a server must
	// differ if its host or the encryption of its connection differs. nil means that settings don't decide where secrets go.
	SentTo func(Config) map[string][]string
	// Signature converts an account's signature from Markdown to the plain text that this channel's customers see. It is
	// nil for mail, in which signatures keep their formatting and pictures, and agents have their own signatures.
	Signature func(markdown string) string
	// New creates the channel of one account. It opens no connection.
	New func(Account, Env) (Channel, error)
}

// Field is one setting of an account.
type Field struct {
	Name     string // path in the YAML section: "imap.host"
	Label    string
	Help     string
	Default  string
	Secret   bool
	Required bool
	Unless   string   // another field: if that one has a value, this one isn't required
	List     bool     // it can have several values
	OneOf    []string // allowed values; empty means any
}

// FieldError is a fault in one field of an account's settings.
type FieldError struct {
	Section string // Spec.Section: "twilio"
	Field   string // Field.Name: "from"
	What    string // the fault: "is missing". It never quotes the value, which may be a secret
}

// Error implements error: "twilio: from: is missing".
func (e *FieldError) Error() string { return e.Section + ": " + e.Field + ": " + e.What }

// Account is a configured mailbox, number or page, with its secrets decrypted.
type Account struct {
	ID     int64
	Name   string // never changes
	Config Config
	// BeginsAt is when the account was set up, by the database's clock. Only what customers sent since then is fetched.
	// Zero means unknown; the time of the first fetch then counts instead.
	BeginsAt time.Time
}

// Config holds an account's settings, keyed by Field.Name. The values of a list are joined with newlines.
type Config map[string]string

// List returns the values of a list field.
func (c Config) List(name string) []string {
	if c[name] == "" {
		return nil
	}
	return strings.Split(c[name], "\n")
}

// IsNeeded reports whether the field must have a value, given the other fields in config.
func (f Field) IsNeeded(config Config) bool {
	isExempt := f.Unless != "" && config[f.Unless] != ""
	return f.Required && !isExempt
}
