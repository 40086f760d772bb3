package fact

import (
	"testing"
)

// TestSealed: what is stored tells where it came from, and only that.
func TestSealed(t *testing.T) {
	t.Parallel()
	o := Origin{Channel: "19:a&b@thread.tacv2", Author: "33333333-3333-4333-8333-333333333333"}
	if got, address := Unseal(o.Seal("https://x/a b?c=d&channel=19:z")); got != o || address != "https://x/a b?c=d&channel=19:z" {
		t.Errorf("%+v %q", got, address)
	}
	if o.Seal("") != "" {
		t.Error("nothing is sealed")
	}
	for _, raw := range []string{"https://x/a", "teams:?%zz", ""} {
		if got, _ := Unseal(raw); got != (Origin{}) {
			t.Errorf("%q: %+v", raw, got)
		}
	}
}
