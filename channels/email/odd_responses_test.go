package email

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels/email/mailfake"
)

// oddResponse is a habit of a real server, and the change that gives the emulator's responses this habit.
type oddResponse struct {
	name   string
	change rewrite
}

func oddResponses() []oddResponse {
	return []oddResponse{
		{"as the emulator speaks", unchanged},

		// Blanks and letters.
		{"SEARCH with a blank at its end", replacing(`(?m)^(\* SEARCH.*)\r\n`, "$1 \r\n")},
		{"blank before the closing parenthesis", replacing(`^(\* \d+ FETCH \([^{]*)\)\r\n$`, "$1 )\r\n")},
		{"FETCH in lower case", replacing(`^\* (\d+) FETCH`, "* $1 fetch")},
		{"BODY in lower case", replacing(`BODY\[\] \{`, "body[] {")},

		// The contents of a FETCH, and their order.
		{"UID behind the body", replacing(`(?s)^(\* \d+ FETCH \()(UID \d+) (BODY\[\] \{.*)\)\r\n$`, "$1$3 $2)\r\n")},
		{"FLAGS that nobody asked for, as Exchange", replacing(`(?s)^(\* \d+ FETCH \(.*BODY\[\] \{.*)\)\r\n$`, "$1 FLAGS (\\Seen))\r\n")},
		{"each FETCH twice", replacing(`(?s)^(\* \d+ FETCH .*)$`, "$1$1")},
		{"INTERNALDATE with a day of one digit", replacing(`INTERNALDATE "0(\d)-`, `INTERNALDATE "$1-`)},
		{"INTERNALDATE NIL", replacing(`INTERNALDATE "[^"]*"`, `INTERNALDATE NIL`)},
		{"INTERNALDATE that isn't a date", replacing(`INTERNALDATE "[^"]*"`, `INTERNALDATE "yesterday"`)},

		// Ends of commands.
		{"OK without text", replacing(`^(T\d+ OK).*\r\n$`, "$1\r\n")},
		{"OK with an alert", replacing(`(?m)^(T\d+ OK)(.*)$`, "$1 [ALERT] pay$2")},
		{"untagged OK without text", replacing(`(?m)^(T\d+ OK.*)$`, "* OK\r\n$1")},
		{"untagged NO", replacing(`(?m)^(T\d+ OK.*)$`, "* NO something is slow\r\n$1")},
		{"untagged response that is unknown", replacing(`(?m)^(T\d+ OK.*)$`, "* XSTATS 1 2 3\r\n$1")},
		{"unknown ones with literals", replacing(`(?m)^(T\d+ OK.*)$`, "* X {3}\r\n* A {0}\r\n b\r\n* 7 VANISHED\r\n* LSUB () NIL x\r\n$1")},
		{"empty lines", replacing(`(?m)^(T\d+ OK.*)$`, "\r\n*\r\n* 7\r\n$1")},

		// Properties of a folder.
		{"no UIDNEXT", replacing(`(?m)^\* OK \[UIDNEXT \d+\].*\r\n`, "")},
		{"STATUS without UIDNEXT", replacing(`^(\* STATUS .*) UIDNEXT \d+`, "$1")},
		{"flags of unusual names", replacing(`^\* OK \[PERMANENTFLAGS \(.*?\)\].*`, `* OK [PERMANENTFLAGS (\* $$a)] x`)},
		{"flags of names that no atom has", replacing( // issue 6 of emailjs-imap-handler
			`(?m)^\* (FLAGS|OK \[PERMANENTFLAGS) \(`, `* $1 ([css3-page] `)},
		{"flags in quotes, as InterMail", replacing(`(?m)^\* FLAGS \(`, `* FLAGS ("\\Deleted" `)},
		{"no flags at all", replacing(`\[PERMANENTFLAGS \(.*?\)\]`, `[PERMANENTFLAGS NIL]`)},
		{"a mail's flags before each response of it", replacing(
			`(?s)^(\* (\d+) FETCH \(UID (\d+) .*)$`, "* $2 FETCH (FLAGS ([css3-page] \\Seen) UID $3)\r\n$1")},

		// Results of a search.
		{"two SEARCH lines", replacing(`^\* SEARCH (\d+) (.*)\r\n`, "* SEARCH $1\r\n* SEARCH $2\r\n")},
		{"SEARCH that finds nothing by n:*, as GNU Mailutils", findingNothing},
		{"SEARCH with MODSEQ", replacing(`^(\* SEARCH .*)\r\n`, "$1 (MODSEQ 917162500)\r\n")},
	}
}

// No mail is lost, doubled or out of order if a server writes IMAP in one of these odd ways.
func TestOddServers(t *testing.T) {
	t.Parallel()
	for _, tt := range oddResponses() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.putOddServerBetween(greetAsServer, tt.change)
			w.wantThreeMails()
		})
	}
}

// wantThreeMails delivers three mails while the channel runs, and checks that they are stored.
func (w *world) wantThreeMails() {
	w.t.Helper()
	w.startAndWaitActive()
	w.deliver("one", "two", "three")
	w.waitStored("one", "two", "three")
}

// If a server greets Parley as already signed in, Parley doesn't log in: the test's wrong password does no harm.
func TestServerThatGreetsAsSignedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.putOddServerBetween(greetSignedIn, unchanged)
	w.config["imap.password"] = "wrong"
	w.wantThreeMails()
}

// Some servers, such as NetEase's, open no folder before they know the program. Parley tells them its name by the command
// ID.
func TestServerThatWantsToKnowTheProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.putOddServerBetween(greetAsServer, demandingID())
	w.wantThreeMails()
	w.wantOnlyActive()
}

// Some servers, such as Courier, store the UIDs of mails only if a folder is opened for writing. Parley then reads mails
// by the stored UIDs.
func TestServerThatNumbersMailsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.putOddServerBetween(greetAsServer, numberingAnew())
	w.wantThreeMails()
}

// If a server announces no UIDNEXT, Parley tries to open the folder for writing. If it isn't allowed to, it reads the
// folder all the same. The doctor never opens a folder for writing.
func TestFolderThatMayOnlyBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hide := replacing(`^\* OK \[UIDNEXT \d+\].*\r\n`, "")
	refuse := replacing(`^(\S+) OK \[READ-WRITE\].*\r\n`, "$1 NO [NOPERM] Permission denied\r\n")
	var refused atomic.Int64
	w.putOddServerBetween(greetAsServer, func(response string) string {
		if strings.Contains(response, " OK [READ-WRITE]") {
			refused.Add(1)
		}
		return refuse(hide(response))
	})
	wantContains(t, "the doctor", w.findingText("IMAP folder"), "0 mails")
	wantEqual(t, "folders that the doctor opened for writing", refused.Load(), 0)

	w.wantThreeMails()
	w.wantOnlyActive()
	if refused.Load() == 0 {
		t.Error("no folder was opened for writing, want that Parley tried")
	}
}

// arrival is a mail that lies in a folder when the channel starts.
type arrival struct {
	folder  string
	subject string
}

// If one mail's time of arrival can't be understood, or the server refuses to tell it, the other mails still come in. So
// do answers from the folder of sent mail. All come in the order of their arrival.
func TestOneOddMailBesideSentMail(t *testing.T) {
	t.Parallel()
	// The odd mail is the second one of its folder.
	oddTime := func() rewrite { return replacing(`^(\* 2 FETCH .*INTERNALDATE) "[^"]*"`, `$1 "yesterday"`) }
	refused := func() rewrite { return refusing(`^\* 2 FETCH .*INTERNALDATE`, "that can't be read") }
	oddMailInInbox := []arrival{
		{folder: "INBOX", subject: "question"},
		{folder: "INBOX", subject: "odd"},
		{folder: "Sent", subject: "answer"},
		{folder: "INBOX", subject: "thanks"},
	}
	tests := []struct {
		name     string
		change   rewrite
		arrivals []arrival // in their order
	}{
		{name: "time of a customer's mail", change: oddTime(), arrivals: oddMailInInbox},
		{name: "customer's mail is refused", change: refused(), arrivals: oddMailInInbox},
		{
			name:   "time of an answer",
			change: oddTime(),
			arrivals: []arrival{
				{folder: "Sent", subject: "before"},
				{folder: "Sent", subject: "odd"},
				{folder: "Sent", subject: "answer"},
			},
		},
		{
			name:   "answer is refused",
			change: refused(),
			arrivals: []arrival{
				{folder: "Sent", subject: "before"},
				{folder: "INBOX", subject: "question"},
				{folder: "Sent", subject: "odd"},
				{folder: "Sent", subject: "answer"},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.begins = time.Now().Add(-3 * time.Hour)
			w.opts.Timing.Poll = 10 * time.Millisecond
			w.opts.Timing.RescanBad = time.Millisecond
			w.putOddServerBetween(greetAsServer, tt.change)

			var want []string
			for n, a := range tt.arrivals {
				w.appendReceived(a.folder, a.subject, time.Hour-time.Duration(n)*time.Minute)
				want = append(want, a.subject)
			}
			w.start()
			w.waitStored(want...)
		})
	}
}

// The server refuses the folder's first mail, which is old, and one new mail. Parley still takes the good mails before
// and after the refused one.
func TestGoodMailBeforeARefusedOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver("old and bad")
	w.lookOnce()
	w.deliver("good", "bad")
	w.opts.Timing.Poll = 10 * time.Millisecond
	w.putOddServerBetween(greetAsServer, refusing(`^\* [13] FETCH .*BODY\[`, "that can't be read"))
	w.start()
	w.waitStored("good", quarantined)
	w.deliver("better")
	w.waitStored("good", quarantined, "better")
}

// A refused mail may become the first of its folder if mails that are done get archived. Parley still takes the mails
// after it.
func TestRefusedMailIsTheFirst(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"System Error", "[LIMIT] message has too many parts"} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.opts.Timing.RetryFirst = time.Hour // so that the mails would stay away if the session ended
			w.opts.Timing.RetryMax = time.Hour
			w.deliver("bad", "good")
			w.putOddServerBetween(greetAsServer, refusing(`^\* 1 FETCH .*BODY\[`, words))
			w.start()
			w.waitStored(quarantined, "good")
		})
	}
}

// A server may fail for some seconds, for example while it restarts. Parley keeps trying, although there is no other mail
// by which it could tell whether this mail is the cause. The mail comes in without anybody being told of a fault.
func TestOnlyMailIsRefusedForAMoment(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.deliver("alone")
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionReply, ResponseCode: "SERVERBUG", Times: 8})
	w.start()
	w.waitStored("alone")
}

// A server may spell a folder's name wrongly, as Yandex's does if a Cyrillic name contains "&". Parley leaves that folder
// out, and finds and reads the folder of sent mail beside it.
func TestSentFolderBesideAWronglySpelledOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pollOften()
	w.putOddServerBetween(greetAsServer, replacing(`^(\* LIST .*) "?Archive"?`, `$1 "&BBAEMQQyACYEMwQ0BDU-"`))
	wantContains(t, "finding", w.findingText("Sent folder"), "Sent; Parley files a copy")
	w.startAndWaitActive()
	w.waitSentFolderRead()
	w.appendReceived("Sent", "answer", 0)
	w.waitStored("answer")
	w.wantOnlyActive()
}
