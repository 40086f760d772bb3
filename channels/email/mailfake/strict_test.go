package mailfake_test

import (
	"encoding/base64"
	"strings"
	"testing"
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
