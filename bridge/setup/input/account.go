package input

import (
	"parley/bridge"
	"parley/channels"
)

func accountFields(spec *channels.Spec) []Field {
	list := []Field{
		{
			Path: "name", Label: "Name", Input: InputLine, Required: true, Fixed: true,
			Help: "Letters, digits, `-` and `_`. It is a part of addresses and never changes.",
		},
		{Path: "team", Label: "Team", Help: "Whose conversations these are.", Input: InputLine},
		{
			Path: "mode", Label: "What it sends", Input: InputChoice,
			Choices: []string{"watch", "trial", "live"}, Default: "live",
			Help: "`watch`: conversations appear, and nothing leaves. `trial`: replies leave to the addresses " +
				"below alone. `live`: everything.",
		},
		{Path: "trial_to", Label: "On trial, send to", Help: "Addresses or numbers.", Input: InputList},
		{
			Path: "paused", Label: "Paused: nothing is fetched and nothing is sent", Input: InputYesNo,
			Default: "false",
		},
	}

	list = append(list, channelFields("Where its conversations open, in place of the team's channel.")...)
	list = append(list,
		signatureField(spec),
		Field{
			Path: "reply_mode", Label: "What agents type in a thread", Input: InputChoice,
			Choices: []string{"direct", "explicit"}, Default: "direct",
			Help: "`direct`: plain text of whoever holds the conversation is a reply. `explicit`: only what is " +
				"marked as one.",
		},
		Field{
			Path: "hold", Label: "A reply waits", Input: InputLine,
			Help: "So long it can be taken back: `20s`, `1m`. Empty: as usual for this channel.",
		},
		Field{
			Path: "rate", Label: "Rate", Input: InputLine, Default: "1",
			Help: "A factor on how fast the provider takes messages: `1` is what it publishes, `0` no limit of ours.",
		},
		Field{Path: "hours", Label: "Business hours", Help: "Empty: always open.", Input: InputGroup},
		Field{Path: "hours.zone", Label: "Time zone", Help: "Such as `Europe/Berlin`.", Input: InputLine},
		Field{
			Path: "hours.week", Label: "Days", Input: InputGroup,
			Help: "Days with their hours: `mon-fri` and `09:00-17:30`.",
		},
		Field{Path: "hours.holidays", Label: "Holidays", Input: InputGroup},
		Field{Path: "hours.holidays.country", Label: "Public holidays of", Input: InputLine},
		Field{Path: "hours.holidays.days", Label: "Days of your own", Input: InputGroup},
		Field{
			Path: "hours.holidays.except", Label: "Public holidays on which you work", Input: InputList,
			Help: "Names or dates: `Fronleichnam`, `2026-10-31`.",
		})

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

// channelFields are the channels, one in each chat, in which conversations of a team or an account open.
func channelFields(help string) (list []Field) {
	for _, kind := range Chats() {
		list = append(list, Field{Path: kind + "_channel", Label: "Channel in " + ChatName(kind), Help: help, Input: InputLine})
	}
	return list
}
