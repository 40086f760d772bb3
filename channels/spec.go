package channels

import (
	"strings"
	"time"
)

// Spec describes one kind of channel, for the set-up file and the route /hooks/{account}.
type Spec struct {
	Kind    string // "email": the account's kind in parley.yaml
	Section string // the key of its fields in parley.yaml; "" means Kind
	Name    string // for people: "E-mail"
	Icon    string // emoji shortcode without colons: "email"
	Fields  []Field
	Owner   string // the name of the field that holds Fact.Owner's value; "" means accounts never share a callback
	// KeepsUnowned says what becomes of a fact whose Owner isn't an account: it stays with the account that was called. (Twilio calls one
	// account for all numbers of a messaging service.) Otherwise such a fact is set aside.
	KeepsUnowned bool
	// SignedBy is the name of the secret with which the provider signs callbacks. A fact reaches another account than the one that
	// was called only if both have the same secret. It is needed if Owner is.
	SignedBy string
	Consent  string // the name of the field that names the provider of Env.Grant ("google"); "" means the channel has none
	APIEnv   string // environment variable that sets Env.APIURL: "TWILIO_API_URL"
	// OwnHosts returns the servers of an account ("host" or "host:port") that an admin typed, and that
	// therefore may be in the company's own network. Env.Dialer refuses all other addresses that are
	// not on the internet. nil means there are none.
	OwnHosts func(Config) []string
	// Check returns what is wrong with an account's settings besides what Fields say: a *FieldError each, joined. It uses no network. nil
	// means that there is nothing more to check.
	Check func(Config) error
	// ReadAddress reads a customer's address or number that an admin typed, for the list of those to whom an account on trial sends. It
	// takes all forms that Starter.Recipient takes, and those of customers who can only write first. nil means that admins type Party.Key.
	// Errors: *SendError of class BadRecipient.
	ReadAddress func(c Config, typed string) (Party, error)
	// Sources returns what an account's messages come from (a mailbox, a number), by the name of the field that names it. Two accounts
	// with the same source would take each message twice. With Sources, Fact.Owner is the source of the field Owner, not its value.
	// nil means that the value of the field Owner, if there is one, is the only source.
	Sources func(Config) map[string]string
	// SentTo returns the servers that get an account's secrets in readable form, by the name of each secret's field. Those that get access
	// tokens stand under the field Consent. It prevents that somebody who may change settings finds out a secret: when settings change and
	// a secret is kept, the secret may only go to servers to which it went before. The text of a server differs if its host differs, or if
	// its connection isn't protected. SentTo is nil if the settings don't say where secrets go.
	SentTo func(Config) map[string][]string
	// Signature returns an account's signature, which is Markdown, as text without pictures: so customers of this
	// channel see it below a reply. It is nil for mail, in which customers see the signature's formatting and
	// pictures, and agents have signatures of their own.
	Signature func(markdown string) string
	// New makes the channel of one account. It opens no connection.
	New func(Account, Env) (Channel, error)
}

// Field of an account's settings.
type Field struct {
	Name     string // path in the YAML section: "imap.host"
	Label    string
	Help     string
	Default  string
	Secret   bool
	Required bool
	Unless   string   // the name of another field; while that has a value, this one is not required
	List     bool     // it has several values
	OneOf    []string // allowed values; empty means any
}

// FieldError says what is wrong with one field of an account's settings.
type FieldError struct {
	Section string // as in Spec: "twilio"
	Field   string // its Name: "from"
	What    string // "is missing"; it quotes no value
}

// Error implements error: "twilio: from: is missing".
func (e *FieldError) Error() string { return e.Section + ": " + e.Field + ": " + e.What }

// Account is a configured mailbox, number or page, with its secrets opened.
type Account struct {
	ID     int64
	Name   string // immutable key
	Config Config
	// BeginsAt is when the account was set up, by the database's clock: only what customers sent since
	// then is fetched. If it is zero, because that isn't known, the time of the first fetch counts.
	BeginsAt time.Time
}

// Config holds an account's settings by Field.Name; lists are joined by newlines.
type Config map[string]string

// List returns the values of a list field.
func (c Config) List(name string) []string {
	if c[name] == "" {
		return nil
	}
	return strings.Split(c[name], "\n")
}

// IsNeeded reports whether a field must have a value, given the values of the other fields in config.
func (f Field) IsNeeded(config Config) bool {
	isExempt := f.Unless != "" && config[f.Unless] != ""
	return f.Required && !isExempt
}
