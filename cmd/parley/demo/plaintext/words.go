// Package plaintext is what people read of a message in Slack or a card in Teams, as text.
//
// What does not belong here: what the text means.
package plaintext

import (
	"cmp"
	"strings"

	"parley/bot/slack/slackfake"
)

// RowRunes is how many runes of a message's text a row of the page shows.
const RowRunes = 140

// Excerpt returns the first runes of a text, at most so many, in one line. What is cut ends with "…".
func Excerpt(text string, most int) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

// UserName is what a person is called in Slack.
func UserName(u slackfake.User) string { return cmp.Or(u.DisplayName, u.RealName, u.Name, u.ID) }
