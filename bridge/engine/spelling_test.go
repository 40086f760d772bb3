package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A few mail servers tell addresses apart by the case of their letters. So answers go to an address as its owner spelled it last,
// also after an agent has named recipients, while who somebody is doesn't depend on it: nobody becomes a newcomer.
func TestAnswersGoToAddressesAsTheyAreSpelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "Kim.Park@x.test", Cc: []string{"Lee@x.test"}, Subject: "One", Text: "first"})
	thread := w.waitThread("first")
	answer := func(text string, to, cc []string) {
		t.Helper()
		w.waitDrained()
		n := len(w.provider.Sent())
		w.reply(thread, text)
		wantSentTo(t, w.waitSent(n + 1)[n], to, cc)
	}
	answer("A", []string{"Kim.Park@x.test"}, []string{"Lee@x.test"})

	form := formOf(bridge.VerbReply)
	form.Form, form.Args.ReplyArgs = "f1", bridge.ReplyArgs{To: []string{"kim.park@x.test"}, Cc: []string{"lee@x.test", "Mia@X.test"}}
	w.chat.Submit("ann", support, thread, form, "B")
	wantSentTo(t, w.waitSent(2)[1], []string{"Kim.Park@x.test"}, []string{"Lee@x.test", "Mia@x.test"})
	w.chat.Say("ann", support, thread, "!cc Zoe@x.test Bob@Müller.test")
	answer("C", []string{"Kim.Park@x.test"}, []string{"Lee@x.test", "Mia@x.test", "Zoe@x.test", "Bob@xn--mller-kva.test"})

	copied := []string{"lee@x.test", "bob@xn--mller-kva.test"} // mails name a domain in this form
	w.customerSends(mail, channelstest.Event{From: "kim.PARK@x.test", Cc: copied, Text: "second", References: []string{first}})
	w.waitShown("second")
	answer("D", []string{"kim.PARK@x.test"}, copied)
	wantEqual(t, "lines that ask about newcomers", w.countLines(thread, bridge.LineParticipant), 0)
	wantEqual(t, "customers", w.count(`SELECT count(*) FROM identities`), 1)
}

// A mail in a thread of the day that becomes a conversation is answered at the address as it is spelled, too, by the sender's name.
func TestPromotedMailIsAnsweredAsItIsSpelled(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]channelstest.Event{
		"the sender's": {From: "Shop@lamps.test", Name: "Lamps"},
		"for answers":  {From: "form@lamps.test", ReplyTo: []string{"Shop@lamps.test"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			event.Subject, event.Text, event.Automatic = "New lamps", "Look at these", "list"
			w.customerSends(mail, event)
			w.chat.Press(t, "ann", w.waitShown("New lamps"), bridge.VerbPromote)
			w.chat.Say("ann", support, w.waitCardWith("New lamps | Ann").ID, "Thank you")
			wantSentTo(t, w.waitSent(1)[0], []string{"Shop@lamps.test"}, nil)
			named := w.count(`SELECT count(*) FROM conversations
				WHERE kind = 'customer' AND participants @> '[{"key": "shop@lamps.test", "name": "Lamps"}]'`)
			wantEqual(t, "recipients with the sender's name", named == 1, event.Name != "")
		})
	}
}
