package verb

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// ListWords returns the names of lists, as people type them.
func ListWords() (words []string) {
	for _, list := range bridge.Lists() {
		words = append(words, string(list))
	}
	return words
}

func listVerb() *Verb {
	return &Verb{
		Name:  bridge.VerbList,
		Reads: true,
		Typed: TypedLine{Words: []string{"list", "inbox"}, AskIfAlone: true, Syntax: "!list mine", Rest: RestList},
		Help: Help{
			Sentence: "Lists conversations: " + strings.Join(ListWords(), ", ") + ". Words with a key show a part of them: status, channel, " +
				"account, tag, label, agent, team, since, until; sort is pressing, newest or waiting.",
			Examples: []string{
				"@Parley mine", "@Parley unassigned", "!mine tag:billing since:7d", "!list all channel:whatsapp agent:nobody sort:newest",
			},
			InShortHelp: true,
		},
		Slash:    true,
		Anywhere: true,
		Menus:    Menus{InThread: Offer{Order: 10}, InChat: Offer{Order: 1, Word: "inbox"}},
		Button:   Button{Unlisted: "List", Opens: shape.OpensList},
		Form: Form{
			Ask:    askForFilter,
			Needed: func(bridge.Args) bool { return false }, // only its own button opens it
			Read:   readFilter,
			Lists:  []List{ListFilters},
		},
	}
}

// FilterButton makes the button that opens the form of a list's filter.
func FilterButton(list bridge.ListName, v bridge.ListView) shape.Button {
	b := NewButton(bridge.VerbList, bridge.Args{ListArgs: bridge.ListArgs{List: list, View: v}})
	b.Label, b.Opens = "Filter", shape.OpensForm
	return b
}

// anyValue is the option of a field that restricts nothing: chats can't take a choice back.
const anyValue = "any"

// ListFields returns the fields of the form of a list's filter. Their names are the keys of bridge.ListView.Words.
func ListFields(c bridge.ListChoices, v bridge.ListView) []shape.Field {
	one := func(name, label, value string, options ...shape.Option) shape.Field {
		options = append([]shape.Option{{Value: anyValue, Label: "Any"}}, options...)
		isKnown := slices.ContainsFunc(options, func(o shape.Option) bool { return o.Value == value })
		if value != "" && !isKnown {
			options = append(options, shape.Option{Value: value, Label: shape.OneLine(value, shape.MaxNameRunes)})
		}
		return shape.Field{
			Name: name, Kind: shape.FieldOne, Label: label, Options: options, Value: []string{shape.Or(value, anyValue)}, Optional: true,
		}
	}
	named := func(names ...string) (options []shape.Option) {
		for _, name := range names {
			options = append(options, shape.Option{Value: name, Label: shape.OneLine(name, shape.MaxNameRunes)})
		}
		return options
	}

	var statuses, accounts, tags, labels, sorts []shape.Option
	for _, s := range bridge.Statuses() {
		statuses = append(statuses, named(string(s))...)
	}
	for _, s := range bridge.ListSorts() {
		sorts = append(sorts, shape.Option{Value: string(s), Label: sortLabel(s)})
	}
	for _, a := range c.Accounts {
		kind := shape.Option{Value: a.Kind, Label: "All of " + a.ChannelName}
		if !slices.Contains(accounts, kind) {
			accounts = append(accounts, kind)
		}
	}
	for _, a := range c.Accounts {
		accounts = append(accounts, named(a.Name)...)
	}
	for _, t := range c.Tags {
		tags = append(tags, named(t.Name)...)
		if t.Label {
			labels = append(labels, named(t.Name)...)
		}
	}
	agents := []shape.Option{{Value: bridge.AgentMe, Label: "Me"}, {Value: bridge.AgentNobody, Label: "Nobody"}}
	for _, a := range c.Agents {
		agents = append(agents, shape.Option{Value: shape.Or(a.Email, a.Name), Label: shape.OneLine(a.Name, shape.MaxNameRunes)})
	}

	day := func(name, label, value string) shape.Field {
		return shape.Field{
			Name: name, Kind: shape.FieldText, Label: label, Example: "24h, 7d, 30d or 2026-11-01", Value: textValue(value),
			Optional: true, MaxRunes: maxDayRunes,
		}
	}
	fields := []shape.Field{
		one("status", "Status", v.Status, statuses...), one("account", "Account or channel", v.Account, accounts...),
		one("tag", "Tag", v.Tag, tags...), one("label", "Label", v.Label, labels...),
		one("agent", "Agent", v.Agent, agents...), one("team", "Team", v.Team, named(c.Teams...)...),
		day("since", "Since", v.Since), day("until", "Until", v.Until),
		one("unread", "Unread", v.Unread, shape.Option{Value: bridge.UnreadOnly, Label: "Only unread"}),
		one("sort", "Sorted by", string(v.Sort), sorts...),
	}
	return slices.DeleteFunc(fields, func(f shape.Field) bool { return f.Kind == shape.FieldOne && len(f.Options) == 1 })
}

const maxDayRunes = 20

func sortLabel(s bridge.ListSort) string {
	switch s {
	case bridge.SortNewest:
		return "Newest first"
	case bridge.SortWaiting:
		return "Longest waiting first"
	default:
		return "Most pressing first"
	}
}

func askForFilter(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "Filter", "Show"
	form.Args.ListArgs = bridge.ListArgs{List: in.Args.List}
	if in.Args.List == bridge.ListFound {
		form.Title, form.Submit = "Search", "Find"
		form.Fields = []shape.Field{{
			Name: FieldWords, Kind: shape.FieldText, Label: "Name, address, number, subject, tag or words", Example: "lamp, or #12",
			Value: textValue(in.Args.Note), MaxRunes: maxAddressRunes,
		}}
		return nil
	}
	form.Fields = ListFields(in.Choices, in.Args.View)
	return nil
}

// readFilter reads the form of a list's filter, or of a search.
func readFilter(out *shape.Filled, v Values, _ Reading) (field, problem string) {
	if out.Args.List == bridge.ListFound {
		if out.Args.Note = v.Text(FieldWords); len([]rune(out.Args.Note)) < 2 {
			return FieldWords, "Type at least three letters, or a conversation's number: #12"
		}
		return "", ""
	}
	out.Args.View = ReadListFields(v.Text)
	return "", ""
}

// ReadListFields returns what the submitted fields of ListFields ask for.
func ReadListFields(value func(field string) string) bridge.ListView {
	return bridge.ListViewOf(func(key string) string {
		if value(key) == anyValue {
			return ""
		}
		return value(key)
	})
}
