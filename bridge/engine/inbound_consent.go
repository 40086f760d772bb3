package engine

import (
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// wish is a customer's wish to get messages or not. Customers state it in various ways: by a text such as
// "STOP", by a click in the provider's app, or by the provider refusing a message on their behalf.
type wish struct {
	channels.Consent

	at     time.Time // when it was stated
	text   string    // of the message that stated it
	silent bool      // the message says nothing else ("STOP"): its text is always shown, and it opens no conversation
}

// setConsent stores a customer's wish, and shows each change in the thread of c, which may be nil. A wish that
// is older than the stored one is ignored.
func (w *work) setConsent(i *store.Identity, c *Conversation, asked wish) {
	changed, outdated := w.People.SetConsent(i, asked.Consent, asked.at)
	showsText := asked.silent && asked.text != ""
	isNews := changed || showsText
	if c == nil || outdated || !isNews {
		return
	}

	var only string // "" means that the wish is about all messages
	if asked.Marketing {
		only = store.OptedOutMarketing
	}

	deed := store.DeedOptedIn
	line := bridge.Line{Content: bridge.LineOptedIn, Customer: RefIn(c.Conversation, i)}
	if asked.OptedOut {
		deed = store.DeedOptedOut
		line.Content = &bridge.OptedOutLine{Only: only}
	}
	if asked.silent {
		line.Text = asked.text
	}

	w.Line(c, line)
	if changed {
		w.Log.ByCustomer(c, deed, Detail{Why: bridge.Because(bridge.Reason(only))})
	}
}

// showOptedOut shows in a new thread that its customer refuses all messages, so that no answer will leave. The
// customer may have said so before there was a thread to show it.
func showOptedOut(w *work, c *Conversation) {
	i := w.People.RootOf(c)
	if i != nil && i.OptedOut == store.OptedOutAll {
		w.Line(c, bridge.Line{Content: &bridge.OptedOutLine{}, Customer: RefIn(c.Conversation, i)})
	}
}

// noteOptOut records a customer's opt-out when a provider has refused a message for that reason:
//   - The refusal of a template that the provider stores, or one that says so itself (channels.AdvertStopped),
//     proves only that the customer wants no advertising.
//   - The refusal of any other message, including a template that is sent as plain text, proves that the
//     customer wants no messages at all.
//   - A refusal by Parley itself proves nothing new.
func (w *work) noteOptOut(c *Conversation, m *Message, f Fact) {
	i := w.People.RootOf(c)
	isByParley := f.Hint == OptedOutHint || f.Hint == AdvertisingHint
	isAboutAdverts := f.Class == string(channels.AdvertStopped)
	isOptOut := isAboutAdverts || f.Class == string(channels.OptedOut)
	if i == nil || isByParley || !isOptOut {
		return
	}

	at := w.Event.ReceivedAt
	if d := w.Outbox.DeliveryOf(m, f.Delivery); d != nil && d.SentAt != nil {
		at = *d.SentAt
	}
	isProvidersTemplate := TemplateOf(&m.Message) != nil && w.Caps(c.AccountID).Templates
	w.setConsent(i, c, wish{Consent: channels.Consent{OptedOut: true, Marketing: isAboutAdverts || isProvidersTemplate}, at: at})
}
