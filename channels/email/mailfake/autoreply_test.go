package mailfake_test

import (
	"testing"

	"parley/channels/email/mailfake"
)

func TestAutoReply(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := control(t, s)
	if code := r.call("POST", "autoreply?address="+ann, mailfake.AutoReply{Text: "On holiday"}, nil); code != 200 {
		t.Fatal(code)
	}
	for range 2 {
		if err := sender(t, s).DialAndSendWithContext(soon(t), letter(t, support, ann, "Hi", "x")); err != nil {
			t.Fatal(err)
		}
	}
	in := s.Inbox(support)
	if len(in) != 1 || in[0].Get("Auto-Submitted") != "auto-replied" || in[0].Get("Return-Path") != "<>" ||
		in[0].InReplyTo != "<c1.m1@acme.test>" || in[0].Subject != "Automatic reply: Hi" || in[0].Text != "On holiday" {
		t.Fatalf("polite: %+v", in)
	}
	// politeness on both sides ends at once; rudeness on both sides after the limit
	if err := s.SetAutoReply(support, &mailfake.AutoReply{Text: "We got it"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{support}, Subject: "Q", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Inbox(support)); n != 2 {
		t.Errorf("two polite ones: support has %d", n)
	}
	for _, box := range []string{support, ann} {
		if err := s.SetAutoReply(box, &mailfake.AutoReply{Text: "We got it", Rude: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{support}, Subject: "Q", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Inbox(support)); n != 2+1+50 {
		t.Errorf("two rude ones: support has %d", n)
	}
	if r.call("POST", "autoreply?address="+ann, mailfake.AutoReply{}, nil); s.SetAutoReply("x", nil) == nil {
		t.Error("took a malformed address")
	}
}
