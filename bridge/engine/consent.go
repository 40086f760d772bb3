package engine

import (
	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// consent keeps whether a customer wants to get messages. The thread tells of each change. silent
// means that the customer's message says nothing else: its text is then shown each time, and
// opens no conversation.
func (w *work) consent(i *store.Identity, c *conv, wish channels.Consent, text string, silent bool) {
	changed := w.people.setConsent(i, wish)
	if c == nil || !changed && !(silent && text != "") {
		return
	}
	var only string
	if wish.Marketing {
		only = store.OptedOutMarketing
	}
	line, what := bridge.Line{Content: bridge.LineOptedIn, Customer: outbound.RefOf(i)}, store.DeedOptedIn
	if wish.OptedOut {
		what = store.DeedOptedOut
		line.Content = &bridge.OptedOutLine{Only: only}
	}
	if silent {
		line.Text = text
	}
	w.line(c, line)
	if changed {
		w.log.byCustomer(c, what, detail{Reason: only})
	}
}

// refusedByCustomer notes that a provider refused a message because the customer wants none. A refused
// template proves it for advertising alone, whatever category we gave it: other messages may
// still be sent.
func (w *work) refusedByCustomer(c *conv, m *message, class string) {
	if i := w.people.rootOf(c); i != nil && class == string(channels.OptedOut) {
		w.consent(i, c, channels.Consent{OptedOut: true, Marketing: outbound.TemplateOf(&m.Message) != nil}, "", false)
	}
}
