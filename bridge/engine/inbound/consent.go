package inbound

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// consent keeps whether a customer wants to get messages. The thread tells of each change. silent
// means that the customer's message says nothing else: its text is then shown each time, and
// opens no conversation.
func (it *UseCases) consent(i *store.Identity, c *book.Conversation, wish channels.Consent, text string, silent bool) {
	changed := it.People.SetConsent(i, wish)
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
	it.Line(c, line)
	if changed {
		it.Log.ByCustomer(c, what, book.Detail{Reason: only})
	}
}

// refusedByCustomer notes that a provider refused a message because the customer wants none. A refused
// template proves it for advertising alone, whatever category we gave it: other messages may
// still be sent.
func (it *UseCases) refusedByCustomer(c *book.Conversation, m *book.Message, class string) {
	if i := it.People.RootOf(c); i != nil && class == string(channels.OptedOut) {
		it.consent(i, c, channels.Consent{OptedOut: true, Marketing: outbound.TemplateOf(&m.Message) != nil}, "", false)
	}
}
