package engine

import (
	"strings"

	"parley/bridge"
	"parley/channels"
)

// fitting gives the one or two messages that a filled form becomes on the conversation's channel. Rich
// content that the channel can't carry becomes words; content that must be a message by itself follows
// the text.
func (w *work) fitting(c *conv, a bridge.Action, answered *message) []bridge.Action {
	var caps bridge.Capabilities
	if ch := w.e.Channel(c.AccountID); ch != nil {
		caps = ch.Capabilities()
	}
	if answered != nil && !w.mayName(c, answered) && a.Text != "" {
		a.Text = "> " + strings.ReplaceAll(excerpt(answered), "\n", "\n> ") + "\n\n" + a.Text
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

// mayName says that a reply on the conversation's channel may name the message that it answers.
func (w *work) mayName(c *conv, answered *message) bool {
	ch := w.e.Channel(c.AccountID)
	return answered != nil && answered.ExternalID != "" && ch != nil && ch.Capabilities().ReplyTo >= channels.Partial
}
