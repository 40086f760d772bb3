package channels

import (
	"strings"
	"time"
)

// Spec describes one kind of channel. It feeds the set-up file and the route /hooks/{account}.
type Spec struct {
	Kind    string // "email": the word of the YAML
	Section string // YAML key of its fields; "" = Kind
	Name    string // for people: "E-mail"
	Icon    string // emoji shortcode without colons: "email"
	Fields  []Field
	Owner   string // the field whose value Fact.Owner names; "" = callbacks are never shared
	APIEnv  string // environment variable that sets Env.APIURL: "TWILIO_API_URL"
	// OwnHosts names the servers of an account that may stand in the company's own network,
	// because an admin typed them: "host" or "host:port". nil = none. Env.Dialer refuses
	// other addresses that are not on the internet.
	OwnHosts func(Config) []string
	// New makes the channel of one account. It connects to nothing.
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
	List     bool     // several values
	OneOf    []string // allowed values, empty = any
}

// Account is a configured mailbox, number or page, with its secrets opened.
type Account struct {
	ID     int64
	Name   string // immutable key
	Config Config
	// BeginsAt is when the account was set up, by the database's clock: what customers sent from
	// then on is taken. Zero = not known; then it is the first look.
	BeginsAt time.Time
}

// Config holds an account's settings by Field.Name; lists are joined by newlines.
type Config map[string]string

// List gives the values of a list field.
func (c Config) List(name string) []string {
	if c[name] == "" {
		return nil
	}
	return strings.Split(c[name], "\n")
}
