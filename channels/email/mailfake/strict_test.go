package mailfake_test

import (
	"encoding/base64"
	"fmt"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"parley/channels/email/mailfake"
)

// TestCopyOfNothing: UIDs that nobody has are ignored, and the answer is one whole line without COPYUID (RFC 9051
// section 6.4.9).
func TestCopyOfNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	writeToSupport(t, s, "one")
	answer := speakIMAP(t, s, "b SELECT INBOX", "c UID COPY 99999 Sent", "d COPY 999 Sent", "e UID MOVE 99999 Sent", "f UID COPY 1 Sent", "g LOGOUT")
	for _, want := range []string{"c OK COPY completed", "d OK COPY completed", "e OK UID MOVE completed", "f OK [COPYUID 701 1 1] COPY completed"} {
		if !strings.Contains(answer, "\r\n"+want+"\r\n") {
			t.Errorf("%q is missing in:\n%s", want, answer)
		}
	}
	if strings.Contains(answer, "SERVERBUG") || len(s.Sent(support)) != 1 {
		t.Errorf("%d mails in Sent, after:\n%s", len(s.Sent(support)), answer)
	}
}

// TestUnknownSystemFlags: a client cannot set \Recent, nor a system flag that no standard names (RFC 3501 section 9, flag).
func TestUnknownSystemFlags(t *testing.T) {
	t.Parallel()
	s := start(t)
	writeToSupport(t, s, "one")
	answer := speakIMAP(t, s, "b SELECT INBOX", `c STORE 1 +FLAGS (\Recent)`, `d STORE 1 FLAGS (\Seen \Bogus)`,
		`e APPEND INBOX (\Recent) {14+}`, "Subject: x\r\n\r\n", `f STORE 1 +FLAGS (\Flagged Bogus)`, "g LOGOUT")
	for _, want := range []string{`c BAD [CLIENTBUG] `, "d BAD [CLIENTBUG] ", "e BAD [CLIENTBUG] ", "f OK "} {
		if !strings.Contains(answer, "\r\n"+want) {
			t.Errorf("%q is missing in:\n%s", want, answer)
		}
	}
	in := s.Inbox(support)
	if len(in) != 1 || strings.Join(in[0].Flags, " ") != `Bogus \Flagged` {
		t.Errorf("%d mails with the flags %v", len(in), in[0].Flags)
	}
}

// TestLevelsAboveFolders: a pattern that ends with % finds also the levels that exist only as parents, which
// cannot be opened (RFC 3501 section 6.3.8).
func TestLevelsAboveFolders(t *testing.T) {
	t.Parallel()
	s := start(t)
	list := func(pattern string) string {
		t.Helper()
		var out []string
		for line := range strings.Lines(speakIMAP(t, s, "b CREATE a/b/c", "c CREATE a/b/d", "d CREATE x", "e CREATE x/y", `f LIST "" `+pattern, "g LOGOUT")) {
			if rest, ok := strings.CutPrefix(line, "* LIST "); ok {
				out = append(out, strings.TrimSpace(rest))
			}
		}
		return strings.Join(out, ", ")
	}
	for pattern, want := range map[string]string{
		"%":    `() "/" INBOX, (\Sent) "/" "Sent", (\Noselect) "/" "a", () "/" "x"`,
		"a/%":  `(\Noselect) "/" "a/b"`,
		"%/%":  `(\Noselect) "/" "a/b", () "/" "x/y"`,
		"a*":   `() "/" "a/b/c", () "/" "a/b/d"`,
		"a/b%": `(\Noselect) "/" "a/b"`,
	} {
		if got := list(pattern); got != want {
			t.Errorf("LIST %s: %s, want %s", pattern, got, want)
		}
	}
}

// TestMalformedLogin: what is base64 but no answer of the mechanism is the client's fault, and says so.
func TestMalformedLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	junk := base64.StdEncoding.EncodeToString([]byte("junk"))
	for _, mech := range []string{"PLAIN", "XOAUTH2"} {
		answer := say(t, s.IMAPAddr(), "a AUTHENTICATE "+mech+" "+junk, "b LOGOUT")
		if !strings.Contains(answer, "\r\na BAD ") || strings.Contains(answer, "SERVERBUG") {
			t.Errorf("IMAP %s: %s", mech, answer)
		}
		answer = say(t, s.SMTPAddr(), "EHLO there", "AUTH "+mech+" "+junk, "QUIT")
		if !strings.Contains(answer, "\r\n501 5.5.2 ") {
			t.Errorf("SMTP %s: %s", mech, answer)
		}
	}
}

// TestStrictEnvelope sends commands by hand and compares the codes of the answers.
func TestStrictEnvelope(t *testing.T) {
	t.Parallel()
	s := start(t)
	login := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+support+"\x00secret"))
	const mail, rcpt = "MAIL FROM:<support@acme.test>", "RCPT TO:<ann@customer.test>"
	cases := []struct {
		name   string
		lines  []string
		want   string // codes
		status string // the enhanced code of the last answer
	}{
		{"a second MAIL", []string{mail, mail}, "250 503", "5.5.1"},
		{"a second MAIL after a recipient", []string{mail, rcpt, mail, rcpt}, "250 250 503 250", "2.0.0"},
		{"a second MAIL, nobody as sender", []string{"MAIL FROM:<>", mail}, "250 503", "5.5.1"},
		{"after RSET", []string{mail, "RSET", mail}, "250 250 250", "2.0.0"},
		{"after EHLO", []string{mail, "EHLO again", mail}, "250 250 250", "2.0.0"},
		{"after a mail", []string{mail, rcpt, "DATA", "x\r\n.", mail}, "250 250 354 250 250", "2.0.0"},
		{"after a refused sender", []string{"MAIL FROM:<zoë@acme.test>", mail}, "553 250", "2.0.0"},
		{"non-ASCII recipient", []string{mail, "RCPT TO:<zoë@customer.test>"}, "250 553", "5.6.7"},
		{"non-ASCII domain", []string{mail, "RCPT TO:<ann@zoë.test>"}, "250 553", "5.6.7"},
		{"non-ASCII sender", []string{"MAIL FROM:<zoë@acme.test>"}, "553", "5.6.7"},
		{"non-ASCII, announced", []string{"MAIL FROM:<zoë@acme.test> SMTPUTF8", "RCPT TO:<zoë@customer.test>"}, "250 250", "2.0.0"},
		{"announced for the mail before", []string{mail + " SMTPUTF8", "RSET", mail, "RCPT TO:<zoë@customer.test>"}, "250 250 250 553", "5.6.7"},
	}
	for _, c := range cases {
		got, status := codes(t, s, append([]string{"EHLO there", login}, c.lines...))
		if got != "220 250 235 "+c.want || status != c.status {
			t.Errorf("%s: %s %s, want %s %s", c.name, got, status, c.want, c.status)
		}
	}
}

// codes sends the lines and returns the codes of all answers, the greeting's first, and the last one's enhanced code.
func codes(t *testing.T, s *mailfake.Server, lines []string) (codes, status string) {
	t.Helper()
	conn, err := textproto.Dial("tcp", s.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var out []string
	var text string
	for i := range len(lines) + 1 {
		if i > 0 {
			if err := conn.PrintfLine("%s", lines[i-1]); err != nil {
				t.Fatal(err)
			}
		}
		code, answer, err := conn.ReadResponse(0)
		if err != nil {
			t.Fatal(err)
		}
		out, text = append(out, fmt.Sprint(code)), answer
	}
	return strings.Join(out, " "), slices.Concat(strings.Fields(text), []string{""})[0]
}
