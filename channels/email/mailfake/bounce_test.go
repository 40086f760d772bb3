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
		name      string
		rule      mailfake.RecipientRule
		report    report
		delivered int
	}{
		{name: "bounce", rule: mailfake.RecipientRule{Policy: mailfake.PolicyBounce}, report: report{action: "failed", status: "5.1.1"}},
		{
			name:   "full",
			rule:   mailfake.RecipientRule{Policy: mailfake.PolicyBounce, Code: 552, Enhanced: "5.2.2", Text: "Over quota"},
			report: report{action: "failed", status: "5.2.2"},
		},
		{name: "delayed", rule: mailfake.RecipientRule{Policy: mailfake.PolicyDelayed}, report: report{action: "delayed", status: "4.4.1"}, delivered: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c.rule.Address = ann
			noError(t, s.SetRecipient(c.rule))
			submit(t, s, letter(t, support, ann, "Hi", "hello"))
			in, err := s.WaitFor(testContext(t), support, atLeast(1))
			if err != nil {
				t.Fatal(err)
			}
			checkReport(t, in[0], c.report)
			wantEqual(t, "mails that were delivered", len(s.Inbox(ann)), c.delivered)
			if sub := s.Submissions(); len(sub) != 1 || len(sub[0].Bounced) != 1-c.delivered {
				t.Errorf("got the submissions %+v, want one with %d recipients who bounced", sub, 1-c.delivered)
			}
		})
	}
}

// report is what a report says became of a mail.
type report struct{ action, status string }

// checkReport checks a report on letter to ann.
func checkReport(t *testing.T, r mailfake.Received, want report) {
	t.Helper()
	wantEqual(t, "error of the parser", r.ParseError, "")
	wantEqual(t, "Return-Path", r.Get("Return-Path"), "<>")
	wantEqual(t, "Auto-Submitted", r.Get("Auto-Submitted"), "auto-replied")
	wantEqual(t, "In-Reply-To", r.InReplyTo, letterID)
	if kind := r.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/report; report-type=delivery-status") {
		t.Errorf("got the content type %q, want that of a report on delivery", kind)
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
		t.Fatalf("got the parts %s, want a text, the report and the mail", got)
	}
	for _, line := range []string{"Action: " + want.action, "Status: " + want.status, "Final-Recipient: rfc822; " + ann, "Diagnostic-Code: smtp; "} {
		if !strings.Contains(string(parts[1].Content), line) {
			t.Errorf("got the report %s, want %q in it", parts[1].Content, line)
		}
	}
	if !strings.Contains(string(parts[2].Content), "Message-ID: "+letterID) {
		t.Errorf("got as the mail %s, want its id in it", parts[2].Content)
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
		t.Fatalf("the customer got %+v, want the report alone", in)
	}
	noError(t, s.SetRecipient(mailfake.RecipientRule{Address: ann, Policy: mailfake.PolicyBounce}))
	if _, err := s.Customer(ann).Send(mailfake.Mail{To: []string{ann}, Text: "x"}); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "mails: a report on her first, and another on her second", len(s.Inbox(ann)), 2)
}
