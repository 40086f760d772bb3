// Package input describes the values of parley.yaml for the pages on which they are changed: what each is called, how it
// is given, what can be chosen, and what pages call that.
//
// What does not belong here: how values are read, checked and stored. Those are in package setup.
package input

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Input says how a value of parley.yaml is given on a page.
type Input string

// Inputs.
const (
	InputLine   Input = "line"
	InputText   Input = "text"   // several lines
	InputList   Input = "list"   // several values
	InputChoice Input = "choice" // one of Choices
	InputYesNo  Input = "yesno"  // "true" or "false"
	InputSecret Input = "secret" // never shown
	InputGroup  Input = "group"  // keys of its own below it, which are replaced together
)

// Field describes one value of parley.yaml, for the page on which it is changed.
type Field struct {
	Path     string // in its entry: "mode", "settings.confirm_send", "email.imap.host"
	Label    string
	Help     string // Markdown of one paragraph
	Input    Input
	Choices  []string
	Words    map[string]string // what pages call Choices; one that is missing is called by its value
	Default  string            // what counts where nothing is given; "" means nothing, or Help says it
	Required bool
	Fixed    bool // it can't change once the entry exists
}

// Kinds of entries in parley.yaml.
const (
	EntryCompany = "company" // the file itself: the company's name, and the settings of all accounts
	EntryAgent   = "agent"
	EntryTeam    = "team"
	EntryAccount = "account"

	EntryTag       = "tag"
	EntryTemplate  = "template"  // of one account: its name is ACCOUNT/LANGUAGE/NAME
	EntryKnowledge = "knowledge" // the whole list of folders and sites
)

// Of lists the fields of a kind of entry, in the order of the file. Those of an account depend on its
// channel: spec is nil for all other kinds.
func Of(kind string, spec *channels.Spec) []Field { return inWords(fieldsOf(kind, spec)) }

func fieldsOf(kind string, spec *channels.Spec) []Field {
	switch kind {
	case EntryAgent:
		return agentFields()
	case EntryTeam:
		return teamFields()
	case EntryAccount:
		return accountFields(spec)
	case EntryTag:
		return tagFields()
	case EntryTemplate:
		return templateFields()
	case EntryKnowledge:
		return []Field{{Path: "knowledge", Label: "Folders and web sites", Input: InputList}}
	}

	return append([]Field{{Path: "company", Label: "Name of the company", Help: "Customers see it where a text names the company.", Input: InputLine}}, append(settingFields(), retentionFields()...)...)
}

func agentFields() []Field {
	list := []Field{
		{Path: "email", Label: "E-mail address", Help: "An agent is known by it, in chats too.", Input: InputLine, Required: true, Fixed: true},
		{Path: "name", Label: "Name", Help: "Colleagues and customers see it.", Input: InputLine, Required: true},
		{Path: "roles", Label: "Roles", Help: "Admins may open these pages and change what is set up. Super-admins also say who is an admin, and connect chats.", Input: InputList, Choices: store.Roles()},
		{Path: "zone", Label: "Time zone", Help: "Such as `Europe/Berlin`; empty: that of the business hours, without any that of the server.", Input: InputLine},
		{Path: "presence", Label: "Presence", Help: "While somebody is away, the team is told when one of their conversations needs somebody, and they are not suggested as an owner.",
			Input: InputChoice, Choices: Presences(), Default: bridge.PresenceAvailable},
		{Path: "quiet", Label: "No mention when", Help: "The line in the thread then gives the name, and the chat notifies nobody. The end of a snooze, and what a customer did not get, are always told.",
			Input: InputList, Choices: bridge.NoticesToChoose()},
		{Path: "signature", Label: "Signature", Help: "Markdown, below the mails that this person writes, in place of the account's. In chats the account's counts.", Input: InputText},
	}
	return append(list, userFields()...)
}

// Presences are the values of an agent's presence.
func Presences() []string { return []string{bridge.PresenceAvailable, bridge.PresenceAway} }

func userFields() (list []Field) {
	for _, kind := range Chats() {
		list = append(list, Field{Path: kind, Label: "User in " + ChatName(kind), Input: InputLine,
			Help: "The id there. Empty: found by the e-mail address; one that is taken out here is looked for at the next save."})
	}
	return list
}

func teamFields() []Field {
	list := []Field{
		{Path: "name", Label: "Name", Input: InputLine, Required: true, Fixed: true},
		{Path: "members", Label: "Members", Help: "The e-mail addresses of agents.", Input: InputList},
	}
	list = append(list, channelFields("The team's conversations open there. `#name`, or the channel's id.")...)
	return append(list,
		Field{Path: "home", Label: "New conversations open in", Help: "Needed when the team has a channel in both chats.", Input: InputChoice,
			Choices: append([]string{""}, Chats()...)},
		Field{Path: "agents", Label: "Who becomes its agent", Help: "Whoever comes into the team's channel after you confirmed its members can become its agent by that; guests and bots never do.",
			Input: InputChoice, Choices: AgentRules(), Default: store.AgentsListed},
		Field{Path: "emoji", Label: "Emoji that are verbs", Help: "In the team's channels, beside the usual ones.", Input: InputGroup},
		Field{Path: "weekly_figures", Label: "Tell how the week was", Help: "When the team's channel gets last week's figures, as a cron expression: `0 9 * * MON` is Mondays at nine, in the zone of the team's business hours. Empty: never.", Input: InputLine})
}

// AgentRules are the values of a team's agents.
func AgentRules() []string { return []string{store.AgentsListed, store.AgentsOfChannel} }

// Chats are those in which agents can work. Keys of the file are made of these words: slack: (a user), slack_channel:.
func Chats() []string { return []string{"slack", "teams"} }

// Section is the key below which an account's fields of its channel stand.
func Section(s channels.Spec) string { return cmp.Or(s.Section, s.Kind) }

// SpecOf finds the spec of a channel by its kind, or returns nil if this version doesn't have it.
func SpecOf(specs []channels.Spec, kind string) *channels.Spec {
	if i := slices.IndexFunc(specs, func(s channels.Spec) bool { return s.Kind == kind }); i >= 0 {
		return &specs[i]
	}
	return nil
}

func channelFields(help string) (list []Field) {
	for _, kind := range Chats() {
		list = append(list, Field{Path: kind + "_channel", Label: "Channel in " + ChatName(kind), Help: help, Input: InputLine})
	}
	return list
}

// ChatName is what people call a chat.
func ChatName(kind string) string {
	if kind == "teams" {
		return "Microsoft Teams"
	}
	return strings.ToUpper(kind[:1]) + kind[1:]
}

func accountFields(spec *channels.Spec) []Field {
	list := []Field{
		{Path: "name", Label: "Name", Help: "Letters, digits, `-` and `_`. It is a part of addresses and never changes.", Input: InputLine, Required: true, Fixed: true},
		{Path: "team", Label: "Team", Help: "Whose conversations these are.", Input: InputLine},
		{Path: "mode", Label: "What it sends", Help: "`watch`: conversations appear, and nothing leaves. `trial`: replies leave to the addresses below alone. `live`: everything.",
			Input: InputChoice, Choices: []string{"watch", "trial", "live"}, Default: "live"},
		{Path: "trial_to", Label: "On trial, send to", Help: "Addresses or numbers.", Input: InputList},
		{Path: "paused", Label: "Paused: nothing is fetched and nothing is sent", Input: InputYesNo, Default: "false"},
	}

	list = append(list, channelFields("Where its conversations open, in place of the team's channel.")...)
	list = append(list,
		signatureField(spec),
		Field{Path: "reply_mode", Label: "What agents type in a thread", Help: "`direct`: plain text of whoever holds the conversation is a reply. `explicit`: only what is marked as one.",
			Input: InputChoice, Choices: []string{"direct", "explicit"}, Default: "direct"},
		Field{Path: "hold", Label: "A reply waits", Help: "So long it can be taken back: `20s`, `1m`. Empty: as usual for this channel.", Input: InputLine},
		Field{Path: "rate", Label: "Rate", Help: "A factor on how fast the provider takes messages: `1` is what it publishes, `0` no limit of ours.", Input: InputLine, Default: "1"},
		Field{Path: "hours", Label: "Business hours", Help: "Empty: always open.", Input: InputGroup},
		Field{Path: "hours.zone", Label: "Time zone", Help: "Such as `Europe/Berlin`.", Input: InputLine},
		Field{Path: "hours.week", Label: "Days", Help: "Days with their hours: `mon-fri` and `09:00-17:30`.", Input: InputGroup},
		Field{Path: "hours.holidays", Label: "Holidays", Input: InputGroup},
		Field{Path: "hours.holidays.country", Label: "Public holidays of", Input: InputLine},
		Field{Path: "hours.holidays.days", Label: "Days of your own", Input: InputGroup},
		Field{Path: "hours.holidays.except", Label: "Public holidays on which you work", Help: "Names or dates: `Fronleichnam`, `2026-10-31`.", Input: InputList})

	list = append(list, settingFields()...)
	if spec == nil {
		return list
	}

	for _, f := range spec.Fields {
		list = append(list, channelField(Section(*spec), f))
	}

	return list
}

// signatureField describes an account's signature, which customers of chats get as text.
func signatureField(spec *channels.Spec) Field {
	f := Field{Path: "signature", Label: "Signature", Help: "Markdown, below mails.", Input: InputText}
	if spec != nil && spec.Signature != nil {
		f.Help = "Markdown, as text below each reply; its pictures are not sent."
	}
	return f
}

// channelField describes a field of an account's channel.
func channelField(section string, f channels.Field) Field {
	field := Field{Path: section + "." + f.Name, Label: f.Label, Help: f.Help, Input: InputLine, Default: f.Default, Required: f.Required}
	switch {
	case f.Secret:
		field.Input = InputSecret
	case f.List:
		field.Input = InputList
	case len(f.OneOf) > 0:
		field.Input, field.Choices = InputChoice, f.OneOf
	}
	return field
}

// settingFields lists the settings of accounts; "" as a choice is the default.
func settingFields() (list []Field) {
	for _, s := range bridge.Settings() {
		f := Field{Path: "settings." + s.Name, Label: s.Label, Help: s.Text, Input: InputLine, Default: s.Free.Default}
		if s.Free.Lines {
			f.Input = InputText
		}

		if s.Values != nil {
			f.Input = InputChoice
			f.Choices = append([]string{""}, s.Values...)
			f.Default = s.Values[0]
			if s.Chat != "" {
				f.Default += " for mail, " + s.Chat + " for chats"
			}
		}

		list = append(list, f)
	}

	return list
}
