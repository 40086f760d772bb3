package bridge_test

import (
	"testing"

	"parley/bridge"
)

// A text that an earlier version of Parley has stored is the same text.
func TestSameText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, read, stored string
		want               bool
	}{
		{name: "indented lines", read: "Look:\n\n\u00a0\u00a0\u00a0\u00a0file\\_name", stored: "Look:\n\n    file\\_name", want: true},
		{name: "a mark that is escaped now", read: `Neu\![hier](<https://a.test>)`, stored: "Neu![hier](<https://a.test>)", want: true},
		{name: "other words", read: "It costs 1000", stored: "It costs 100"},
		{name: "another link", read: "[here](<https://a.test>)", stored: "[here](<https://b.test>)"},
	}
	for _, tt := range tests {
		if got := bridge.SameText(tt.read, tt.stored); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// The key of an address is the same for all its spellings, and another one for the address of somebody else.
func TestAddressKey(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, address, want string }{
		{name: "capitals", address: "Ann@Customer.TEST", want: "ann@customer.test"},
		{name: "capitals beyond ASCII", address: "JÖRG@Bücher.test", want: "jörg@xn--bcher-kva.test"},
		{name: "domain with an İ, which is another letter than i", address: "ann@fİrm.test", want: "ann@xn--firm-rwc.test"},
		{name: "the same domain in ASCII", address: "ann@xn--firm-rwc.test", want: "ann@xn--firm-rwc.test"},
		{name: "İ before the @", address: "kİm@firm.test", want: "kİm@firm.test"},
	}
	for _, tt := range tests {
		if got := bridge.AddressKey(tt.address); got != tt.want {
			t.Errorf("%s: the key of %q is %q, want %q", tt.name, tt.address, got, tt.want)
		}
	}
}
