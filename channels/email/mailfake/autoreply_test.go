package mailfake_test

import (
	"testing"

	"parley/channels/email/mailfake"
)

// maxAnswers is how many automatic answers a mailbox gives in a row.
const maxAnswers = 50

// askSupportAndAnn lets support and ann answer by themselves, and sends a question from ann to support.
func askSupportAndAnn(t *testing.T, areRude bool) *mailfake.Server {
	t.Helper()
	s := start(t)
	noError(t, s.SetAutoReply(ann, &mailfake.AutoReply{Text: "On holiday", Rude: areRude}))
	noError(t, s.SetAutoReply(support, &mailfake.AutoReply{Text: "We got it", Rude: areRude}))
	_, err := s.Customer(ann).Send(mailfake.Mail{To: []string{support}, Subject: "Q", Text: "x"})
	noError(t, err)
	return s
}

// A mailbox answers a sender by itself, once, in a mail that says that nobody wrote it.
func TestAutoReply(t *testing.T) {
	t.Parallel()
	s := start(t)
	control(t, s).wantOK("POST", "autoreply?address="+ann, mailfake.AutoReply{Text: "On holiday"}, nil)
	for range 2 {
		submit(t, s, letter(t, support, ann, "Hi", "x"))
	}
	in := s.Inbox(support)
	if len(in) != 1 {
		t.Fatalf("support got %+v, want one answer", in)
	}
	wantEqual(t, "subject", in[0].Subject, "Automatic reply: Hi")
	wantEqual(t, "text", in[0].Text, "On holiday")
	wantEqual(t, "In-Reply-To", in[0].InReplyTo, letterID)
	wantEqual(t, "Auto-Submitted", in[0].Get("Auto-Submitted"), "auto-replied")
	wantEqual(t, "Return-Path", in[0].Get("Return-Path"), "<>")
}

// Two mailboxes that answer by themselves don't answer each other's answers.
func TestAutoRepliesDoNotLoop(t *testing.T) {
	t.Parallel()
	s := askSupportAndAnn(t, false)
	wantEqual(t, "mails of support: the question", len(s.Inbox(support)), 1)
}

// Rude mailboxes answer automatic answers, too, but not for ever.
func TestRudeAutoRepliesEnd(t *testing.T) {
	t.Parallel()
	s := askSupportAndAnn(t, true)
	wantEqual(t, "mails of support: the question and the answers", len(s.Inbox(support)), 1+maxAnswers)
}

func TestAutoReplyOfAMalformedAddress(t *testing.T) {
	t.Parallel()
	if start(t).SetAutoReply("x", nil) == nil {
		t.Error("SetAutoReply took a malformed address, want an error")
	}
}

// An empty text ends the answers of a mailbox.
func TestAutoReplyEnds(t *testing.T) {
	t.Parallel()
	s := start(t)
	noError(t, s.SetAutoReply(ann, &mailfake.AutoReply{Text: "On holiday"}))
	control(t, s).wantOK("POST", "autoreply?address="+ann, mailfake.AutoReply{}, nil)
	submit(t, s, letter(t, support, ann, "Hi", "x"))
	wantEqual(t, "answers", len(s.Inbox(support)), 0)
}
