package message

import (
	"strings"
	"testing"

	"parley/channels"
)

// Mail that no person wrote is marked with the reason, and shown all the same.

// ownGroup are fields of a mail that a Google group with the account's address passes on.
const ownGroup = `Precedence: list
Mailing-list: list help@acme.test; contact help+owners@acme.test
List-ID: <help.acme.test>
List-Post: <https://groups.google.com/a/acme.test/group/help/post>, <mailto:help@acme.test>
List-Unsubscribe: <mailto:googlegroups-manage+1+unsubscribe@googlegroups.com>`

// automaticTest says why a mail with such a header counts as automatic.
type automaticTest struct {
	name   string
	header string
	want   string // the reason; "" means that a person wrote it
}

// checkAutomatic checks the reasons. Each mail is shown as a message all the same.
func checkAutomatic(t *testing.T, tests []automaticTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header := tt.header
			if !strings.HasPrefix(header, "From:") {
				header = "From: Ann <ann@customer.test>\n" + header
			}
			in := decodeOne(t, crlf(header+"\n\n--x\n\nHello\n--x--\n")) // in parts, for those that say so
			wantEqual(t, "why it is automatic", in.Automatic, tt.want)
			wantEqual(t, "kind", in.Kind, channels.InboundMessage)
		})
	}
}

// The header of a mail may say that no person wrote it.
func TestAutomatic(t *testing.T) {
	t.Parallel()
	checkAutomatic(t, []automaticTest{
		{name: "nothing", header: "", want: ""},

		{name: "no by Auto-Submitted", header: "Auto-Submitted: no", want: ""},
		{name: "no with a comment", header: "Auto-Submitted: no (really)", want: ""},
		{name: "replied", header: "Auto-Submitted: auto-replied; owner-email=\"x@y\"", want: "auto-submitted"},
		{name: "generated", header: "Auto-Submitted: auto-generated", want: "auto-generated"},
		{name: "generated as a reply", header: "Auto-Submitted: auto-generated\nSubject: Automatic reply: Hi", want: "auto-reply"},
		{name: "generated without a sender", header: "Auto-Submitted: auto-generated\nReturn-Path: <>", want: "null-sender"},

		{name: "bulk", header: "Precedence: Bulk", want: "bulk"},
		{name: "bulk without a sender", header: "Precedence: bulk\nReturn-Path: <>", want: "null-sender"},
		{name: "auto_reply", header: "Precedence: auto_reply", want: "auto-reply"},
		{name: "junk", header: "Precedence: junk", want: "auto-reply"},
		{name: "normal", header: "Precedence: normal", want: ""},
		{name: "Postfix's name for no sender", header: "Return-Path: <MAILER-DAEMON>", want: "null-sender"},
		{name: "the same with a domain", header: "Return-Path: <MAILER-DAEMON@x.test>", want: "null-sender"},
		{name: "no author", header: "From: <>", want: "null-sender"},
		{name: "list by Precedence", header: "Precedence: list", want: "bulk"},

		// Exchange puts this into people's mail that it passes on by a distribution list.
		{name: "wants no automatic answers", header: "X-Auto-Response-Suppress: DR, OOF, AutoReply", want: ""},

		{name: "X-Autoreply", header: "X-Autoreply: yes", want: "auto-reply"},
		{name: "X-Autorespond", header: "X-Autorespond: vacation", want: "auto-reply"},

		{name: "null sender", header: "Return-Path: <>", want: "null-sender"},
		{name: "ordinary sender", header: "Return-Path: <ann@customer.test>", want: ""},
		{name: "spam", header: "X-Spam-Flag: YES", want: "spam"},
		{name: "no spam", header: "X-Spam-Status: No, score=1", want: ""},

		{name: "receipt", header: "Content-Type: multipart/report; report-type=disposition-notification; boundary=x", want: "receipt"},
		{
			name:   "feedback report",
			header: "Content-Type: multipart/report; report-type=feedback-report; boundary=x",
			want:   "feedback-report",
		},
		{name: "TLS report", header: "Content-Type: multipart/report; report-type=tlsrpt; boundary=x", want: "domain-report"},
		{
			name:   "DMARC report",
			header: "From: mailer-daemon@x.test\nSubject: Report Domain: acme.test Submitter: x.test Report-ID: <1@x.test>",
			want:   "domain-report",
		},
	})
}

// The sender's address may say that no person wrote a mail. A postmaster may be one, who answers.
func TestAutomaticSenders(t *testing.T) {
	t.Parallel()
	const postmaster = "From: PostMaster <postmaster@x.test>\n"
	checkAutomatic(t, []automaticTest{
		{name: "no-reply", header: "From: no-reply@x.test", want: "no-reply"},
		{name: "no-reply behind a name", header: "From: Shop <shop-noreply@x.test>", want: "no-reply"},
		{name: "a name that is alike", header: "From: norah.reply@x.test", want: ""},
		{name: "mailer-daemon", header: "From: mailer-daemon@x.test", want: "bounce"},
		{name: "mailer-daemon about anything", header: "From: mailer-daemon@x.test\nSubject: Printer", want: "bounce"},
		{name: "a name of mailer-daemon", header: "From: Mailer-Daemon <mail@x.test>", want: "bounce"},
		{name: "postmaster who marks a report", header: postmaster + "Subject: Printer\nX-MS-Exchange-Message-Is-Ndr:", want: "bounce"},
		{name: "postmaster", header: "From: PostMaster <postmaster@x.test>", want: "bounce"},
		{name: "postmaster who answers", header: postmaster + "Subject: Re: Printer", want: ""},
		{name: "postmaster who reports", header: postmaster + "Subject: Undeliverable: Printer", want: "bounce"},
		{name: "postmaster without a sender", header: postmaster + "Subject: Re: Printer\nReturn-Path: <>", want: "bounce"},
		{name: "no-reply of a program", header: "From: no-reply@x.test\nAuto-Submitted: auto-generated", want: "no-reply"},
		{name: "our own address", header: "From: help+tag@acme.test", want: "own-address"},
		{name: "our own address, which has a tag", header: "From: sales+eu@acme.test", want: "own-address"},
		{name: "a program of ours", header: "From: help@acme.test\nAuto-Submitted: auto-generated", want: "auto-generated"},
	})
}

// Automatic replies are known by their subjects, in many languages.
func TestAutomaticSubjects(t *testing.T) {
	t.Parallel()
	checkAutomatic(t, []automaticTest{
		{name: "English", header: "Subject: Automatic reply: Hi", want: "auto-reply"},
		{name: "English, automated", header: "Subject: Automated Response: Re: Automated Response: Re: Your package", want: "auto-reply"},
		{name: "German, automated", header: "Subject: Automatisierte Antwort: Ihr Paket", want: "auto-reply"},
		{name: "Dutch, automated", header: "Subject: Geautomatiseerd antwoord: Uw pakket", want: "auto-reply"},
		{name: "German", header: "Subject: Abwesenheitsnotiz: Hallo", want: "auto-reply"},
		{name: "French", header: "Subject: Réponse automatique : Bonjour", want: "auto-reply"},
		{name: "Polish", header: "Subject: Odpowiedź automatyczna: Cześć", want: "auto-reply"},
		{name: "Danish", header: "Subject: Automatisk svar: Hej", want: "auto-reply"},
		{name: "Russian", header: "Subject: Автоматический ответ: Привет", want: "auto-reply"},
		{name: "a product", header: "Subject: Automatic doors", want: ""},
	})
}

// Mail of a list is automatic. A group with our address passes on what people write: its fields count for nothing.
func TestAutomaticLists(t *testing.T) {
	t.Parallel()
	checkAutomatic(t, []automaticTest{
		{name: "List-Id", header: "List-Id: <news.x.test>", want: "list"},
		{name: "List-Unsubscribe", header: "List-Unsubscribe: <mailto:x@y>", want: "list"},
		{name: "List-Post", header: "List-Post: NO", want: "list"},

		{name: "our own group", header: ownGroup, want: ""},
		{name: "a newsletter to our own group", header: "List-Id: <news.x.test>\nPrecedence: bulk\n" + ownGroup, want: "list"},
		{name: "bulk mail to our own group", header: "Precedence: bulk\n" + ownGroup, want: "bulk"},
		{name: "an automatic reply to our own group", header: "Auto-Submitted: auto-replied\n" + ownGroup, want: "auto-submitted"},
		{name: "somebody else's group", header: strings.ReplaceAll(ownGroup, "help@acme.test", "talk@x.test"), want: "list"},
	})
}
