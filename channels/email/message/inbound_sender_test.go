package message

import (
	"slices"
	"strings"
	"testing"
)

// address is an address as it is read.
type address struct {
	name string
	key  string
}

// Addresses are read as mail programs write them, also if that is wrong.
func TestAddresses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		field string
		want  []address
	}{
		// Names.
		{field: "Ann <Ann@Customer.TEST>", want: []address{{"Ann", "ann@customer.test"}}},
		{field: `"Lee, Ann" <ann@customer.test>, bob@x.test`, want: []address{{"Lee, Ann", "ann@customer.test"}, {"", "bob@x.test"}}},
		{field: "ann@customer.test (Ann Lee)", want: []address{{"Ann Lee", "ann@customer.test"}}},
		{field: "<a@x.test> Name behind", want: []address{{"Name behind", "a@x.test"}}},
		{field: `"A \"Q\" B" <a@x.test>`, want: []address{{`A "Q" B`, "a@x.test"}}},
		{field: "=?utf-8?Q?J=C3=B6rg?= <j@x.test>", want: []address{{"Jörg", "j@x.test"}}},

		{field: "=?utf-8?Q?J=C3=B6rg?= =?iso-8859-1?Q?_M=FCller?= <j@x.test>", want: []address{{"Jörg Müller", "j@x.test"}}},
		{field: "=?utf-8?Q?Ann=E2=80=AE_gpj?= <a@x.test>", want: []address{{"Ann gpj", "a@x.test"}}}, // an override of the direction
		{field: strings.Repeat("x", 300) + " <a@x.test>", want: []address{{strings.Repeat("x", 200), "a@x.test"}}},

		// Commas inside of names.
		{field: "a@x.test (Lee, Ann (HR)), b@x.test", want: []address{{"Lee, Ann (HR)", "a@x.test"}, {"", "b@x.test"}}},
		{field: `a@x.test (6" tall), b@x.test`, want: []address{{`6" tall`, "a@x.test"}, {"", "b@x.test"}}},
		{field: `"A \", B" <a@x.test>, b@x.test`, want: []address{{`A ", B`, "a@x.test"}, {"", "b@x.test"}}},

		// Names that show an address.
		{field: "'a@x.test' <a@x.test>", want: []address{{"", "a@x.test"}}},
		{field: "boss@acme.test <real@x.test>", want: []address{{"boss@acme.test", "real@x.test"}}},
		{field: "=?utf-8?B?ZXZpbEBiYW5rLnRlc3Q=?= <real@x.test>", want: []address{{"evil@bank.test", "real@x.test"}}},
		{field: "=?utf-8?Q?a=2C_boss=40acme=2Etest?= <real@x.test>", want: []address{{"a, boss@acme.test", "real@x.test"}}},

		// Names and comments that contain the punctuation of addresses.
		{field: "a@x.test (Ann <3)", want: []address{{"Ann <3", "a@x.test"}}},
		{field: "evil@x.test (Ann <ann@customer.test>)", want: []address{{"Ann <ann@customer.test>", "evil@x.test"}}},
		{field: "Evil <evil@x.test> (<ann@customer.test>), b@x.test", want: []address{{"Evil", "evil@x.test"}, {"", "b@x.test"}}},
		{field: "Ann (HR <a@x.test>, b@x.test (Bob)", want: []address{{"Ann (HR", "a@x.test"}, {"Bob", "b@x.test"}}},
		{field: `"Ann <a@x.test>, Bob <b@x.test>`, want: []address{{"Ann", "a@x.test"}, {"Bob", "b@x.test"}}},
		{
			field: "\x1b$B;3ED\x1b(B <a@x.test>, \x1b$B;3<V\x1b(J <b@x.test>, c@x.test", // raw ISO-2022-JP
			want:  []address{{"山田", "a@x.test"}, {"山車", "b@x.test"}, {"", "c@x.test"}},
		},
		{
			field: "a@x.test (\x1b$B;3<V\x1b(B <3), b@x.test",
			want:  []address{{"山車 <3", "a@x.test"}, {"", "b@x.test"}},
		},

		// Groups and lists.
		{field: "Team: a@x.test, B <b@x.test>;", want: []address{{"", "a@x.test"}, {"B", "b@x.test"}}},
		{field: "undisclosed-recipients:;", want: nil},
		{field: "A <a@x.test> B <b@x.test>", want: []address{{"A", "a@x.test"}, {"B", "b@x.test"}}},
		{field: "a@x.test; b@x.test", want: []address{{"", "a@x.test"}, {"", "b@x.test"}}},
		{field: "a@x.test, A@X.test", want: []address{{"", "a@x.test"}}},

		// Faults.
		{field: "", want: nil},
		{field: "nobody", want: nil},
		{field: "ann@, @x.test, " + strings.Repeat("a", 320) + "@x.test", want: nil},
		{field: "mailto:a@x.test", want: []address{{"", "a@x.test"}}},
		{field: "A <mailto:a@x.test>", want: []address{{"A", "a@x.test"}}},
		{field: "a@x.test at work b@x.test", want: []address{{"at work b@x.test", "a@x.test"}}},
		{field: "a\x01@x.test", want: []address{{"", "a@x.test"}}},
		{field: `"unclosed <a@x.test>`, want: []address{{"unclosed", "a@x.test"}}},
		{field: `"postmaster@" <x.test postmaster@x.test>`, want: []address{{"postmaster@", "postmaster@x.test"}}},
		{
			field: `"ann..lee"@x.test, <"Bob"@x.test>, kim.@x.test`,
			want:  []address{{"", "ann..lee@x.test"}, {"", "bob@x.test"}, {"", "kim.@x.test"}},
		},
		{field: `"john doe"@x.test, Jo <"j d"@y.test>`, want: []address{{"", `"john doe"@x.test`}, {"Jo", `"j d"@y.test`}}},
		{
			field: "<ann @x.test>, <bob@ y.test>, <kim@z. test>, <a.\r\n b@x.test>",
			want:  []address{{"", "ann@x.test"}, {"", "bob@y.test"}, {"", "kim@z.test"}, {"", "a.b@x.test"}},
		},
	}
	for _, tt := range tests {
		var got []address
		for _, p := range Addresses(NewGuesser(), tt.field) {
			got = append(got, address{name: p.Name, key: p.Key})
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("Addresses(%q) = %q, want %q", tt.field, got, tt.want)
		}
	}
}

// fromOwnGroup are fields of a mail that was sent to our own group, which may not send in the customer's name.
const fromOwnGroup = "From: 'Ann Lee' via Help <help@acme.test>\nTo: help@acme.test\n" + ownGroup + "\n"

// If the account's address is a group, the customer is the person who wrote to the group, even if the group may not send
// in the customer's name. Answers go only to the customer.
func TestCustomerBehindOurOwnGroup(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, fields string }{
		{name: "X-Original-From and Reply-To", fields: "X-Original-From: Ann Lee <ann@customer.test>\nReply-To: Ann Lee <ann@customer.test>"},
		{name: "X-Original-From, answers to the group", fields: "X-Original-From: Ann Lee <ann@customer.test>\nReply-To: help@acme.test"},
		{name: "Reply-To alone", fields: "Reply-To: Ann Lee <ann@customer.test>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := decodeOne(t, crlf(fromOwnGroup+tt.fields+"\n\nHello"))
			wantEqual(t, "customer", in.From.Key, "ann@customer.test")
			wantEqual(t, "why it is automatic", in.Automatic, "")
			wantKeys(t, "addresses for answers besides hers", in.Envelope.ReplyTo)
		})
	}
}

// The header of a mail tells who gets an answer, who takes part, and to which address of ours it was sent.
// Requirement R-258: Several addresses of an account.
func TestRecipients(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, crlf(`From: Ann <ann@customer.test>, Al <al@customer.test>, help@acme.test
Reply-To: office@customer.test, help@acme.test
To: Help <HELP@acme.test>, bob@x.test
Cc: carl@x.test, billing@acme.test

Hi`))
	wantEqual(t, "address of ours", in.Envelope.Via, "help@acme.test")
	wantKeys(t, "To", in.Envelope.To, "bob@x.test")
	wantKeys(t, "Cc", in.Envelope.Cc, "al@customer.test", "carl@x.test")
	wantKeys(t, "Reply-To", in.Envelope.ReplyTo, "office@customer.test")
}

// Our address is the one that the customer wrote to, not the mailbox behind it. For a blind copy it is the mailbox.
// Requirement R-258: Several addresses of an account.
func TestAddressOfOurs(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, header, want string }{
		{
			name:   "blind copy",
			header: "From: ann@customer.test\nTo: bob@x.test\nDelivered-To: billing@acme.test",
			want:   "billing@acme.test",
		},
		{
			name:   "written to another one than it was delivered to",
			header: "Delivered-To: billing@acme.test\nFrom: ann@customer.test\nTo: bob@x.test\nCc: help@acme.test",
			want:   "help@acme.test",
		},
	}
	for _, tt := range tests {
		wantEqual(t, tt.name, decodeOne(t, crlf(tt.header+"\n\nHi")).Envelope.Via, tt.want)
	}
}

// If a sender's name shows another address, a notice says so.
func TestNameWithAnotherAddress(t *testing.T) {
	t.Parallel()
	in := decodeOne(t, "From: \"boss@acme.test\" <eve@x.test>\r\n\r\nPay me")
	wantEqual(t, "sender", in.From.Key, "eve@x.test")
	wantNotice(t, in, "another address")
}

// Only the topmost Authentication-Results, which our own server wrote, can say that a sender may be forged. The sender
// may have written those below it.
func TestForgedSender(t *testing.T) {
	t.Parallel()
	const (
		failed = "Authentication-Results: mx.acme.test; dmarc=fail\r\n"
		passed = "Authentication-Results: mx.acme.test; dmarc=pass\r\n"
		others = "Authentication-Results: mx.acme.test; spf=fail; dkim=fail; dmarc=none\r\n"
	)
	tests := []struct {
		name   string
		header string
		want   bool // a notice
	}{
		{name: "failed", header: failed, want: true},
		{name: "passed", header: passed, want: false},
		{name: "failed, and the sender lies", header: failed + passed, want: true},
		{name: "passed after it failed farther away", header: passed + failed, want: false},
		{name: "other checks failed", header: others, want: false},
		{name: "not checked", header: "", want: false},
	}
	for _, tt := range tests {
		in := decodeOne(t, tt.header+"From: ann@customer.test\r\n\r\nHi")
		wantEqual(t, tt.name+": a notice says that the sender may be forged", hasNotice(in, "may be forged"), tt.want)
	}
}
