package setup

import (
	"parley/bridge"
	"parley/channels"
)

// accountFields describes an account: a mailbox, a phone number or the like, at which customers write. spec describes the
// fields of its channel; without spec, only those that all accounts have are returned.
func accountFields(spec *channels.Spec) []Field {
	list := []Field{
		{
			Path: "name", Label: "Name", Input: InputLine, Required: true, Fixed: true,
			Help: "Letters, digits, `-` and `_`. It is part of addresses and can't be changed later.",
		},
		{Path: "team", Label: "Team", Help: "The team that owns its conversations.", Input: InputLine},
		{
			Path: "mode", Label: "What it sends", Input: InputChoice,
			Choices: []string{"watch", "trial", "live"}, Default: "live",
			Help: "`watch`: conversations appear, but nothing is sent. `trial`: replies are only sent to the addresses " +
				"below. `live`: everything is sent.",
		},
		{Path: "trial_to", Label: "On trial, send to", Help: "Addresses or numbers.", Input: InputList},
		{
			Path: "paused", Label: "Paused: nothing is fetched and nothing is sent", Input: InputYesNo,
			Default: "false",
		},
	}

	list = append(list, channelFields("Its conversations open here instead of in the team's channel.")...)
	list = append(list,
		signatureField(spec),
		Field{
			Path: "reply_mode", Label: "What agents type in a thread", Input: InputChoice,
			Choices: []string{"direct", "explicit"}, Default: "direct",
			Help: "`direct`: whatever the owner of the conversation types is a reply. `explicit`: only a message that is " +
				"marked as a reply is one.",
		},
		Field{
			Path: "hold", Label: "A reply waits", Input: InputLine,
			Help: "For this long a reply can be taken back: `20s`, `1m`. Empty: the default of this channel.",
		},
		Field{
			Path: "rate", Label: "Rate", Input: InputLine, Default: "1",
			Help: "A factor for the rate limit that the provider publishes: `1` is that limit, `0` is no limit.",
		},
		Field{Path: "hours", Label: "Business hours", Help: "Empty: always open.", Input: InputGroup},
		Field{Path: "hours.zone", Label: "Time zone", Help: "For example `Europe/Berlin`.", Input: InputLine},
		Field{
			Path: "hours.week", Label: "Days", Input: InputGroup,
			Help: "Days and their hours: `mon-fri` and `09:00-17:30`.",
		},
		Field{Path: "hours.holidays", Label: "Holidays", Input: InputGroup},
		Field{Path: "hours.holidays.country", Label: "Public holidays of", Input: InputLine},
		Field{Path: "hours.holidays.days", Label: "Days of your own", Input: InputGroup},
		Field{
			Path: "hours.holidays.except", Label: "Public holidays on which you work", Input: InputList,
			Help: "Names or dates: `Fronleichnam`, `2026-10-31`.",
		})

	list = append(list,
		Field{Path: "rules", Label: "Rules that give conversations to agents", Input: InputList},
		Field{
			Path: "fallback", Label: "Who gets what no rule gives to anybody", Input: InputLine,
			Help: "An agent's e-mail address, or a team. Empty: it waits in the queue.",
		},
		Field{Path: "people", Label: "People", Input: InputList},
		Field{Path: "addresses", Label: "Further addresses", Input: InputList},
		Field{Path: "auto_reply", Label: "Automatic replies", Input: InputGroup})
	list = append(list, settingFields()...)
	if spec == nil {
		return list
	}

	for _, f := range spec.Fields {
		list = append(list, channelField(Section(*spec), f))
	}

	return list
}

// signatureField describes the signature. Channels with a Signature of their own, such as chats, send it as plain text.
func signatureField(spec *channels.Spec) Field {
	f := Field{Path: "signature", Label: "Signature", Help: "Markdown, below mails.", Input: InputText}
	if spec != nil && spec.Signature != nil {
		f.Help = "Markdown. It is sent as text below each reply, without its pictures."
	}
	return f
}

func channelField(section string, f channels.Field) Field {
	field := Field{
		Path: section + "." + f.Name, Label: f.Label, Help: f.Help,
		Input: InputLine, Default: f.Default, Required: f.Required,
	}
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

// settingFields describes the settings of accounts. The empty choice selects the default.
func settingFields() []Field {
	var list []Field
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

// channelFields describes the channel in each chat in which the conversations of a team or an account open.
func channelFields(help string) []Field {
	var list []Field
	for _, kind := range Chats() {
		list = append(list, Field{Path: kind + "_channel", Label: "Channel in " + ChatName(kind), Help: help, Input: InputLine})
	}
	return list
}
