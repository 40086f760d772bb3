package engine

import (
	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// consent keeps what a customer wants. The thread says so when it changes; a message that is
// nothing else is shown each time, and opens nothing.
func (w *work) consent(i *store.Identity, c *conv, wish channels.Consent, text string, silent bool) {
	changed := w.people.setConsent(i, wish)
	if c == nil || !changed && !(silent && text != "") {
		return
	}
	var only string
	if wish.Marketing {
		only = store.OptedOutMarketing
	}
	line := bridge.Line{Content: bridge.LineOptedIn, Customer: outbound.RefOf(i)}
	if wish.OptedOut {
		line.Content = &bridge.OptedOutLine{Only: only}
	}
	if silent {
		line.Text = text
	}
	w.line(c, line)
	if changed {
		w.log.byCustomer(c, string(line.Kind()), detail{Reason: only})
	}
}

// refusedByCustomer keeps that a customer's messages are refused because the customer wants
// none. Where a template was refused it may be for advertising alone, whatever we think of its
// category: other words are not forbidden then.
func (w *work) refusedByCustomer(c *conv, m *message, class string) {
	if i := w.people.rootOf(c); i != nil && class == string(channels.OptedOut) {
		w.consent(i, c, channels.Consent{OptedOut: true, Marketing: outbound.TemplateOf(&m.Message) != nil}, "", false)
	}
}
