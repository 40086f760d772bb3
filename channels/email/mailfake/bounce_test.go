package mailfake_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"

	"parley/channels/email/mailfake"
)

// If a mail bounces or is delayed, its sender gets a report, which another library can read.
func TestReports(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		rule      mailfake.RecipientRule
		report    report
		delivered int // mails
		bounced   int // recipients
	}{
		{
			name: "unknown recipient", rule: mailfake.RecipientRule{Policy: mailfake.PolicyBounce},
			report: report{action: "failed", status: "5.1.1"}, bounced: 1,
		},
		{
			name:    "full mailbox",
			rule:    mailfake.RecipientRule{Policy: mailfake.PolicyBounce, Code: 552, Enhanced: "5.2.2", Text: "Over quota"},
			report:  report{action: "failed", status: "5.2.2"},
			bounced: 1,
		},
		{
			name: "delayed", rule: mailfake.RecipientRule{Policy: mailfake.PolicyDelayed},
			report: report{action: "delayed", status: "4.4.1"}, delivered: 1,
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			tt.rule.Address = ann
			noError(t, s.SetRecipient(tt.rule))

			submit(t, s, letter(t, support, ann, "Hi", "hello"))
			in, err := s.WaitFor(testContext(t), support, atLeast(1))
			noError(t, err)
			checkReport(t, in[0], tt.report)
			wantEqual(t, "mails that were delivered", len(s.Inbox(ann)), tt.delivered)

			submissions := s.Submissions()
			if len(submissions) != 1 {
				t.Fatalf("submissions: got %+v, want one", submissions)
			}
			wantEqual(t, "recipients at whom it bounced", len(submissions[0].Bounced), tt.bounced)
		})
	}
}

// report is what a report says about a mail.
type report struct{ action, status string }

// checkReport checks the report on the letter to ann.
func checkReport(t *testing.T, r mailfake.Received, want report) {
	t.Helper()
	wantEqual(t, "error of the parser", r.ParseError, "")
	wantEqual(t, "Return-Path", r.Get("Return-Path"), "<>")
	wantEqual(t, "Auto-Submitted", r.Get("Auto-Submitted"), "auto-replied")
	wantEqual(t, "In-Reply-To", r.InReplyTo, letterID)
	if kind := r.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/report; report-type=delivery-status") {
		t.Errorf("got the content type %q, want that of a report on delivery", kind)
	}

	root, err := gomessage.Read(bytes.NewReader(r.Raw))
	noError(t, err)
	var types, parts []string
	noError(t, root.Walk(func(_ []int, part *gomessage.Entity, err error) error {
		if kind, _, _ := part.Header.ContentType(); err == nil && !strings.HasPrefix(kind, "multipart/") {
			content, readErr := io.ReadAll(part.Body)
			noError(t, readErr)
			types, parts = append(types, kind), append(parts, string(content))
		}
		return err
	}))
	if want := []string{"text/plain", "message/delivery-status", "message/rfc822"}; !slices.Equal(types, want) {
		t.Fatalf("types of the parts: got %q, want %q", types, want)
	}

	fields := []string{
		"Action: " + want.action,
		"Status: " + want.status,
		"Final-Recipient: rfc822; " + ann,
		"Diagnostic-Code: smtp; ",
	}
	for _, field := range fields {
		if !strings.Contains(parts[1], field) {
			t.Errorf("report: got %s, want %q in it", parts[1], field)
		}
	}
	if want := "Message-ID: " + letterID; !strings.Contains(parts[2], want) {
		t.Errorf("mail in the report: got %s, want %q in it", parts[2], want)
	}
}
