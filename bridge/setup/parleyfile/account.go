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
// write. nil means that the entry doesn't have the key.
type Account struct {
	At        document.Position
	Name      string
	Kind      *document.Text
	Team      *document.Text
	Mode      *document.Text
	TrialTo   *document.List
	Paused    *bool
	Channels  map[string]document.Text // by kind of surface; at most one is not empty
	Signature *document.Text
	Settings  []Setting
	ReplyMode *document.Text
	Hold      *Hold
	Rate      *float64
	Hours     *hours.Plan // zero means always open
	Sections  []Section   // groups of keys that may belong to the channel
}

// Hold is how long a reply waits before it is sent. Seconds is nil for the channel's default.
type Hold struct{ Seconds *float64 }

// Given lists the fields of a section that the entry gives a value.
func (e Account) Given(key string) map[string]bool {
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

// PlaceOf returns where a field of a section stands; where the entry begins, if the entry doesn't give it.
func (e Account) PlaceOf(key, path string) document.Position {
	for _, s := range e.Sections {
		for _, f := range s.Fields {
			if s.Key == key && f.Path == path {
				return f.At
			}
		}
	}
	return e.At
}

func readAccount(o *object) (Account, bool) {
	e := Account{At: o.At, Channels: map[string]document.Text{}}
	e.Name = o.readAccountName()
	e.Kind = o.Text("kind")
	e.Team = o.Text("team")
	e.Mode = o.Text("mode")
	if e.Mode != nil {
		o.checkOneOf(*e.Mode, "mode", "watch", "trial", "live")
	}

	e.TrialTo = o.List("trial_to")
	e.Paused = o.readYesNo("paused")
	o.readChannels(e.Channels)
	first, second := input.Chats()[0], input.Chats()[1]
	if e.Channels[first].Value != "" && e.Channels[second].Value != "" {
		o.Fault(e.Channels[second].At, second+"_channel", "stands beside a channel of "+input.ChatName(first), "An account's threads open in one place: keep one of them.")
	}

	e.Signature = o.Text("signature")
	e.Settings = o.readSettings("settings")
	if e.ReplyMode = o.Text("reply_mode"); e.ReplyMode != nil {
		o.checkOneOf(*e.ReplyMode, "reply_mode", "direct", "explicit")
	}

	e.Hold = o.readHold("hold")
	e.Rate = o.readRate("rate")
	e.Hours = o.readHours("hours")
	for _, key := range o.Rest() {
		if s, ok := o.readSection(key); ok {
			e.Sections = append(e.Sections, s)
		}
	}

	return e, e.Name != ""
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

	hint := "Use letters, digits, - and _, at most 63: support-mail."
	switch {
	case !accountNames.MatchString(t.Value):
		o.Fault(t.At, "name", fmt.Sprintf("%q can't be an account's name", t.Raw), hint)
	case slices.Contains(append(input.Chats(), "parley"), strings.ToLower(t.Value)):
		o.Fault(t.At, "name", fmt.Sprintf("%q is a name that Parley uses itself", t.Raw), "Take another: support-"+t.Value+".")
	default:
		o.Where = "account " + t.Value
		return t.Value
	}

	return ""
}
