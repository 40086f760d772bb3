package card

import (
	"html"

	"parley/bot/view"
)

// Message is one text message in Teams' XML subset (textFormat "xml").
type Message struct {
	Text     string
	Mentions []Mention // who is to be told by entities
	Summary  string    // plain text for notifications
}

// Mention is a person in a text: Text stands in it with the same characters.
type Mention struct {
	User string // Entra object id
	Name string
	Text string // "<at>Ann Lee</at>"
}

// Messages writes a card as text messages, under its name with an icon (an emoji's
// shortcode) before it; buttons are left out. Most need one.
func Messages(c view.Card, icon string, h Home) []Message {
	text := html.EscapeString(view.Plain(c))
	if c.Name != "" {
		text = "<b>" + emoji(icon) + " " + html.EscapeString(c.Name) + "</b><br>" + text
	}
	return []Message{{Text: text, Summary: summary(c)}}
}
