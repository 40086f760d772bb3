package fact

import "testing"

// The address of a file is stored with where it came from. What was stored without it says nothing of that.
func TestSeal(t *testing.T) {
	t.Parallel()
	want := Origin{Channel: "19:a&b@thread.tacv2", Author: "33333333-3333-4333-8333-333333333333"}
	const wantAddress = "https://x/a b?c=d&channel=19:z"
	if got, address := Unseal(want.Seal(wantAddress)); got != want || address != wantAddress {
		t.Errorf("got %+v and %q, want %+v and %q", got, address, want, wantAddress)
	}
	if got := want.Seal(""); got != "" {
		t.Errorf("without an address got %q, want nothing", got)
	}
	for _, raw := range []string{"https://x/a", "teams:?%zz", ""} {
		if got, _ := Unseal(raw); got != (Origin{}) {
			t.Errorf("%q: got the origin %+v, want none", raw, got)
		}
	}
}
