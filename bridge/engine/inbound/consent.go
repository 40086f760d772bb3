package inbound

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// customerSays applies a message, a customer's consent to get messages or the withdrawal of it, or both at once.
func (it *UseCases) customerSays(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if in.Consent == nil {
		return it.customerWrites(ctx, tx, a, part, in)
	}
	i, err := it.People.CustomerOf(a, in)
	if err != nil || i == nil {
		return err
	}
	saysNothing := in.Text == "" && len(in.Attachments) == 0
	silent := in.Consent.Silent || saysNothing
	it.setConsent(i, it.Conversations.LatestOf(i), *in.Consent, in.Text, silent)
	if silent {
		return nil
	}
	in.Kind = channels.InboundMessage
	return it.customerWrites(ctx, tx, a, part, in)
}

// setConsent keeps whether a customer wants to get messages, and shows each change in the thread. silent means that the
// customer's message says nothing else ("STOP"): then its text is shown each time, and it opens no conversation. c may be nil.
func (it *UseCases) setConsent(i *store.Identity, c *book.Conversation, wish channels.Consent, text string, silent bool) {
	changed := it.People.SetConsent(i, wish)
	showsText := silent && text != ""
	isNews := changed || showsText
	if c == nil || !isNews {
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

// noteOptOut notes that a provider refused a message because the customer wants none. If it was a template, that proves it for
// advertising alone, whatever category we gave the template: other messages may still be sent.
func (it *UseCases) noteOptOut(c *book.Conversation, m *book.Message, class string) {
	i := it.People.RootOf(c)
	if i != nil && class == string(channels.OptedOut) {
		it.setConsent(i, c, channels.Consent{OptedOut: true, Marketing: outbound.TemplateOf(&m.Message) != nil}, "", false)
	}
}
