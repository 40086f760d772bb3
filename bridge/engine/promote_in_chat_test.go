package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
)

// A message that came while another app answered in the chat is listed separately. If its customer has an open
// conversation, an agent can't make a second one of it and is pointed to the open one. After that one is resolved, she
// can.
func TestPromoteBesideAnOpenOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "kim", Name: "Kim", Text: "To the other app", Automatic: "standby"})
	listed := w.waitShown("To the other app")

	w.customerWrites("kim", "Hello?")
	thread := w.waitThread("Hello?")

	w.chat.Press(t, "ann", listed, bridge.VerbPromote)
	w.waitWhisper("ann", "continues in #")
	w.waitDrained()
	wantEqual(t, "events in quarantine", w.count(`SELECT count(*) FROM quarantine`), 0)
	wantEqual(t, "conversations", w.countConversations("customer"), 1)

	w.chat.Say("ann", support, thread, "!resolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })

	w.chat.Press(t, "ann", listed, bridge.VerbPromote)
	w.eventually("it is a conversation", func() bool { return w.countConversations("customer") == 2 })

	w.chat.Say("ann", support, thread, "!reopen") // nothing links this one to the new one
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Fatalf("%d events in quarantine, want none", n)
	}
	w.waitWhisper("ann", "continues in #3")
}

// A message that a customer writes while another app holds the chat opens the reply window. That is so if an agent makes
// a conversation of it, and if it comes into an open one.
func TestStandbyOpensTheWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(7 * 24 * time.Hour)})
	said := time.Now().Add(-23 * time.Hour)
	w.customerSends(chat, channelstest.Event{From: "kim", Name: "Kim", Text: "To the other app", Automatic: "standby", At: said})
	w.chat.Press(t, "ann", w.waitShown("To the other app"), bridge.VerbPromote)
	thread := w.waitShownAs("To the other app", func(m bridgetest.Message) bool { return m.Kind == string(bridge.PostSaid) }).Thread

	w.reply(thread, "How can I help?")
	w.provider.WaitTexts(t, "How can I help?")

	w.advance(2 * time.Hour) // 24 hours after the customer's words only people may write
	w.chat.Submit("ann", support, thread, promotionForm(2), "10 % off")
	w.waitLine(thread, bridge.LineInside)

	w.advance(8 * 24 * time.Hour)
	w.customerSends(chat, channelstest.Event{From: "kim", Name: "Kim", Text: "The app again", Automatic: "standby"})
	w.waitShown("The app again")
	w.reply(thread, "I am here")
	w.provider.WaitTexts(t, "How can I help?", "I am here")
}

// If an agent makes a conversation of a message that came while another app answered, its file is shown there, whether
// Parley fetched it before or later.
func TestPromotedMessageHasItsFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		isFetchedFirst bool
	}{{name: "fetched before", isFetchedFirst: true}, {name: "fetched later"}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.provider.PutFile("photo", channelstest.File{Type: "image/jpeg", Content: []byte("a photo")})
			fetch := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{File: true, Until: fetch})
			w.customerSends(chat, channelstest.Event{From: "kim", Name: "Kim", Text: "To the other app", Automatic: "standby",
				Refs: []channelstest.Ref{{Name: "photo.jpg", Ref: "photo"}}})
			listed := w.waitShown("To the other app")

			isFetched := func() bool { return w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'fetch:%'`) == 1 }
			if tt.isFetchedFirst {
				close(fetch)
				w.eventually("the photo is fetched", isFetched)
				w.waitDrained()
			}

			w.chat.Press(t, "ann", listed, bridge.VerbPromote)
			promoted := w.waitShownAs("To the other app", func(m bridgetest.Message) bool { return m.Kind == string(bridge.PostSaid) })
			if !tt.isFetchedFirst {
				close(fetch)
			}

			var got string
			w.chat.Wait(t, "the photo in the conversation's thread", func() bool {
				for _, p := range w.filePosts(promoted.Thread) {
					for _, f := range p.Files {
						got = string(f.Content)
					}
				}
				return got != ""
			})
			wantEqual(t, "the photo", got, "a photo")
		})
	}
}
