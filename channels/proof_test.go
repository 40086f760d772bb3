package channels

import "testing"

// TestProofsStay: tokens are in messages that were sent long ago, so that what proves them never
// changes.
func TestProofsStay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ purpose, body, want string }{
		{"mail token", "c12.m34", "12a0fb508400cb24"},
		{"whatsapp token", "m12.1.z", "91df6aea0c030a1c"},
		{"messenger token 77", "c12.m34.p", "482bd85909b69913"},
		{"http token", "p12-1.34", "4f7fd90c18e63045"},
		{"twilio status 5", "12.0e", "64e27714c68476cd"},
	} {
		if got := Sign([]byte("key"), c.purpose, c.body); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.purpose, c.body, got, c.want)
		}
	}
}

// TestVerify: a proof holds for its body, its purpose and one of the keys, and only as a whole.
func TestVerify(t *testing.T) {
	t.Parallel()
	old, now := []byte("old key"), []byte("new key")
	proof := Sign(old, "mail token", "c12")
	for name, c := range map[string]struct {
		keys                 [][]byte
		purpose, body, proof string
		want                 bool
	}{
		"the newest key":  {[][]byte{old, now}, "mail token", "c12", proof, true},
		"an older key":    {[][]byte{now, old}, "mail token", "c12", proof, true},
		"another key":     {[][]byte{now}, "mail token", "c12", proof, false},
		"no key":          {nil, "mail token", "c12", proof, false},
		"an empty key":    {[][]byte{nil}, "mail token", "c12", Sign(nil, "mail token", "c12"), false},
		"another purpose": {[][]byte{old}, "http token", "c12", proof, false},
		"another body":    {[][]byte{old}, "mail token", "c13", proof, false},
		"its beginning":   {[][]byte{old}, "mail token", "c12", proof[:8], false},
		"no proof":        {[][]byte{old}, "mail token", "c12", "", false},
	} {
		if got := Verify(c.keys, c.purpose, c.body, c.proof); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
