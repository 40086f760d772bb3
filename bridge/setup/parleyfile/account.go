package parleyfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/routing/hours"
)

// Account is the entry of an account in parley.yaml: of one mailbox, phone number or the like by which customers
// write.
//
//   - name: support-mail
//     kind: email
//     team: Support
//     hold: 30s
//     imap: {host: mail.example.com, username: help}   # of the channel: a Section
//
// nil means that the entry doesn't have the key.
type Account struct {
	At   document.Position // where the entry begins
	Name string
	Kind *document.Text // the channel: "email"

	// Who sees what customers write, and where.
	Team     *document.Text
	Mode     *document.Text // "watch", "trial" or "live"
	TrialTo  *document.List // addresses that replies may go to in a trial
	Paused   *bool
	Channels map[string]document.Text // by kind of surface; at most one is not empty
	Hours    *hours.Plan              // zero means always open

	// How replies leave.
	Signature *document.Text
	ReplyMode *document.Text // "direct" or "explicit"
	Hold      *Hold
	Rate      *float64

	Settings []Setting
	Sections []Section // groups of keys that may belong to the channel
}

// Hold is how long a reply waits before it is sent. Seconds is nil for the channel's default.
type Hold struct{ Seconds *float64 }

// GivenFields lists the fields of a section that the entry gives a value.
func (e Account) GivenFields(key string) map[string]bool {
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

// PositionOf returns where a field of a section stands in the file, or where the entry begins if it doesn't give the field.
func (e Account) PositionOf(key, path string) document.Position {
	for _, s := range e.Sections {
		for _, f := range s.Fields {
			if s.Key == key && f.Path == path {
				return f.At
			}
		}
	}
	return e.At
}

// readAccount reads the entry of an account. It returns false if the entry has no name by which it could be stored.
func readAccount(o *object) (Account, bool) {
	e := Account{
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

	for _, key := range o.Rest() { // what was not asked for above
		if s, ok := o.readSection(key); ok {
			e.Sections = append(e.Sections, s)
		}
	}
	return e, e.Name != ""
}

// readOneChannel reads the channels of all surfaces. It adds a fault if a second one is not empty.
func (o *object) readOneChannel() map[string]document.Text {
	channels := o.readChannels()
	first := "" // the surface that has a channel
	for _, kind := range input.Chats() {
		switch {
		case channels[kind].Value == "":
		case first == "":
			first = kind
		default:
			o.Fault(channels[kind].At, channelKey(kind), "stands beside a channel of "+input.ChatName(first),
				"An account's threads open in one place: keep one of them.")
		}
	}
	return channels
}

var accountNames = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`)

// readAccountName reads an account's name. It becomes a part of addresses and of names of variables, and never changes.
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

// isReserved reports whether Parley uses a name for an account of its own: chats are accounts, too.
func isReserved(name string) bool {
	name = strings.ToLower(name)
	return name == "parley" || slices.Contains(input.Chats(), name)
}
