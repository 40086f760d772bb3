package teams

import "testing"

// The address of a file is stored together with the file's origin.
func TestSealKeepsOriginAndAddress(t *testing.T) {
	t.Parallel()
	want := Origin{Channel: "19:a&b@thread.tacv2", Author: "33333333-3333-4333-8333-333333333333"}
	const wantAddress = "https://x/a b?c=d&channel=19:z" // with characters that a query escapes, and with a field of ours
	got, address := Unseal(want.Seal(wantAddress))
	if got != want {
		t.Errorf("got the origin %+v, want %+v", got, want)
	}
	if address != wantAddress {
		t.Errorf("got the address %q, want %q", address, wantAddress)
	}
}

// If an address was stored without an origin, none is read.
func TestUnsealWithoutAnOrigin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, stored string }{
		{name: "an address alone", stored: "https://x/a"},
		{name: "an unreadable one", stored: "teams:?%zz"},
		{name: "nothing", stored: ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, _ := Unseal(tt.stored); got != (Origin{}) {
				t.Errorf("%q: got the origin %+v, want none", tt.stored, got)
			}
		})
	}
}
