package inbound

import (
	"fmt"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/email/mailid"
)

// sample decodes a sample mail of testdata.
func sample(t *testing.T, name string) []channels.Inbound {
	t.Helper()
	ins, err := newTestDecoder().Decode(sampleMail(t, "testdata/mail/"+name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return ins
}

// TestCase33ReplacedMessageID: Outlook replaces our Message-ID; the anchor in
// References still finds the conversation.
func TestCase33ReplacedMessageID(t *testing.T) {
	t.Parallel()
	in := sample(t, "anchor-only")[0]
	if in.Answers.Conversation != 12 || in.Answers.Message != 0 || in.Answers.References[0] != "AM0PR0@eurprd.test" {
		t.Errorf("conversation %d, answers %d, references %v", in.Answers.Conversation, in.Answers.Message, in.Answers.References)
	}
}

// TestCase34ForgedToken: a token that no key made finds nothing.
func TestCase34ForgedToken(t *testing.T) {
	t.Parallel()
	in := sample(t, "forged-token")[0]
	if in.Answers.Conversation != 0 || in.Answers.Message != 0 || in.Kind != channels.InboundMessage {
		t.Errorf("a forged token counted: %+v", in)
	}
}

// TestCase35AutoResponder: an automatic answer to us is marked, and in its thread.
func TestCase35AutoResponder(t *testing.T) {
	t.Parallel()
	in := sample(t, "out-of-office")[0]
	if in.Automatic == "" || in.Answers.Conversation != 12 || in.Answers.Message != 34 {
		t.Errorf("automatic %q, conversation %d, answers %d", in.Automatic, in.Answers.Conversation, in.Answers.Message)
	}
}

// TestCase36Bounces: reports of every kind become states of our message, one for
// each recipient; what is not ours stays a message with its text.
func TestCase36Bounces(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		message    int64
		recipients string
		delayed    bool
		class      channels.Class
	}{
		{"bounce-postfix", 34, "ann@customer.test", false, channels.BadRecipient},
		{"bounce-partial", 34, "a@customer.test c@customer.test", false, channels.BadRecipient},
		{"bounce-delayed", 34, "ann@customer.test", true, channels.Retry},
		{"bounce-replaced-id", 0, "ann@customer.test", false, channels.AccountBlocked},
		{"bounce-qmail", 34, "ann@customer.test", false, channels.BadRecipient},
		{"bounce-exchange", 34, "ann@customer.test", false, channels.BadRecipient},
		{"bounce-exim", 34, "ann@customer.test", false, channels.AccountBlocked},
	}
	for _, tt := range tests {
		var recipients []string
		ids := map[string]bool{}
		for _, in := range sample(t, tt.name) {
			s := in.Status
			if in.Kind != channels.InboundStatus || s == nil {
				t.Fatalf("%s: kind %s", tt.name, in.Kind)
			}
			recipients = append(recipients, s.Recipient)
			ids[in.ExternalID] = true
			if s.MessageID != tt.message || in.Answers.Conversation != 12 || s.Delayed != tt.delayed || s.Class != tt.class {
				t.Errorf("%s: %+v in conversation %d", tt.name, s, in.Answers.Conversation)
			}
			if (s.State == channels.StateFailed) == tt.delayed || s.Reason == "" || in.Text == "" {
				t.Errorf("%s: state %s, reason %q, text %q", tt.name, s.State, s.Reason, in.Text)
			}
		}
		if strings.Join(recipients, " ") != tt.recipients || len(ids) != len(recipients) {
			t.Errorf("%s: recipients %v, ids %v", tt.name, recipients, ids)
		}
	}
	other := sample(t, "bounce-not-ours")
	if len(other) != 1 || other[0].Kind != channels.InboundMessage || other[0].Automatic != "bounce" || other[0].Text == "" {
		t.Errorf("a report on nothing of ours: %+v", other)
	}
}

// TestCase38Replies: inline answers, quotes alone, Japanese Outlook.
func TestCase38Replies(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{ // whether something is hidden
		"interleaved-text": false, "gmail-interleaved": false, "quote-only": false, "see-below-outlook": false,
		"outlook-japanese": true, "gmail-japanese": true, "iphone-german": true, "outlook-web": true, "outlook-desktop": true,
		"gmail-forward": false, "outlook-forward": false, "apple-forward": false,
	} {
		in := sample(t, name)[0]
		if in.Text == "" || (in.Original.Quoted != "") != want {
			t.Errorf("%s: text %q, quoted %q", name, in.Text, in.Original.Quoted)
		}
	}
	if in := sample(t, "outlook-japanese")[0]; strings.Contains(in.Text, "差出人") || !strings.Contains(in.Text, "商品は届きました") {
		t.Errorf("japanese outlook: %q", in.Text)
	}
}

// TestCase39Formats: winmail.dat, ics, p7m, ISO-2022-JP, GB18030, 8-bit subjects.
func TestCase39Formats(t *testing.T) {
	t.Parallel()
	if in := sample(t, "calendar")[0]; !strings.Contains(in.Text, "2026-11-21 09:00") || len(in.Attachments) != 1 {
		t.Errorf("ics: %q with %d files", in.Text, len(in.Attachments))
	}
	if in := sample(t, "smime-opaque")[0]; len(in.Notices) == 0 || len(in.Attachments) != 2 {
		t.Errorf("p7m: %v with %d files", in.Notices, len(in.Attachments))
	}
	if in := sample(t, "outlook-japanese")[0]; in.Subject != "Re: ご注文" || in.From.Name != "山田 太郎" {
		t.Errorf("ISO-2022-JP: %q from %q", in.Subject, in.From.Name)
	}
	if in := sample(t, "gb18030-8bit")[0]; in.Subject != "订单问题" || in.Text != "你好，我的订单在哪里？" {
		t.Errorf("GB18030: %q, %q", in.Subject, in.Text)
	}
	winmail := "From: a@b.test\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n" + string(testTNEF())
	in := decodeOne(t, winmail)
	if in.Text != "Text in Outlook's own form" || len(in.Attachments) != 1 || in.Attachments[0].Name != "Größe.pdf" || string(in.Attachments[0].Content) != "PDF" {
		t.Errorf("winmail.dat: %s", describe(in))
	}
}

// TestOwnMail: our own copies are known by token and address, both.
func TestOwnMail(t *testing.T) {
	t.Parallel()
	own := sample(t, "own-copy")[0]
	if own.Kind != channels.InboundOwn || own.Answers.Conversation != 12 || own.Answers.Message != 35 || own.Automatic != "" {
		t.Errorf("own copy: %+v", own)
	}
	foreign := sample(t, "foreign-sent")[0]
	if foreign.Kind != channels.InboundForeign || foreign.Answers.Conversation != 12 || foreign.Envelope.To[0].Key != "ann@customer.test" || foreign.Automatic != "" {
		t.Errorf("written in the mailbox: %+v", foreign)
	}
	id := mailid.Message(decodeKeys[0], 1, 2, "acme.test")
	for name, raw := range map[string]string{
		"token from a stranger": "From: eve@x.test\r\nMessage-ID: <" + id + ">\r\n\r\nHi",
		"own address, no token": "From: help@acme.test\r\nMessage-ID: <x@y>\r\n\r\nHi",
	} {
		if in := decodeOne(t, raw); in.Kind != channels.InboundMessage {
			t.Errorf("%s: %s", name, in.Kind)
		}
	}
}

// What stands in the folder of sent mail and was written by nobody of the team is no answer; what
// stands elsewhere proves nothing, whatever it says.
func TestWrittenInMailbox(t *testing.T) {
	t.Parallel()
	const (
		from    = "From: Acme <help@acme.test>\r\n"
		id      = "Message-ID: <a1@acme.test>\r\nTo: ann@customer.test\r\nIn-Reply-To: <q@customer.test>\r\n"
		text    = "\r\nHello"
		foreign = "foreign"
	)
	ours := mailid.Message(decodeKeys[0], 12, 34, "acme.test")
	for name, tc := range map[string]struct{ raw, want string }{
		"an answer":            {from + id + text, foreign},
		"by an alias":          {"From: Billing@acme.test\r\n" + id + text, foreign},
		"blind copies":         {from + id + "Bcc: boss@acme.test\r\n" + text, foreign},
		"moved from the inbox": {"From: ann@customer.test\r\n" + id + text, ""},
		"another colleague's":  {"From: kim@acme.test\r\n" + id + text, ""},
		"out of office":        {from + id + "Auto-Submitted: auto-replied\r\n" + text, ""},
		"vacation":             {from + id + "Subject: Automatic reply: Hi\r\n" + text, ""},
		"newsletter":           {from + id + "List-Unsubscribe: <mailto:x@acme.test>\r\n" + text, ""},
		"read receipt": {from + id + "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\r\nSeen\r\n" +
			"--b\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n", ""},
		"a bounce":         {"From: MAILER-DAEMON@acme.test\r\n" + id + text, ""},
		"ours":             {from + "Message-ID: <" + ours + ">\r\n" + text, "own"},
		"ours, renamed":    {from + id + mailid.MessageHeader + ": <" + ours + ">\r\n" + text, "own"},
		"forged":           {from + id + mailid.MessageHeader + ": <c12.m34.00000000@acme.test>\r\n" + text, foreign},
		"no sender":        {id + text, ""},
		"quotes a message": {from + id + "References: <" + ours + ">\r\n" + text, foreign},
	} {
		for _, sent := range []bool{true, false} {
			head := fmt.Sprintf(`{"v":1,"folder":"Sent","uid":1,"uidvalidity":1,"sent":%v}`+"\n", sent)
			ins, err := newTestDecoder().Decode([]byte(head + tc.raw))
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if len(ins) > 0 {
				got = string(ins[0].Kind)
			}
			if sent && got != tc.want || !sent && (got == foreign || got == "") {
				t.Errorf("%s, in the folder of sent mail %v: %q", name, sent, got)
			}
		}
	}
}
