package message

import (
	"slices"
	"testing"

	"parley/channels"
)

// These tests are about the sample mails of testdata/mail, by the numbers of their cases. The golden files beside the
// samples have the whole results.

// decodeSample decodes a sample mail.
func decodeSample(t *testing.T, name string) []channels.Inbound {
	t.Helper()
	return mustDecode(t, string(sampleMail(t, "testdata/mail/"+name+".eml")))
}

// wantAnswers checks which conversation of ours a mail belongs to, and which message of ours it answers. 0 means none.
func wantAnswers(t *testing.T, in channels.Inbound, conversation, message int64) {
	t.Helper()
	wantEqual(t, "conversation", in.Answers.Conversation, conversation)
	wantEqual(t, "message that it answers", in.Answers.Message, message)
}

// Outlook replaces our Message-ID. The anchor (our id of the conversation) in References still finds the conversation.
func TestCase33ReplacedMessageID(t *testing.T) {
	t.Parallel()
	in := decodeSample(t, "anchor-only")[0]
	wantAnswers(t, in, 12, 0)
	wantEqual(t, "first reference", in.Answers.References[0], "AM0PR0@eurprd.test")
}

// A token that wasn't made with one of our keys finds no conversation.
func TestCase34ForgedToken(t *testing.T) {
	t.Parallel()
	in := decodeSample(t, "forged-token")[0]
	wantAnswers(t, in, 0, 0)
	wantEqual(t, "kind", in.Kind, channels.InboundMessage)
}

// An automatic answer to our message is marked as such, and belongs to the message's conversation.
func TestCase35AutoResponder(t *testing.T) {
	t.Parallel()
	in := decodeSample(t, "out-of-office")[0]
	wantAnswers(t, in, 12, 34)
	if in.Automatic == "" {
		t.Error("the mail isn't marked as automatic")
	}
}

// A report of any kind becomes a status of our message for each recipient. Each status has an id of its own.
func TestCase36Bounces(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		message    int64 // 0: the report names none
		recipients []string
		delayed    bool
		class      channels.Class
	}{
		{name: "bounce-postfix", message: 34, recipients: []string{"ann@customer.test"}, class: channels.BadRecipient},
		{name: "bounce-partial", message: 34, recipients: []string{"a@customer.test", "c@customer.test"}, class: channels.BadRecipient},
		{name: "bounce-delayed", message: 34, recipients: []string{"ann@customer.test"}, delayed: true, class: channels.Retry},
		{name: "bounce-replaced-id", message: 0, recipients: []string{"ann@customer.test"}, class: channels.AccountBlocked},
		{name: "bounce-qmail", message: 34, recipients: []string{"ann@customer.test"}, class: channels.BadRecipient},
		{name: "bounce-exchange", message: 34, recipients: []string{"ann@customer.test"}, class: channels.BadRecipient},
		{name: "bounce-exim", message: 34, recipients: []string{"ann@customer.test"}, class: channels.AccountBlocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var recipients []string
			ids := map[string]bool{}
			for _, in := range decodeSample(t, tt.name) {
				if in.Status == nil {
					t.Fatalf("got %+v, want a status", in)
				}
				recipients = append(recipients, in.Status.Recipient)
				ids[in.ExternalID] = true

				wantEqual(t, "kind", in.Kind, channels.InboundStatus)
				wantEqual(t, "conversation", in.Answers.Conversation, 12)
				wantEqual(t, "message", in.Status.MessageID, tt.message)
				wantEqual(t, "class", in.Status.Class, tt.class)
				wantEqual(t, "it is only delayed", in.Status.Delayed, tt.delayed)
				wantEqual(t, "it failed", in.Status.State == channels.StateFailed, !tt.delayed)
				if in.Status.Reason == "" {
					t.Error("the report has no reason")
				}
				if in.Text == "" {
					t.Error("the report has no text")
				}
			}

			if !slices.Equal(recipients, tt.recipients) {
				t.Errorf("recipients: got %q, want %q", recipients, tt.recipients)
			}
			wantEqual(t, "different ids", len(ids), len(tt.recipients))
		})
	}
}

// A mail that is encrypted or signed as a whole has a notice that says so.
func TestCase39SMIME(t *testing.T) {
	t.Parallel()
	in := decodeSample(t, "smime-opaque")[0]
	if len(in.Notices) == 0 {
		t.Error("the message has no notice")
	}
	wantEqual(t, "files", len(in.Attachments), 2)
}

func TestCase39WinmailDat(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, "From: a@b.test\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"+string(testTNEF()))
	wantEqual(t, "text", in.Text, "Text in Outlook's own form")
	if len(in.Attachments) != 1 {
		t.Fatalf("files: got %+v, want one", in.Attachments)
	}
	wantEqual(t, "name of the file", in.Attachments[0].Name, "Größe.pdf")
	wantEqual(t, "content of the file", string(in.Attachments[0].Content), "PDF")
}
