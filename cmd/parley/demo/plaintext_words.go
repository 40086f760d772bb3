package demo

import (
	"cmp"
	"strings"

	"parley/bot/slack/slackfake"
)

// RowRunes is how many runes of a message's text the demo's page shows in a row.
const RowRunes = 140

// Excerpt returns a text in one line. It cuts the text after most runes, and appends "…" if it has cut something.
func Excerpt(text string, most int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

// UserName returns the name that Slack shows for a person.
func UserName(u slackfake.User) string { return cmp.Or(u.DisplayName, u.RealName, u.Name, u.ID) }
