package mailfake_test

import (
	"net/http"
	"testing"

	"parley/channels/email/mailfake"
)

// setAutoReply lets a mailbox answer by itself.
func setAutoReply(t *testing.T, s *mailfake.Server, address string, r *mailfake.AutoReply) {
	t.Helper()
	noError(t, s.SetAutoReply(address, r))
}

// A mailbox answers a sender by itself, once, in a mail that says that nobody wrote it.
func TestAutoReply(t *testing.T) {
	t.Parallel()
	s := start(t)
	wantEqual(t, "status", control(t, s).call("POST", "autoreply?address="+ann, mailfake.AutoReply{Text: "On holiday"}, nil), http.StatusOK)
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

// Two mailboxes that answer by themselves stop at once, unless both are rude: then after maxAnswers.
func TestAutoReplyLoops(t *testing.T) {
	t.Parallel()
	const maxAnswers = 50 // of each mailbox
	ask := func(s *mailfake.Server) {
		if _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{support}, Subject: "Q", Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	polite := start(t)
	setAutoReply(t, polite, ann, &mailfake.AutoReply{Text: "On holiday"})
	setAutoReply(t, polite, support, &mailfake.AutoReply{Text: "We got it"})
	ask(polite)
	wantEqual(t, "mails of support if both are polite: the question", len(polite.Inbox(support)), 1)

	rude := start(t)
	setAutoReply(t, rude, ann, &mailfake.AutoReply{Text: "On holiday", Rude: true})
	setAutoReply(t, rude, support, &mailfake.AutoReply{Text: "We got it", Rude: true})
	ask(rude)
	wantEqual(t, "mails of support if both are rude: the question and the answers", len(rude.Inbox(support)), 1+maxAnswers)
}

// A malformed address has no automatic answers, and an empty text ends them.
func TestAutoReplyEnds(t *testing.T) {
	t.Parallel()
	s := start(t)
	if s.SetAutoReply("x", nil) == nil {
		t.Error("a malformed address was taken, want an error")
	}
	setAutoReply(t, s, ann, &mailfake.AutoReply{Text: "On holiday"})
	control(t, s).call("POST", "autoreply?address="+ann, mailfake.AutoReply{}, nil)
	submit(t, s, letter(t, support, ann, "Hi", "x"))
	wantEqual(t, "answers", len(s.Inbox(support)), 0)
}
