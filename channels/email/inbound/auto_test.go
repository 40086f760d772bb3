package inbound

import (
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/email/rawmail"
)

// decodeOne decodes a mail that must give one Inbound.
func decodeOne(t testing.TB, raw string) channels.Inbound {
	t.Helper()
	ins := newTestDecoder().decodeMail(Envelope{}, []byte(raw))
	if len(ins) != 1 {
		t.Fatalf("one mail gave %d things, want one", len(ins))
	}
	return ins[0]
}

// Mail that no person wrote is marked with the reason, and shown all the same.
func TestAutomatic(t *testing.T) {
	t.Parallel()
	tests := []struct{ headers, want string }{
		{"", ""},
		{"Auto-Submitted: no", ""},
		{"Auto-Submitted: no (really)", ""},
		{"Auto-Submitted: auto-replied; owner-email=\"x@y\"", "auto-submitted"},
		{"Auto-Submitted: auto-generated", "auto-submitted"},
		{"Precedence: Bulk", "precedence"},
		{"Precedence: auto_reply", "precedence"},
		{"Precedence: normal", ""},
		{"X-Auto-Response-Suppress: All", "auto-response-suppress"},
		{"X-Auto-Response-Suppress: DR, OOF, AutoReply", "auto-response-suppress"},
		{"X-Auto-Response-Suppress: DR, NDR", ""},
		{"X-Autoreply: yes", "auto-reply"},
		{"X-Autorespond: vacation", "auto-reply"},
		{"List-Id: <news.x.test>", "list"},
		{"List-Unsubscribe: <mailto:x@y>", "list"},
		{"List-Post: NO", "list"},
		{"Precedence: list", "precedence"},
		{ownGroup, ""}, // our address is a group, which passes on what people write
		{"List-Id: <news.x.test>\r\nPrecedence: bulk\r\n" + ownGroup, "list"},
		{"Precedence: bulk\r\n" + ownGroup, "precedence"},
		{"Auto-Submitted: auto-replied\r\n" + ownGroup, "auto-submitted"},
		{strings.ReplaceAll(ownGroup, "help@acme.test", "talk@x.test"), "list"},
		{"Return-Path: <>", "null-sender"},
		{"Return-Path: <ann@customer.test>", ""},
		{"X-Spam-Flag: YES", "spam"},
		{"X-Spam-Status: No, score=1", ""},
		{"From: no-reply@x.test", "no-reply"},
		{"From: Shop <shop-noreply@x.test>", "no-reply"},
		{"From: norah.reply@x.test", ""},
		{"From: mailer-daemon@x.test", "bounce"},
		{"From: PostMaster <postmaster@x.test>", "bounce"},
		{"From: PostMaster <postmaster@x.test>\r\nSubject: Re: Printer", ""},
		{"From: PostMaster <postmaster@x.test>\r\nSubject: Undeliverable: Printer", "bounce"},
		{"From: PostMaster <postmaster@x.test>\r\nSubject: Re: Printer\r\nReturn-Path: <>", "bounce"},
		{"From: help+tag@acme.test", "own-address"},
		{"Subject: Automatic reply: Hi", "auto-reply"},
		{"Subject: Abwesenheitsnotiz: Hallo", "auto-reply"},
		{"Subject: Réponse automatique : Bonjour", "auto-reply"},
		{"Subject: Odpowiedź automatyczna: Cześć", "auto-reply"},
		{"Subject: Automatisk svar: Hej", "auto-reply"},
		{"Subject: Автоматический ответ: Привет", "auto-reply"},
		{"Subject: Automatic doors", ""},
		{"Content-Type: multipart/report; report-type=disposition-notification; boundary=x", "receipt"},
		{"Content-Type: multipart/report; report-type=feedback-report; boundary=x", "feedback-report"},
	}
	for _, tt := range tests {
		raw := "From: Ann <ann@customer.test>\r\n"
		if strings.HasPrefix(tt.headers, "From:") {
			raw = ""
		}
		in := decodeOne(t, raw+tt.headers+"\r\n\r\n--x\r\n\r\nHello\r\n--x--\r\n")
		wantEqual(t, tt.headers+": why it is automatic", in.Automatic, tt.want)
		wantEqual(t, tt.headers+": kind", in.Kind, channels.InboundMessage)
	}
}

// Addresses are read as mail programs write them, also wrongly.
func TestAddresses(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"Ann <Ann@Customer.TEST>", "Ann <ann@customer.test>"},
		{`"Lee, Ann" <ann@customer.test>, bob@x.test`, "Lee, Ann <ann@customer.test> | <bob@x.test>"},
		{"ann@customer.test (Ann Lee)", "Ann Lee <ann@customer.test>"},
		{"Team: a@x.test, B <b@x.test>;", "<a@x.test> | B <b@x.test>"},
		{"undisclosed-recipients:;", ""},
		{"=?utf-8?Q?J=C3=B6rg?= <j@x.test>", "Jörg <j@x.test>"},
		{"=?utf-8?B?ZXZpbEBiYW5rLnRlc3Q=?= <real@x.test>", "evil@bank.test <real@x.test>"},
		{"=?utf-8?Q?a=2C_boss=40acme=2Etest?= <real@x.test>", "a, boss@acme.test <real@x.test>"},
		{"boss@acme.test <real@x.test>", "boss@acme.test <real@x.test>"},
		{"<a@x.test> Name behind", "Name behind <a@x.test>"},
		{"A <a@x.test> B <b@x.test>", "A <a@x.test> | B <b@x.test>"},
		{"a@x.test; b@x.test", "<a@x.test> | <b@x.test>"},
		{"'a@x.test' <a@x.test>", "<a@x.test>"},
		{`"A \"Q\" B" <a@x.test>`, `A "Q" B <a@x.test>`},
		{"a@x.test, A@X.test", "<a@x.test>"},
		{"mailto:a@x.test", "<a@x.test>"},
		{"nobody", ""},
		{"", ""},
		{`"unclosed <a@x.test>`, "unclosed <a@x.test>"},
		{`"postmaster@" <x.test postmaster@x.test>`, "postmaster@ <postmaster@x.test>"}, // a whole address behind stray words
		{`"ann..lee"@x.test, <"Bob"@x.test>, kim.@x.test`, "<ann..lee@x.test> | <bob@x.test> | <kim.@x.test>"},
		{`"john doe"@x.test, Jo <"j d"@y.test>`, `<"john doe"@x.test> | Jo <"j d"@y.test>`},
		{"<ann @x.test>, <bob@ y.test>, <kim@z. test>, <a.\r\n b@x.test>", "<ann@x.test> | <bob@y.test> | <kim@z.test> | <a.b@x.test>"},
	}
	for _, tt := range tests {
		var got []string
		for _, p := range rawmail.Addresses(rawmail.NewGuesser(), tt.in) {
			got = append(got, strings.TrimSpace(p.Name+" <"+p.Key+">"))
		}
		if s := strings.Join(got, " | "); s != tt.want {
			t.Errorf("addresses(%q) = %q, want %q", tt.in, s, tt.want)
		}
	}
}

// ownGroup are headers of a mail that a Google group with the account's address passes on.
const ownGroup = "Precedence: list\r\nMailing-list: list help@acme.test; contact help+owners@acme.test\r\nList-ID: <help.acme.test>\r\n" +
	"List-Post: <https://groups.google.com/a/acme.test/group/help/post>, <mailto:help@acme.test>\r\n" +
	"List-Unsubscribe: <mailto:googlegroups-manage+1+unsubscribe@googlegroups.com>"

// TestOwnGroup: where the account's address is a group, the customer is who wrote to the group, even if the
// group may not send in the customer's name.
func TestOwnGroup(t *testing.T) {
	t.Parallel()
	const via = "From: 'Ann Lee' via Help <help@acme.test>\r\nTo: help@acme.test\r\n"
	for headers, want := range map[string]string{
		via + ownGroup + "\r\nX-Original-From: Ann Lee <ann@customer.test>\r\nReply-To: Ann Lee <ann@customer.test>": "ann@customer.test",
		via + ownGroup + "\r\nX-Original-From: Ann Lee <ann@customer.test>\r\nReply-To: help@acme.test":              "ann@customer.test",
		via + ownGroup + "\r\nReply-To: Ann Lee <ann@customer.test>":                                                 "ann@customer.test",
		via + ownGroup + "\r\nReply-To: Ann Lee <ann@customer.test>, bob@x.test":                                     "help@acme.test",
		via + ownGroup + "\r\nX-Original-From: Help <help@acme.test>\r\nReply-To: eve@x.test":                        "help@acme.test",
		via + "Reply-To: Ann Lee <ann@customer.test>":                                                                "help@acme.test",
	} {
		in := decodeOne(t, headers+"\r\n\r\nHello")
		wantEqual(t, headers+": customer", in.From.Key, want)
		isCustomer := want == "ann@customer.test"
		wantEqual(t, headers+": it is automatic", in.Automatic != "", !isCustomer)
		if isCustomer {
			wantEqual(t, headers+": addresses for answers besides hers", len(in.Envelope.ReplyTo), 0)
		}
	}
}

// TestRecipients: who gets an answer, who takes part, where a mail was sent.
//
func TestRecipients(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, "From: Ann <ann@customer.test>, Al <al@customer.test>\r\nReply-To: office@customer.test, help@acme.test\r\n"+
		"To: Help <HELP@acme.test>, bob@x.test\r\nCc: carl@x.test, billing@acme.test\r\n\r\nHi")
	keys := func(list []channels.Party) string {
		var out []string
		for _, p := range list {
			out = append(out, p.Key)
		}
		return strings.Join(out, " ")
	}
	wantEqual(t, "address of ours", in.Envelope.Via, "help@acme.test")
	wantEqual(t, "To", keys(in.Envelope.To), "bob@x.test")
	wantEqual(t, "Cc", keys(in.Envelope.Cc), "al@customer.test carl@x.test")
	wantEqual(t, "Reply-To", keys(in.Envelope.ReplyTo), "office@customer.test")

	blind := decodeOne(t, "From: ann@customer.test\r\nTo: bob@x.test\r\nDelivered-To: billing@acme.test\r\n\r\nHi")
	wantEqual(t, "address of ours in a blind copy", blind.Envelope.Via, "billing@acme.test")
	both := decodeOne(t, "Delivered-To: billing@acme.test\r\nFrom: ann@customer.test\r\nTo: bob@x.test\r\nCc: help@acme.test\r\n\r\nHi")
	wantEqual(t, "address of ours that she wrote, and not the mailbox behind it", both.Envelope.Via, "help@acme.test")
}

// TestLyingName: a name that shows another address is pointed out.
func TestLyingName(t *testing.T) {
	t.Parallel()
	lying := decodeOne(t, "From: \"boss@acme.test\" <eve@x.test>\r\n\r\nPay me")
	wantEqual(t, "sender", lying.From.Key, "eve@x.test")
	wantNotice(t, lying, "another address")
	honest := decodeOne(t, "From: \"Eve@x.test\" <eve@x.test>\r\n\r\nPay me")
	wantEqual(t, "notices where the name shows her own address", len(honest.Notices), 0)
}

// TestDates: Date, else the newest Received, else the mailbox's own time.
func TestDates(t *testing.T) {
	t.Parallel()
	tests := []struct{ headers, want string }{
		{"Date: Mon, 2 Nov 2026 11:00:00 +0100", "2026-11-02 10:00:00"},
		{"Date: Mon, 2 Nov 2026 11:00:00 +0100 (MEZ)", "2026-11-02 10:00:00"},
		{"Date: 2026-11-02T11:00:00+01:00", "2026-11-02 10:00:00"},
		{"Date: Mon, 2 Nov 2026 11:00", "2026-11-02 11:00:00"},
		{"Date: yesterday\r\nReceived: by x; Mon, 2 Nov 2026 12:00:00 +0000\r\nReceived: by y; Sun, 1 Nov 2026 12:00:00 +0000", "2026-11-02 12:00:00"},
		{"Date: Thu, 1 Jan 1970 00:00:00 +0000", "2026-11-20 08:00:00"},
		{"", "2026-11-20 08:00:00"},
	}
	for _, tt := range tests {
		payload := `{"v":1,"folder":"INBOX","internal_date":"2026-11-20T08:00:00Z"}` + "\nFrom: a@b.test\r\n" + tt.headers + "\r\n\r\nHi"
		ins, err := decode([]byte(payload), Options{})
		if err != nil || len(ins) != 1 {
			t.Fatal(err)
		}
		if got := ins[0].At.UTC().Format("2006-01-02 15:04:05"); got != tt.want {
			t.Errorf("%q: got the time %s, want %s", tt.headers, got, tt.want)
		}
	}
}

// TestForgedSender: only the field of our own server, the topmost one, says that a sender may be forged. Those below it may be
// the sender's own.
func TestForgedSender(t *testing.T) {
	t.Parallel()
	const failed, passed = "Authentication-Results: mx.acme.test; dmarc=fail\r\n", "Authentication-Results: mx.acme.test; dmarc=pass\r\n"
	for name, tt := range map[string]struct {
		headers string
		want    bool
	}{
		"failed":                         {failed, true},
		"passed":                         {passed, false},
		"failed, and the sender lies":    {failed + passed, true},
		"passed after it failed farther": {passed + failed, false},
		"other checks failed":            {"Authentication-Results: mx.acme.test; spf=fail; dkim=fail; dmarc=none\r\n", false},
		"not checked":                    {"", false},
	} {
		in := decodeOne(t, tt.headers+"From: ann@customer.test\r\n\r\nHi")
		wantEqual(t, name+": a notice says that the sender may be forged", hasNotice(in, "may be forged"), tt.want)
	}
}
