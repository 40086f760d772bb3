package rawmail

import (
	"reflect"
	"slices"
	"testing"

	"parley/channels"
)

// Key says who somebody is, and doesn't depend on the case of the address. Address is where mail is sent. It keeps the
// case before the "@", because a few servers tell such addresses apart (RFC 5321 section 2.4), and is empty if it
// equals Key.
func TestAddressesKeepTheirSpelling(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		field string
		want  channels.Party
	}{
		{name: "lower case", field: "ann@customer.test", want: channels.Party{Key: "ann@customer.test"}},
		{name: "domain in capitals", field: "ann@Customer.TEST", want: channels.Party{Key: "ann@customer.test"}},
		{
			name:  "capitals before the @, and a name",
			field: "Ann Lee <Ann.LEE@Customer.test>",
			want:  channels.Party{Key: "ann.lee@customer.test", Address: "Ann.LEE@customer.test", Name: "Ann Lee"},
		},
		{name: "link", field: "<mailto:Ann@customer.test>", want: channels.Party{Key: "ann@customer.test", Address: "Ann@customer.test"}},
		{
			name:  "quotes that are needed stay",
			field: `"Odd Name"@customer.test`,
			want:  channels.Party{Key: `"odd name"@customer.test`, Address: `"Odd Name"@customer.test`},
		},
		{
			name:  "quotes that aren't needed go",
			field: `"Ann..Lee"@customer.test`,
			want:  channels.Party{Key: "ann..lee@customer.test", Address: "Ann..Lee@customer.test"},
		},
		{
			name:  "domain outside ASCII",
			field: "Ann@Bücher.test",
			want:  channels.Party{Key: "ann@xn--bcher-kva.test", Address: "Ann@xn--bcher-kva.test"},
		},
		{
			name:  "domain with an İ, which is another letter than i",
			field: "Ann@fİrm.test",
			want:  channels.Party{Key: "ann@xn--firm-rwc.test", Address: "Ann@xn--firm-rwc.test"},
		},
		{
			name:  "İ before the @",
			field: "kİm@customer.test",
			want:  channels.Party{Key: "kİm@customer.test"},
		},
		{
			name:  "the first spelling of two counts",
			field: "ANN@customer.test, Ann@customer.test (a)",
			want:  channels.Party{Key: "ann@customer.test", Address: "ANN@customer.test"},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Addresses(NewGuesser(), tt.field)
			if len(got) != 1 {
				t.Fatalf("Addresses(%q) = %+v, want one address", tt.field, got)
			}
			if !reflect.DeepEqual(got[0], tt.want) {
				t.Errorf("Addresses(%q): got %+v, want %+v", tt.field, got[0], tt.want)
			}
		})
	}
}

// Old and careless programs write addresses with more than a name, a local part and a domain. Replies must still go to the
// mailbox that is meant: a reply to the wrong address is lost, or is refused together with all its other recipients.
func TestAddressesOfOddForm(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		field string
		want  []string
	}{
		{name: "route", field: "Mary <@machine.test:mary@acme.test>", want: []string{"mary@acme.test"}}, // RFC 5322 appendix A.6.1
		{name: "route of several", field: "<@a.test,@b.test:mary@acme.test>, joe@b.test", want: []string{"mary@acme.test", "joe@b.test"}},
		{name: "route of an encoded mail link", field: "<mailto:@a.test:mary@acme.test>", want: []string{"mary@acme.test"}},
		{
			name:  "comments within the address", // RFC 5322 appendix A.5
			field: `Pete(A nice \) chap) <pete(his account)@silly.test(his host)>, <c@(Chris's (own) host.)public.test>`,
			want:  []string{"pete@silly.test", "c@public.test"},
		},
		{
			name:  "encoded together with its name, as careless PHP scripts do", // "Ann Lee" <ann@acme.test>; ben@acme.test
			field: `=?utf-8?B?IkFubiBMZWUiIDxhbm5AYWNtZS50ZXN0Pg==?=, =?utf-8?Q?ben=40acme=2Etest?=`,
			want:  []string{"ann@acme.test", "ben@acme.test"},
		},
		{name: "address in the encoded name of another", field: `=?utf-8?Q?<ann=40acme.test>?= <ben@acme.test>`, want: []string{"ben@acme.test"}},
		{name: "parentheses within quotes", field: `<"a (b)"@acme.test>`, want: []string{`"a (b)"@acme.test`}},
		{
			name:  "angle brackets within quotes",
			field: `"a<b"@acme.test, Ann <"a>b"@acme.test>, Ben <"<a@b>"@acme.test>`,
			want:  []string{`"a<b"@acme.test`, `"a>b"@acme.test`, `"<a@b>"@acme.test`},
		},
		{
			name:  "inch marks",
			field: `19" Racks <racks@acme.test>, 20" Screens <screens@acme.test>, "Lee, Ann" <ann@acme.test>`,
			want:  []string{"racks@acme.test", "screens@acme.test", "ann@acme.test"},
		},
		{
			name:  "angle brackets that aren't closed",
			field: `Ann <ann@acme.test, "Lee, Ben" <ben@acme.test, Cy <cy@acme.test>, <@a.test,@b.test:dee@acme.test`,
			want:  []string{"ann@acme.test", "ben@acme.test", "cy@acme.test", "dee@acme.test"},
		},
		{
			name:  "a single inch mark",
			field: `19" Racks <racks@acme.test>, "Lee, Ann" <ann@acme.test>`,
			want:  []string{"racks@acme.test", "ann@acme.test"},
		},
		{
			name:  "a number at the end of quotes",
			field: `"Shop, Unit 7" <shop@acme.test>, ben@acme.test`,
			want:  []string{"shop@acme.test", "ben@acme.test"},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range Addresses(NewGuesser(), tt.field) {
				got = append(got, p.Key)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("Addresses(%q): got %q, want %q", tt.field, got, tt.want)
			}
		})
	}
}
