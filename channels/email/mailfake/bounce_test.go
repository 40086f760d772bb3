package mailfake_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jhillyerd/enmime/v2"

	"parley/channels/email/mailfake"
)

// TestReports: the report that comes back is read by another library.
func TestReports(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name           string
		rule           mailfake.RecipientRule
		action, status string
		delivered      int
	}{
		{"bounce", mailfake.RecipientRule{Policy: mailfake.PolicyBounce}, "failed", "5.1.1", 0},
		{"full", mailfake.RecipientRule{Policy: mailfake.PolicyBounce, Code: 552, Enhanced: "5.2.2", Text: "Over quota"}, "failed", "5.2.2", 0},
		{"delayed", mailfake.RecipientRule{Policy: mailfake.PolicyDelayed}, "delayed", "4.4.1", 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c.rule.Address = ann
			if err := s.SetRecipient(c.rule); err != nil {
				t.Fatal(err)
			}
			if err := sender(t, s).DialAndSendWithContext(soon(t), letter(t, support, ann, "Hi", "hello")); err != nil {
				t.Fatal(err)
			}
			in, err := s.WaitFor(soon(t), support, count(1))
			if err != nil {
				t.Fatal(err)
			}
			checkReport(t, in[0], c.action, c.status)
			if n := len(s.Inbox(ann)); n != c.delivered {
				t.Errorf("%d delivered", n)
			}
			if sub := s.Submissions(); len(sub) != 1 || len(sub[0].Bounced) != 1-c.delivered {
				t.Errorf("submissions %+v", sub)
			}
		})
	}
}

func checkReport(t *testing.T, r mailfake.Received, action, status string) {
	t.Helper()
	if r.ParseError != "" || r.Get("Return-Path") != "<>" || r.Get("Auto-Submitted") != "auto-replied" || r.InReplyTo != "<c1.m1@acme.test>" ||
		!strings.HasPrefix(r.Get("Content-Type"), "multipart/report; report-type=delivery-status") {
		t.Errorf("report's header %+v %s", r.Header, r.ParseError)
	}
	e, err := enmime.ReadEnvelope(bytes.NewReader(r.Raw))
	if err != nil || len(e.Errors) > 0 {
		t.Fatalf("enmime: %v %v", err, e.Errors)
	}
	parts := e.Root.DepthMatchAll(func(p *enmime.Part) bool { return p.FirstChild == nil })
	var types []string
	for _, p := range parts {
		types = append(types, p.ContentType)
	}
	if got := strings.Join(types, " "); got != "text/plain message/delivery-status message/rfc822" {
		t.Fatalf("parts %s", got)
	}
	for _, line := range []string{"Action: " + action, "Status: " + status, "Final-Recipient: rfc822; " + ann, "Diagnostic-Code: smtp; "} {
		if !strings.Contains(string(parts[1].Content), line+"") {
			t.Errorf("no %q in %s", line, parts[1].Content)
		}
	}
	if !strings.Contains(string(parts[2].Content), "Message-ID: <c1.m1@acme.test>") {
		t.Errorf("original %s", parts[2].Content)
	}
}

// TestNoReportOnReport: a mail from the null sender that bounces ends there, and so does
// one whose sender is not here.
func TestNoReportOnReport(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) { o.UnknownForeign = mailfake.PolicyBounce })
	if _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{"gone@far.test"}, Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if in := s.Inbox(ann); len(in) != 1 || in[0].From.Address != "mailer-daemon@mail.test" {
		t.Fatalf("customer got %+v", in)
	}
	if err := s.SetRecipient(mailfake.RecipientRule{Address: ann, Policy: mailfake.PolicyBounce}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{ann}, Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Inbox(ann)); n != 2 {
		t.Fatalf("%d mails", n)
	}
}
