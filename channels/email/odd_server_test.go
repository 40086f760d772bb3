package email

import (
	"bufio"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels/email/mailfake"
)

// literalEnd matches the announcement of a literal at the end of a line.
var literalEnd = regexp.MustCompile(`\{(\d+)\}\r\n$`)

// startOddServer starts what stands between a channel and a mail server, and writes each response of the server as speak gives it.
// greet greets the channel after the server has greeted. It returns the address.
func startOddServer(t *testing.T, server string, greet func(back net.Conn, r *bufio.Reader) string, speak func(string) string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			front, err := ln.Accept()
			if err != nil {
				return
			}
			go speakOddly(front, server, greet, speak)
		}
	}()
	return ln.Addr().String()
}

func speakOddly(front net.Conn, server string, greet func(net.Conn, *bufio.Reader) string, speak func(string) string) {
	defer front.Close()
	back, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer back.Close()
	r := bufio.NewReader(back)
	if _, err := io.WriteString(front, greet(back, r)); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(back, front)
		_ = back.Close()
	}()
	for err == nil {
		var response string
		if response, err = readResponse(r); err == nil {
			_, err = io.WriteString(front, speak(response))
		}
	}
}

// greetAsServer greets as the server does.
func greetAsServer(_ net.Conn, r *bufio.Reader) string {
	greeting, _ := readResponse(r)
	return greeting
}

// greetSignedIn signs in by itself, as a server does that knows us by our address.
func greetSignedIn(back net.Conn, r *bufio.Reader) string {
	_, _ = readResponse(r)
	_, _ = io.WriteString(back, "x LOGIN "+support+" secret\r\n")
	for response := ""; !strings.HasPrefix(response, "x "); {
		var err error
		if response, err = readResponse(r); err != nil {
			return "* BYE\r\n"
		}
	}
	return "* PREAUTH welcome back\r\n"
}

// readResponse reads one response with all its literals.
func readResponse(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		b.WriteString(line)
		m := literalEnd.FindStringSubmatch(line)
		if err != nil || m == nil {
			return b.String(), err
		}
		n, _ := strconv.ParseInt(m[1], 10, 64)
		if _, err := io.CopyN(&b, r, n); err != nil {
			return b.String(), err
		}
	}
}

// replacing replaces what matches a pattern in each response.
func replacing(pattern, with string) func(string) string {
	p := regexp.MustCompile(pattern)
	return func(s string) string { return p.ReplaceAllString(s, with) }
}

// Servers that speak IMAP in their own way, as some do: no mail is lost, doubled or out of order.
func TestOddServers(t *testing.T) {
	t.Parallel()
	for name, speak := range map[string]func(string) string{
		"as it is":                 func(s string) string { return s },
		"SEARCH with a blank":      replacing(`(?m)^(\* SEARCH.*)\r\n`, "$1 \r\n"),
		"blank before parenthesis": replacing(`^(\* \d+ FETCH \([^{]*)\)\r\n$`, "$1 )\r\n"),
		"UID behind the body":      replacing(`(?s)^(\* \d+ FETCH \()(UID \d+) (BODY\[\] \{.*)\)\r\n$`, "$1$3 $2)\r\n"),
		"Exchange's FLAGS":         replacing(`(?s)^(\* \d+ FETCH \(.*BODY\[\] \{.*)\)\r\n$`, "$1 FLAGS (\\Seen))\r\n"),
		"lower case":               replacing(`^\* (\d+) FETCH`, "* $1 fetch"),
		"OK without text":          replacing(`^(T\d+ OK).*\r\n$`, "$1\r\n"),
		"untagged OK without text": replacing(`^(T\d+ OK.*)$`, "* OK\r\n$1"),
		"untagged NO":              replacing(`^(T\d+ OK.*)$`, "* NO something is slow\r\n$1"),
		"unknown untagged":         replacing(`^(T\d+ OK.*)$`, "* XSTATS 1 2 3\r\n$1"),
		"no UIDNEXT":               replacing(`(?m)^\* OK \[UIDNEXT \d+\].*\r\n`, ""),
		"STATUS without UIDNEXT":   replacing(`^(\* STATUS .*) UIDNEXT \d+`, "$1"),
		"permanent flags":          replacing(`^\* OK \[PERMANENTFLAGS \(.*?\)\].*`, `* OK [PERMANENTFLAGS (\* $$a)] x`),
		"short INTERNALDATE day":   replacing(`INTERNALDATE "0(\d)-`, `INTERNALDATE "$1-`),
		"INTERNALDATE NIL":         replacing(`INTERNALDATE "[^"]*"`, `INTERNALDATE NIL`),
		"INTERNALDATE in words":    replacing(`INTERNALDATE "[^"]*"`, `INTERNALDATE "yesterday"`),
		"alert":                    replacing(`^(T\d+ OK)(.*)$`, "$1 [ALERT] pay$2"),
		"two SEARCH lines":         replacing(`^\* SEARCH (\d+) (.*)\r\n`, "* SEARCH $1\r\n* SEARCH $2\r\n"),
		"MODSEQ in SEARCH":         replacing(`^(\* SEARCH .*)\r\n`, "$1 (MODSEQ 917162500)\r\n"),
		"body in lower case":       replacing(`BODY\[\] \{`, "body[] {"),
		"twice":                    replacing(`(?s)^(\* \d+ FETCH .*)$`, "$1$1"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pointTo(startOddServer(t, w.IMAPAddr(), greetAsServer, speak), w.SMTPAddr())
			w.wantThreeMails()
		})
	}
}

// wantThreeMails delivers three mails while the channel runs, and waits until they are stored.
func (w *world) wantThreeMails() {
	w.t.Helper()
	w.watch()
	for _, subject := range []string{"one", "two", "three"} {
		w.deliver(subject)
	}
	w.wantStored("one", "two", "three")
}

// A server that greets us as signed in asks for no password.
func TestPreauth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pointTo(startOddServer(t, w.IMAPAddr(), greetSignedIn, func(s string) string { return s }), w.SMTPAddr())
	w.config["imap.password"] = "wrong"
	w.wantThreeMails()
}

// refusing lets a server refuse, with these words, what it has begun to answer with a response that matches a pattern.
func refusing(pattern, words string) func(string) string {
	p, end := regexp.MustCompile(pattern), regexp.MustCompile(`^(T\d+) OK.*`)
	var refuses atomic.Bool
	return func(s string) string {
		if p.MatchString(s) {
			refuses.Store(true)
			return ""
		}
		if end.MatchString(s) && refuses.Swap(false) {
			return end.ReplaceAllString(s, "$1 NO "+words)
		}
		return s
	}
}

// One mail of which a server says nothing that can be understood, or refuses to speak, keeps neither the mails
// beside it nor answers from the folder of sent mail from coming, and these come in order.
func TestOneOddMailBesideSentMail(t *testing.T) {
	t.Parallel()
	oddTime := replacing(`^(\* 2 FETCH .*INTERNALDATE) "[^"]*"`, `$1 "yesterday"`)
	refused := func() func(string) string { return refusing(`^\* 2 FETCH .*INTERNALDATE`, "that can't be read") }
	for name, tc := range map[string]struct {
		speak       func(string) string
		inbox, sent []string // what lies in the folders, in the order of arrival
	}{
		"time of a customer's mail": {speak: oddTime, inbox: []string{"1 question", "2 odd", "4 thanks"}, sent: []string{"3 answer"}},
		"customer's mail refused":   {speak: refused(), inbox: []string{"1 question", "2 odd", "4 thanks"}, sent: []string{"3 answer"}},
		"time of an answer":         {speak: oddTime, sent: []string{"1 before", "2 odd", "3 answer"}},
		"answer refused":            {speak: refused(), inbox: []string{"2 question"}, sent: []string{"1 before", "3 odd", "4 answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.begins = time.Now().Add(-3 * time.Hour)
			w.opts.Timing.Poll, w.opts.Timing.RescanBad = 10*time.Millisecond, time.Millisecond
			w.pointTo(startOddServer(t, w.IMAPAddr(), greetAsServer, tc.speak), w.SMTPAddr())
			for folder, subjects := range map[string][]string{"INBOX": tc.inbox, "Sent": tc.sent} {
				for _, subject := range subjects {
					minute := time.Duration(subject[0] - '0')
					w.appendReceived(folder, subject, time.Hour-minute*time.Minute)
				}
			}

			w.run()
			w.wantStored(slices.Sorted(slices.Values(slices.Concat(tc.inbox, tc.sent)))...)
		})
	}
}

// A server refuses an old mail, the folder's first, and a new one each time. The good mail between them comes, and what comes behind
// the bad one, too.
func TestGoodMailBeforeARefusedOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver("old and bad")
	w.lookOnce()
	w.deliver("good")
	w.deliver("bad")
	w.opts.Timing.Poll = 10 * time.Millisecond
	w.pointTo(startOddServer(t, w.IMAPAddr(), greetAsServer, refusing(`^\* [13] FETCH .*BODY\[`, "that can't be read")), w.SMTPAddr())
	w.run()
	w.wantStored("good", "quarantined")
	w.deliver("better")
	w.wantStored("good", "quarantined", "better")
}

// Where handled mail is archived, a mail that the server refuses is soon the folder's first. It doesn't hold up those behind it.
func TestRefusedMailIsTheFirst(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"System Error", "[LIMIT] message has too many parts"} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.opts.Timing.RetryFirst, w.opts.Timing.RetryMax = time.Hour, time.Hour // a session that ends would keep the mails away
			w.deliver("bad")
			w.deliver("good")
			w.pointTo(startOddServer(t, w.IMAPAddr(), greetAsServer, refusing(`^\* 1 FETCH .*BODY\[`, words)), w.SMTPAddr())
			w.run()
			w.wantStored("quarantined", "good")
		})
	}
}

// A server that fails for some seconds, as while it restarts, has the time for that also where no other mail tells whether the
// mail is the cause: it comes, and nobody is told of it before.
func TestOnlyMailIsRefusedForAMoment(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("alone")
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionReply, Enhanced: "SERVERBUG", Times: 8})
	w.run()
	w.wantStored("alone")
}

// netease lets a server open no folder before a program says what it is, as NetEase's do. The server behind knows no ID.
func netease() func(string) string {
	examined, unknown := regexp.MustCompile(`(?m)^(T\d+) OK \[READ-ONLY\].*\r\n`), regexp.MustCompile(`^(T\d+) BAD Unknown command.*\r\n`)
	var isKnown atomic.Bool
	return func(s string) string {
		s = strings.ReplaceAll(s, "CAPABILITY IMAP4rev1", "CAPABILITY IMAP4rev1 ID")
		if unknown.MatchString(s) {
			isKnown.Store(true)
			return unknown.ReplaceAllString(s, "* ID (\"name\" \"Coremail Imap\" \"vendor\" \"Mailtech\" \"TransID\" \"AQ==\")\r\n$1 OK ID completed\r\n")
		}
		if !isKnown.Load() {
			s = examined.ReplaceAllString(s, "$1 NO EXAMINE Unsafe Login. Please contact kefu@188.com for help\r\n")
		}
		return s
	}
}

// NetEase's mailboxes are read: Parley says which program it is.
func TestServerThatWantsToKnowTheProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pointTo(startOddServer(t, w.IMAPAddr(), greetAsServer, netease()), w.SMTPAddr())
	w.wantThreeMails()
	w.wantOnlyActive()
}
