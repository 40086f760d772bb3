package email

import "testing"

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
