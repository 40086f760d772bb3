package setup

import (
	"parley/bridge/analysis"
	"parley/routing"
)

// RuleFields describes the values of a rule that gives conversations to agents; prefix is that of their paths.
func RuleFields(prefix string) []Field {
	ways := map[string]string{}
	for _, by := range routing.Ways() {
		ways[by] = routing.By(by).Words()
	}
	languages := map[string]string{}
	var codes []string
	for _, l := range analysis.Languages() {
		codes, languages[l.Code] = append(codes, l.Code), l.Name
	}

	list := []Field{
		{Path: "by", Label: "Who gets it", Input: InputChoice, Choices: routing.Ways(), Words: ways},
		{Path: "skill", Label: "Which skill", Help: "For *the least busy with a skill*, as agents have it on their pages.", Input: InputLine},
		{Path: "field", Label: "Which field of the customer", Input: InputLine,
			Help: "For *whom a field of the customer names*: a column of theirs."},
		{Path: "team", Label: "Which team", Help: "For *another team*, whose people then get it by the rules below.", Input: InputLine},

		{Path: "when.language", Label: "The language is", Input: InputChoice, Choices: codes, Words: languages},
		{Path: "when.intent", Label: "The customer wants", Help: "As the page AI lists what customers may want: `refund`.", Input: InputLine},
		{Path: "when.mood", Label: "The mood is", Input: InputChoice, Choices: analysis.SentimentNames()},
		{Path: "when.tag", Label: "The tag is", Input: InputLine},
		{Path: "when.text", Label: "Subject or messages say", Help: "In small or capital letters.", Input: InputLine},
		{
			Path: "when.hours", Label: "Business hours", Input: InputChoice, Choices: []string{routing.HoursOpen, routing.HoursClosed},
			Help: "Whether the account is open when it is decided.",
		},
		{Path: "when.channel", Label: "The channel is", Input: InputLine},
	}
	for i := range list {
		list[i].Path = prefix + list[i].Path
	}
	return list
}
