package message

import (
	"reflect"
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
