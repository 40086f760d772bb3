package setup

import (
	"strings"

	"parley/routing"
)

// automationFields describes an automation. Its trigger is a choice at the path "when", with its value below "when.tagged"; so are its
// actions at "then.0".
func automationFields() []Field {
	list := []Field{
		{Path: "name", Label: "Name", Input: InputLine, Required: true, Fixed: true, Help: "Threads name it when it has done something."},
		{Path: "when", Label: "When", Input: InputChoice, Required: true, Choices: routing.Triggers(), Words: map[string]string{
			routing.Received: "the customer writes", routing.Sent: "an agent answers", routing.Tagged: "it is tagged …",
			routing.StatusSet: "its status becomes …", routing.Waiting: "the customer has waited for …",
			routing.WindowClosing: "the reply window closes in …", routing.MoodFound: "the customer's mood becomes …",
			routing.IntentFound: "the customer wants …", routing.Cron: "it is a time of cron: …",
		}},
		{Path: "then", Label: "Then", Input: InputChoice, Choices: routing.Actions(), Words: map[string]string{
			routing.Assign: "assign it to (e-mail address)", routing.GiveTeam: "hand it to the team", routing.AddTag: "tag it",
			routing.TakeTag: "take a tag away", routing.Notify: "tell (e-mail address, team or #channel)", routing.Send: "send the customer",
			routing.Note: "note in the thread", routing.Priority: "give it the priority", routing.Snooze: "snooze it for",
			routing.Resolve: "resolve it",
		}},
	}
	for _, f := range RuleFields("") {
		if rest, isCondition := strings.CutPrefix(f.Path, "when."); isCondition {
			f.Path = "if." + rest
			list = append(list, f)
		}
	}
	return append(list,
		Field{Path: "if.account", Label: "It came to the account", Input: InputLine},
		Field{Path: "if.team", Label: "The team is", Input: InputLine})
}
