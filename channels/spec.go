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
	Consent string // the name of the field that names the provider of Env.Grant ("google"); "" means the channel has none
	APIEnv  string // environment variable that sets Env.APIURL: "TWILIO_API_URL"
	// OwnHosts returns the servers of an account ("host" or "host:port") that an admin typed, and that
	// therefore may be in the company's own network. Env.Dialer refuses all other addresses that are
	// not on the internet. nil means there are none.
	OwnHosts func(Config) []string
	// Sources returns what an account takes customers' messages from, each by the field that names it first: two
	// accounts with the same source would take each message twice. nil means the field Owner, if there is one.
	Sources func(Config) map[string]string
	// SentTo returns the servers to which an account's secrets are sent readable, by the name of the field of each
	// secret; by the field Consent those that get the tokens of a consent. A server is a text that differs for another
	// host, and for one to which the connection isn't protected. A secret that is kept while others change goes to none
	// but those to which it went before: who may change settings doesn't learn it. nil means an account's settings don't say
	// where its secrets go.
	SentTo func(Config) map[string][]string
	// Signature writes an account's signature, which is Markdown, as this channel's customers see it below a reply: as
	// text, without pictures. nil means they see it as it is formatted, with its pictures, and agents have signatures of
	// their own (mail).
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
	Unless   string   // the name of a field: while that has a value, this one is not required
	List     bool     // several values
	OneOf    []string // allowed values, empty means any
}

// Account is a configured mailbox, number or page, with its secrets opened.
type Account struct {
	ID     int64
	Name   string // immutable key
	Config Config
	// BeginsAt is when the account was set up, by the database's clock: only what customers sent since
	// then is fetched. Zero = not known; then the time of the first fetch counts.
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

// Needed reports whether a field must have a value, beside the others of config.
func (f Field) Needed(config Config) bool {
	return f.Required && (f.Unless == "" || config[f.Unless] == "")
}
