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
	wantAnswers(t, in, 12, 0)
	wantEqual(t, "first reference", in.Answers.References[0], "AM0PR0@eurprd.test")
}

// TestCase34ForgedToken: a token that no key made finds nothing.
func TestCase34ForgedToken(t *testing.T) {
	t.Parallel()
	in := sample(t, "forged-token")[0]
	wantAnswers(t, in, 0, 0)
	wantEqual(t, "kind", in.Kind, channels.InboundMessage)
}

// TestCase35AutoResponder: an automatic answer to us is marked, and in its thread.
func TestCase35AutoResponder(t *testing.T) {
	t.Parallel()
	in := sample(t, "out-of-office")[0]
	wantAnswers(t, in, 12, 34)
	if in.Automatic == "" {
		t.Error("the mail isn't marked as automatic")
	}
}

// TestCase36Bounces: reports of every kind become states of our message, one for
// each recipient.
func TestCase36Bounces(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		message    int64 // 0: the report names none
		recipients string
		delayed    bool
		class      channels.Class
	}{
		{name: "bounce-postfix", message: 34, recipients: "ann@customer.test", class: channels.BadRecipient},
		{name: "bounce-partial", message: 34, recipients: "a@customer.test c@customer.test", class: channels.BadRecipient},
		{name: "bounce-delayed", message: 34, recipients: "ann@customer.test", delayed: true, class: channels.Retry},
		{name: "bounce-replaced-id", message: 0, recipients: "ann@customer.test", class: channels.AccountBlocked},
		{name: "bounce-qmail", message: 34, recipients: "ann@customer.test", class: channels.BadRecipient},
		{name: "bounce-exchange", message: 34, recipients: "ann@customer.test", class: channels.BadRecipient},
		{name: "bounce-exim", message: 34, recipients: "ann@customer.test", class: channels.AccountBlocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var recipients []string
			ids := map[string]bool{}
			for _, in := range sample(t, tt.name) {
				s := in.Status
				if s == nil {
					t.Fatalf("got %+v, want a status", in)
				}
				recipients = append(recipients, s.Recipient)
				ids[in.ExternalID] = true
				wantEqual(t, "kind", in.Kind, channels.InboundStatus)
				wantEqual(t, "conversation", in.Answers.Conversation, 12)
				wantEqual(t, "message", s.MessageID, tt.message)
				wantEqual(t, "class", s.Class, tt.class)
				wantEqual(t, "it is only delayed", s.Delayed, tt.delayed)
				wantEqual(t, "it failed", s.State == channels.StateFailed, !tt.delayed)
				if s.Reason == "" || in.Text == "" {
					t.Errorf("got the reason %q and the text %q, want both", s.Reason, in.Text)
				}
			}
			wantEqual(t, "recipients", strings.Join(recipients, " "), tt.recipients)
			wantEqual(t, "different ids", len(ids), len(recipients))
		})
	}
}

// TestCase36OthersBounce: a report on nothing of ours stays a message with its text.
func TestCase36OthersBounce(t *testing.T) {
	t.Parallel()
	list := sample(t, "bounce-not-ours")
	if len(list) != 1 {
		t.Fatalf("got %+v, want one message", list)
	}
	wantEqual(t, "kind", list[0].Kind, channels.InboundMessage)
	wantEqual(t, "why it is automatic", list[0].Automatic, "bounce")
	if list[0].Text == "" {
		t.Error("the message has no text")
	}
}

// TestCase38Replies: of an answer, the quoted mail is hidden; nothing is of quotes alone, of inline answers and of what is
// forwarded.
func TestCase38Replies(t *testing.T) {
	t.Parallel()
	for name, isQuoteHidden := range map[string]bool{
		"interleaved-text":  false,
		"gmail-interleaved": false,
		"quote-only":        false,
		"see-below-outlook": false,
		"outlook-japanese":  true,
		"gmail-japanese":    true,
		"iphone-german":     true,
		"outlook-web":       true,
		"outlook-desktop":   true,
		"gmail-forward":     false,
		"outlook-forward":   false,
		"apple-forward":     false,
	} {
		in := sample(t, name)[0]
		if in.Text == "" {
			t.Errorf("%s: the message has no text", name)
		}
		wantEqual(t, name+": a quote is hidden", in.Original.Quoted != "", isQuoteHidden)
	}
	japanese := sample(t, "outlook-japanese")[0].Text
	wantText(t, "Japanese Outlook", japanese, "商品は届きました")
	if strings.Contains(japanese, "差出人") {
		t.Errorf("got the text %q, want the head of the quoted mail hidden", japanese)
	}
}

// TestCase39Formats: winmail.dat, ics, p7m, ISO-2022-JP, GB18030, 8-bit subjects.
func TestCase39Formats(t *testing.T) {
	t.Parallel()
	ics := sample(t, "calendar")[0]
	wantText(t, "ics: text", ics.Text, "2026-11-21 09:00")
	wantEqual(t, "ics: files", len(ics.Attachments), 1)

	p7m := sample(t, "smime-opaque")[0]
	wantEqual(t, "p7m: there is a notice", len(p7m.Notices) > 0, true)
	wantEqual(t, "p7m: files", len(p7m.Attachments), 2)

	japanese := sample(t, "outlook-japanese")[0]
	wantEqual(t, "ISO-2022-JP: subject", japanese.Subject, "Re: ご注文")
	wantEqual(t, "ISO-2022-JP: sender", japanese.From.Name, "山田 太郎")

	chinese := sample(t, "gb18030-8bit")[0]
	wantEqual(t, "GB18030: subject", chinese.Subject, "订单问题")
	wantEqual(t, "GB18030: text", chinese.Text, "你好，我的订单在哪里？")

	winmail := decodeOne(t, "From: a@b.test\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"+string(testTNEF()))
	wantEqual(t, "winmail.dat: text", winmail.Text, "Text in Outlook's own form")
	if len(winmail.Attachments) != 1 {
		t.Fatalf("winmail.dat: got the files %+v, want one", winmail.Attachments)
	}
	wantEqual(t, "winmail.dat: name of the file", winmail.Attachments[0].Name, "Größe.pdf")
	wantEqual(t, "winmail.dat: content of the file", string(winmail.Attachments[0].Content), "PDF")
}

// TestOwnMail: our own copies are known by token and address, both.
func TestOwnMail(t *testing.T) {
	t.Parallel()
	own := sample(t, "own-copy")[0]
	wantEqual(t, "kind of our copy", own.Kind, channels.InboundOwn)
	wantEqual(t, "why our copy is automatic", own.Automatic, "")
	wantAnswers(t, own, 12, 35)

	foreign := sample(t, "foreign-sent")[0]
	wantEqual(t, "kind of what was written in the mailbox", foreign.Kind, channels.InboundForeign)
	wantEqual(t, "its conversation", foreign.Answers.Conversation, 12)
	wantEqual(t, "its recipient", foreign.Envelope.To[0].Key, "ann@customer.test")
	wantEqual(t, "why it is automatic", foreign.Automatic, "")
	id := mailid.Message(decodeKeys[0], 1, 2, "acme.test")
	for name, raw := range map[string]string{
		"token from a stranger": "From: eve@x.test\r\nMessage-ID: <" + id + ">\r\n\r\nHi",
		"own address, no token": "From: help@acme.test\r\nMessage-ID: <x@y>\r\n\r\nHi",
	} {
		wantEqual(t, name+": kind", decodeOne(t, raw).Kind, channels.InboundMessage)
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
			if sent {
				wantEqual(t, name+", in the folder of sent mail", got, tc.want)
			} else if got == foreign || got == "" {
				t.Errorf("%s, in another folder: got the kind %q, want that of a mail that arrived", name, got)
			}
		}
	}
}

// TestBlindCopies: whom a customer copied blindly gets no open copy of our answer. Only of what was written in the mailbox itself
// they are recipients; our own address and token count in either.
func TestBlindCopies(t *testing.T) {
	t.Parallel()
	anchor, _, _ := strings.Cut(mailid.Anchor(decodeKeys[0], 12, "acme.test"), "@")
	raw := "To: shop@other.test\r\nCc: carl@customer.test\r\nBcc: boss@customer.test, billing+" + anchor + "@acme.test\r\nMessage-ID: <a1@customer.test>\r\n\r\nHello"
	copies := func(in channels.Inbound) string {
		var keys []string
		for _, p := range in.Envelope.Cc {
			keys = append(keys, p.Key)
		}
		return strings.Join(keys, " ")
	}

	arrived := decodeOne(t, "From: ann@customer.test\r\n"+raw)
	wantEqual(t, "copies of a customer's mail", copies(arrived), "carl@customer.test")
	wantEqual(t, "our address", arrived.Envelope.Via, "billing@acme.test")
	wantEqual(t, "conversation", arrived.Answers.Conversation, 12)

	sent, err := newTestDecoder().Decode([]byte(`{"v":1,"folder":"Sent","uid":1,"uidvalidity":1,"sent":true}` + "\nFrom: help@acme.test\r\n" + raw))
	if err != nil || len(sent) != 1 {
		t.Fatalf("of a sent mail: got %d messages and the error %v, want one and none", len(sent), err)
	}
	wantEqual(t, "copies of a sent mail", copies(sent[0]), "carl@customer.test boss@customer.test")
}
