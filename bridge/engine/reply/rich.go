package reply

import (
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/channels"
)

// Fitting gives the one or two messages that a filled form becomes on the conversation's channel. Rich
// content that the channel can't carry becomes words; content that must be a message by itself follows
// the text.
func (rs *UseCases) Fitting(c *book.Conversation, a bridge.Action, answered *book.Message) []bridge.Action {
	var caps bridge.Capabilities
	if ch := rs.Channel(c.AccountID); ch != nil {
		caps = ch.Capabilities()
	}
	if answered != nil && !rs.MayName(c, answered) && a.Text != "" {
		a.Text = "> " + strings.ReplaceAll(book.Excerpt(answered), "\n", "\n> ") + "\n\n" + a.Text
	}
	kind := a.Rich.Kind()
	switch {
	case kind == "":
		a.Rich = nil
	case !caps.Carries(a.Rich):
		a.Text, a.Rich = strings.TrimSpace(a.Text+"\n\n"+a.Rich.Text()), nil
	case kind.Alone() && a.Text != "":
		words, alone := a, a
		words.Rich, alone.Text = nil, ""
		return []bridge.Action{words, alone}
	}
	return []bridge.Action{a}
}

// MayName says that a reply on the conversation's channel may name the message that it answers.
func (rs *UseCases) MayName(c *book.Conversation, answered *book.Message) bool {
	ch := rs.Channel(c.AccountID)
	return answered != nil && answered.ExternalID != "" && ch != nil && ch.Capabilities().ReplyTo >= channels.Partial
}
