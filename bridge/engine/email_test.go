package engine_test

import (
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
)

// What was said with a customer leaves by mail to somebody else, with its files and without notes, unless the form says so. The mail begins
// a conversation of its own, in which it is answered; the customer's has a line about it, and another one if it fails. Nothing leaves
// by a typed command, by the mailbox of nobody, or twice by one form.
// Requirement R-083: Send a conversation by mail.
// Requirement R-084: Send some messages by mail.
func TestSendByEmail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.provider.PutFile("photo", channelstest.File{Content: []byte("a photo")})
	photo := channelstest.Ref{Name: "photo.jpg", Type: "image/jpeg", Ref: "photo", Size: 7}
	w.customerSends(chat, channelstest.Event{From: "kim", Name: "Kim", Text: "My *lamp* flickers", Refs: []channelstest.Ref{photo}})
	thread := w.waitThread("flickers")
	w.waitFilePosts(thread, 1)
	w.reply(thread, "note: she never pays")
	w.waitFate(w.reply(thread, "A new one is on its way"), "out")
	w.waitSent(1)
	send := func(form string, args bridge.Args, words string) {
		args.Conversation, args.Subject = 1, "The red lamp"
		w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: bridge.VerbEmail, Args: args}, words)
	}

	w.reply(thread, "!email carla The red lamp")
	wantButtons(t, "a typed command", w.waitWhisper("ann", "Nothing was sent yet."), bridge.VerbEmail)
	send("", bridge.Args{Addresses: []string{"carla"}}, "Please look at it")
	sent := w.waitSent(2)[1]
	wantEqual(t, "the recipient", sent.To[0], "carla")
	for _, want := range []string{"Please look at it", "My *lamp* flickers", "A new one is on its way", "Kim"} {
		if !strings.Contains(sent.Text, want) {
			t.Errorf("the mail lacks %q:\n%s", want, sent.Text)
		}
	}
	if strings.Contains(sent.Text, "pays") || len(sent.Files) != 1 {
		t.Errorf("the mail has %d files, want one, and no note:\n%s", len(sent.Files), sent.Text)
	}
	wantWords(t, "the line", w.waitLineAbout(thread, bridge.LineDone, "carla").Plain(), "#2")

	w.customerSends(mail, channelstest.Event{From: "carla", Text: "I did", Subject: "Re: The red lamp"})
	w.eventually("the answer has a conversation of its own", func() bool {
		return w.count(`SELECT count(*) FROM messages WHERE text = 'I did' AND conversation_id > 1`) == 1
	})
	note := w.count(`SELECT id FROM messages WHERE text = 'she never pays'`)
	send("", bridge.Args{Addresses: []string{"dora"}, Messages: []bridge.MessageID{bridge.MessageID(note)}}, "")
	w.waitWhisper("ann", "There is nothing to send")
	send("", bridge.Args{Addresses: []string{"dora"}, Messages: []bridge.MessageID{bridge.MessageID(note)}, Notes: true}, "")
	wantWords(t, "the mail", w.waitSent(3)[2].Text, "she never pays")

	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, Times: -1})
	send("", bridge.Args{Addresses: []string{"eve"}}, "")
	w.waitLineAbout(thread, bridge.LineDone, "refused it")
}
