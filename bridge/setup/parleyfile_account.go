package setup

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"parley/routing"
	"parley/routing/hours"
	"parley/store"
)

// ParleyfileAccount is the entry of an account in parley.yaml. An account is one mailbox, phone number or the like by
// which customers write.
//
//	accounts:
//	  - name: support-mail
//	    kind: email
//	    team: Support
//	    hold: 30s
//	    imap: {host: mail.example.com, username: help}   # settings of the channel: a Section
//
// A nil field means that the entry doesn't have the key.
type ParleyfileAccount struct {
	At   Position // where the entry begins
	Name string
	Kind *Text // the channel: "email"

	// The people who work on the account, their chat and hours, and whether the account sends.
	Team     *Text
	Mode     *Text // "watch", "trial" or "live"
	TrialTo  *List // addresses that replies may go to in a trial
	Paused   *bool
	Channels map[string]Text // by kind of chat, "slack" or "teams"; at most one is not empty
	Hours    *hours.Plan     // the zero Plan means always open

	// Who gets its conversations.
	Rules    []RoutingRule
	HasRules bool  // the file has the key
	Fallback *Text // FallbackQueue, an agent's e-mail address or a team

	Replies *routing.Replies // what is answered by itself

	// Who works on it; nobody else does as soon as there is somebody.
	People    []AccountPerson
	HasPeople bool // the file has the key

	Aliases    []AccountAlias
	HasAliases bool // the file has the key

	// How replies are sent.
	Signature *Text
	ReplyMode *Text // "direct" or "explicit"
	Hold      *Hold
	Rate      *float64

	Settings []Setting
	Sections []ParleyfileSection // nested keys, which may be the channel's fields
}

// FallbackQueue is the fallback of an account whose conversations wait if no rule gives them to somebody.
const FallbackQueue = "queue"

// Hold is how long a reply waits before it is sent. nil Seconds means the channel's default.
type Hold struct{ Seconds *float64 }

// GivenFields returns the fields of a section to which the entry gives a value.
func (e ParleyfileAccount) GivenFields(key string) map[string]bool {
	given := map[string]bool{}
	for _, s := range e.Sections {
		for _, f := range s.Fields {
			if s.Key == key && f.One != nil && f.One.Value != "" {
				given[f.Path] = true
			}
		}
	}
	return given
}

// PositionOf returns the position of a field of a section in the file, or that of the entry if it doesn't have
// the field.
func (e ParleyfileAccount) PositionOf(key, path string) Position {
	for _, s := range e.Sections {
		for _, f := range s.Fields {
			if s.Key == key && f.Path == path {
				return f.At
			}
		}
	}
	return e.At
}

// readAccount reads the entry of an account. It returns false if the entry has no valid name.
func readAccount(o *object) (ParleyfileAccount, bool) {
	e := ParleyfileAccount{
		At:        o.At,
		Name:      o.readAccountName(),
		Kind:      o.Text("kind"),
		Team:      o.Text("team"),
		Mode:      o.readOneOf("mode", "watch", "trial", "live"),
		TrialTo:   o.List("trial_to"),
		Paused:    o.readYesNo("paused"),
		Channels:  o.readOneChannel(),
		Signature: o.Text("signature"),
		Settings:  o.readSettings("settings"),
		ReplyMode: o.readOneOf("reply_mode", "direct", "explicit"),
		Hold:      o.readHold("hold"),
		Rate:      o.readRate("rate"),
		Hours:     o.readHours("hours"),
	}

	e.Rules, e.HasRules = o.readRules()
	e.Fallback = o.Text("fallback")
	e.Replies = o.readReplies()
	e.People, e.HasPeople = o.readPeople()
	e.Aliases, e.HasAliases = o.readAliases()
	for _, key := range o.Rest() { // all keys that were not read above
		if s, ok := o.readSection(key); ok {
			e.Sections = append(e.Sections, s)
		}
	}
	return e, e.Name != ""
}

// AccountPerson is one of the people of an account.
type AccountPerson struct {
	At Position
	store.AccountPerson
}

// readPeople reads the people of an account:
//
//	people:
//	  - {agent: ben@acme.test}
//	  - {agent: ann@acme.test, takes: false, reassign: true, clear: true, resolve_all: true}
//
// ok is false if the key is missing.
func (o *object) readPeople() (people []AccountPerson, ok bool) {
	entries, ok := o.readObjects("people", o.Label("people"))
	for _, e := range entries {
		p := AccountPerson{At: e.At}
		p.Agent = e.readName("agent", "Name the agent by the e-mail address.")
		for _, right := range store.Rights() {
			given := e.readYesNo(string(right))
			if given == nil && right.IsUsual() || given != nil && *given {
				p.Rights = append(p.Rights, right)
			}
		}
		e.Done()
		people = append(people, p)
	}
	return people, ok
}

// AccountAlias is a further address of an account.
type AccountAlias struct {
	At Position
	store.AccountAlias
}

// readAliases reads the further addresses of an account:
//
//	addresses:
//	  - {address: sales@acme.test, name: Acme Sales, signature: "Your **sales** team", team: Sales}
//
// ok is false if the key is missing.
func (o *object) readAliases() (list []AccountAlias, ok bool) {
	entries, ok := o.readObjects("addresses", o.Label("addresses"))
	for _, e := range entries {
		a := AccountAlias{At: e.At}
		a.Address = e.readName("address", "Write an address that ends up in this mailbox: sales@acme.example.")
		for key, value := range map[string]*string{"name": &a.Name, "signature": &a.Signature, "team": &a.Team} {
			if t := e.Text(key); t != nil {
				*value = strings.TrimSpace(t.Value)
			}
		}
		e.Done()
		list = append(list, a)
	}
	return list, ok
}

// readOneChannel reads the channels of all chats. It adds a fault if more than one is not empty.
func (o *object) readOneChannel() map[string]Text {
	channels := o.readChannels()
	first := "" // the chat that has a channel
	for _, kind := range Chats() {
		switch {
		case channels[kind].Value == "":
		case first == "":
			first = kind
		default:
			o.Fault(channels[kind].At, channelKey(kind), "stands beside a channel of "+ChatName(first),
				"An account's threads open in one place: keep one of them.")
		}
	}
	return channels
}

var accountNames = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

// readAccountName reads an account's name. The name is used in addresses and in names of variables, and never
// changes.
func (o *object) readAccountName() string {
	t := o.Text("name")
	if t == nil {
		if o.Values["name"] == nil {
			o.Fault(o.At, "name", "is missing", "An account is known by its name, which never changes: support-mail.")
		}
		return ""
	}

	switch {
	case !accountNames.MatchString(t.Value):
		o.Fault(t.At, "name", fmt.Sprintf("%q can't be an account's name", t.Raw), "Use letters, digits, - and _, at most 63: support-mail.")
		return ""
	case isReserved(t.Value):
		o.Fault(t.At, "name", fmt.Sprintf("%q is a name that Parley uses itself", t.Raw), "Take another: support-"+t.Value+".")
		return ""
	}

	o.Where = "account " + t.Value
	return t.Value
}

// isReserved reports whether Parley uses a name for an account of its own. Chats are accounts, too.
func isReserved(name string) bool {
	name = strings.ToLower(name)
	return name == "parley" || slices.Contains(Chats(), name)
}
