package mailfake_test

import (
	"encoding/base64"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"parley/channels/email/mailfake"
)

// These tests write the commands to the server themselves, because no client library would send them.

// wantLines checks that an answer has lines that begin like these.
func wantLines(t *testing.T, answer string, want ...string) {
	t.Helper()
	for _, line := range want {
		if !strings.Contains(answer, "\r\n"+line) {
			t.Errorf("%q is missing in:\n%s", line, answer)
		}
	}
	if strings.Contains(answer, "SERVERBUG") {
		t.Errorf("the server blames itself, want the client blamed:\n%s", answer)
	}
}

// COPY and MOVE ignore UIDs that no mail has. The answer then has no COPYUID (RFC 9051 section 6.4.9).
func TestCopyOfNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	writeToSupport(t, s, "one")
	answer := speakIMAP(t, s,
		"b SELECT INBOX",
		"c UID COPY 99999 Sent",
		"d COPY 999 Sent",
		"e UID MOVE 99999 Sent",
		"f UID COPY 1 Sent",
		"g LOGOUT",
	)
	wantLines(t, answer,
		"c OK COPY completed\r\n",
		"d OK COPY completed\r\n",
		"e OK UID MOVE completed\r\n",
		"f OK [COPYUID 701 1 1] COPY completed\r\n",
	)
	wantEqual(t, "mails in Sent", len(s.Sent(support)), 1)
}

// A client can't set \Recent, or a system flag that no standard defines (RFC 3501 section 9, flag).
func TestUnknownSystemFlags(t *testing.T) {
	t.Parallel()
	s := start(t)
	writeToSupport(t, s, "one")
	answer := speakIMAP(t, s,
		"b SELECT INBOX",
		`c STORE 1 +FLAGS (\Recent)`,
		`d STORE 1 FLAGS (\Seen \Bogus)`,
		`e APPEND INBOX (\Recent) {14+}`,
		"Subject: x\r\n\r\n",
		`f STORE 1 +FLAGS (\Flagged Bogus)`,
		"g LOGOUT",
	)
	wantLines(t, answer, `c BAD [CLIENTBUG] `, "d BAD [CLIENTBUG] ", "e BAD [CLIENTBUG] ", "f OK ")
	inbox := s.Inbox(support)
	if len(inbox) != 1 {
		t.Fatalf("mails: got %+v, want one", inbox)
	}
	if want := []string{"Bogus", `\Flagged`}; !slices.Equal(inbox[0].Flags, want) {
		t.Errorf("flags: got %q, want %q", inbox[0].Flags, want)
	}
}

// A pattern that ends with % also matches levels that exist only as parents of folders, which can't be opened (RFC 3501
// section 6.3.8).
func TestLevelsAboveFolders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern string
		want    []string
	}{
		{pattern: "%", want: []string{`() "/" INBOX`, `(\Sent) "/" "Sent"`, `(\Noselect) "/" "a"`, `() "/" "x"`}},
		{pattern: "a/%", want: []string{`(\Noselect) "/" "a/b"`}},
		{pattern: "%/%", want: []string{`(\Noselect) "/" "a/b"`, `() "/" "x/y"`}},
		{pattern: "a*", want: []string{`() "/" "a/b/c"`, `() "/" "a/b/d"`}},
		{pattern: "a/b%", want: []string{`(\Noselect) "/" "a/b"`}},
	}
	s := start(t)
	speakIMAP(t, s, "b CREATE a/b/c", "c CREATE a/b/d", "d CREATE x", "e CREATE x/y", "f LOGOUT")
	for _, tt := range tests {
		var got []string
		for line := range strings.Lines(speakIMAP(t, s, `b LIST "" `+tt.pattern, "c LOGOUT")) {
			if folder, ok := strings.CutPrefix(line, "* LIST "); ok {
				got = append(got, strings.TrimSpace(folder))
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("LIST %s: got %q, want %q", tt.pattern, got, tt.want)
		}
	}
}

// junk is base64, but not a valid answer in a login.
var junk = base64.StdEncoding.EncodeToString([]byte("junk"))

// IMAP answers a malformed login with an error that blames the client.
func TestMalformedIMAPLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, mechanism := range []string{"PLAIN", "XOAUTH2"} {
		wantLines(t, say(t, s.IMAPAddr(), "a AUTHENTICATE "+mechanism+" "+junk, "b LOGOUT"), "a BAD ")
	}
}

// SMTP answers a malformed login with an error that blames the client.
func TestMalformedSMTPLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, mechanism := range []string{"PLAIN", "XOAUTH2"} {
		wantLines(t, say(t, s.SMTPAddr(), "EHLO there", "AUTH "+mechanism+" "+junk, "QUIT"), "501 5.5.2 ")
	}
}

const (
	mailFrom = "MAIL FROM:<support@acme.test>"
	rcptTo   = "RCPT TO:<ann@customer.test>"
)

// talkTest is an SMTP session, after EHLO and a login.
type talkTest struct {
	name     string
	lines    []string
	codes    []int  // of the answers
	enhanced string // code of the last answer
}

func checkTalks(t *testing.T, tests []talkTest) {
	t.Helper()
	login := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+support+"\x00secret"))
	s := start(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			codes, enhanced := talk(t, s, append([]string{"EHLO there", login}, tt.lines...))
			if want := append([]int{220, 250, 235}, tt.codes...); !slices.Equal(codes, want) {
				t.Errorf("codes: got %v, want %v", codes, want)
			}
			wantEqual(t, "enhanced code of the last answer", enhanced, tt.enhanced)
		})
	}
}

// talk sends the lines. It returns the codes of all answers, beginning with the greeting's, and the enhanced code of
// the last one.
func talk(t *testing.T, s *mailfake.Server, lines []string) (codes []int, enhanced string) {
	t.Helper()
	conn, err := textproto.Dial("tcp", s.SMTPAddr())
	noError(t, err)
	defer func() { _ = conn.Close() }()
	readAnswer := func() {
		code, answer, err := conn.ReadResponse(0)
		noError(t, err)
		codes = append(codes, code)
		enhanced, _, _ = strings.Cut(answer, " ")
	}
	readAnswer()
	for _, line := range lines {
		noError(t, conn.PrintfLine("%s", line))
		readAnswer()
	}
	return codes, enhanced
}

// A second MAIL is refused while the first one is open, which is until RSET, EHLO or the end of the mail.
func TestSecondMAIL(t *testing.T) {
	t.Parallel()
	checkTalks(t, []talkTest{
		{name: "at once", lines: []string{mailFrom, mailFrom}, codes: []int{250, 503}, enhanced: "5.5.1"},
		{
			name: "after a recipient, who stays", lines: []string{mailFrom, rcptTo, mailFrom, rcptTo},
			codes: []int{250, 250, 503, 250}, enhanced: "2.0.0",
		},
		{name: "after the null sender", lines: []string{"MAIL FROM:<>", mailFrom}, codes: []int{250, 503}, enhanced: "5.5.1"},
		{name: "after RSET", lines: []string{mailFrom, "RSET", mailFrom}, codes: []int{250, 250, 250}, enhanced: "2.0.0"},
		{name: "after EHLO", lines: []string{mailFrom, "EHLO again", mailFrom}, codes: []int{250, 250, 250}, enhanced: "2.0.0"},
		{
			name: "after a mail", lines: []string{mailFrom, rcptTo, "DATA", "x\r\n.", mailFrom},
			codes: []int{250, 250, 354, 250, 250}, enhanced: "2.0.0",
		},
		{name: "after a refused sender", lines: []string{"MAIL FROM:<zoë@acme.test>", mailFrom}, codes: []int{553, 250}, enhanced: "2.0.0"},
	})
}

// Addresses outside ASCII need SMTPUTF8, which must be given for each mail.
func TestAddressesOutsideASCII(t *testing.T) {
	t.Parallel()
	const mailFromZoe, rcptToZoe = "MAIL FROM:<zoë@acme.test>", "RCPT TO:<zoë@customer.test>"
	checkTalks(t, []talkTest{
		{name: "recipient", lines: []string{mailFrom, rcptToZoe}, codes: []int{250, 553}, enhanced: "5.6.7"},
		{name: "domain", lines: []string{mailFrom, "RCPT TO:<ann@zoë.test>"}, codes: []int{250, 553}, enhanced: "5.6.7"},
		{name: "sender", lines: []string{mailFromZoe}, codes: []int{553}, enhanced: "5.6.7"},
		{name: "announced", lines: []string{mailFromZoe + " SMTPUTF8", rcptToZoe}, codes: []int{250, 250}, enhanced: "2.0.0"},
		{
			name: "announced for the mail before", lines: []string{mailFrom + " SMTPUTF8", "RSET", mailFrom, rcptToZoe},
			codes: []int{250, 250, 250, 553}, enhanced: "5.6.7",
		},
	})
}
