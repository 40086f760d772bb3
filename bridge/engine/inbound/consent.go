package inbound

import (
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
)

// wish is which messages a customer wants from a time on, and how that was said.
type wish struct {
	channels.Consent

	at     time.Time
	text   string
	silent bool // the message says nothing else ("STOP"): its text is shown each time, and it opens no conversation
}

// setConsent keeps whether a customer wants to get messages, and shows each change in the thread. A wish that is older than a known
// one is ignored. c may be nil.
func (it *UseCases) setConsent(i *store.Identity, c *book.Conversation, w wish) {
	changed, outdated := it.People.SetConsent(i, w.Consent, w.at)
	showsText := w.silent && w.text != ""
	isNews := changed || showsText
	if c == nil || outdated || !isNews {
		return
	}

	var only string // "" means that the wish is about all messages
	if w.Marketing {
		only = store.OptedOutMarketing
	}

	deed := store.DeedOptedIn
	line := bridge.Line{Content: bridge.LineOptedIn, Customer: outbound.RefOf(i)}
	if w.OptedOut {
		deed = store.DeedOptedOut
		line.Content = &bridge.OptedOutLine{Only: only}
	}
	if w.silent {
		line.Text = w.text
	}

	it.Line(c, line)
	if changed {
		it.Log.ByCustomer(c, deed, book.Detail{Why: bridge.Because(bridge.Reason(only))})
	}
}

// tellOptedOut says in a new thread that its customer wants no messages, if that is so: no answer leaves then. The customer may have
// said it when no thread was there to show it.
func tellOptedOut(it *UseCases, c *book.Conversation) {
	i := it.People.RootOf(c)
	if i != nil && i.OptedOut == store.OptedOutAll {
		it.Line(c, bridge.Line{Content: &bridge.OptedOutLine{}, Customer: outbound.RefOf(i)})
	}
}

// noteOptOut notes that a provider refused a message because the customer wanted none when it was sent:
//   - The refusal of a template that the provider keeps, or one that says so itself (channels.AdvertStopped), proves only that the
//     customer wants no advertising.
//   - The refusal of any other message, also of a template that leaves as plain words, proves that the customer wants none at all.
//   - A refusal by Parley itself proves nothing new.
func (it *UseCases) noteOptOut(c *book.Conversation, m *book.Message, f own.Fact) {
	i := it.People.RootOf(c)
	isByParley := f.Hint == outbound.OptedOutHint || f.Hint == outbound.AdvertisingHint
	isAboutAdverts := f.Class == string(channels.AdvertStopped)
	isOptOut := isAboutAdverts || f.Class == string(channels.OptedOut)
	if i == nil || isByParley || !isOptOut {
		return
	}

	at := it.Event.ReceivedAt
	if d := it.Outbox.DeliveryOf(m, f.Delivery); d != nil && d.SentAt != nil {
		at = *d.SentAt
	}
	isProvidersTemplate := outbound.TemplateOf(&m.Message) != nil && it.Caps(c.AccountID).Templates
	it.setConsent(i, c, wish{Consent: channels.Consent{OptedOut: true, Marketing: isAboutAdverts || isProvidersTemplate}, at: at})
}
