package shape

import "testing"

// TestStraight: what is isolated stays so, and nothing else turns a text around.
func TestStraight(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                        "plain",
		"\u2068שלום\u2069 · #12":       "\u2068שלום\u2069 · #12",
		"\u2068a\u2069 \u2068b\u2069":  "\u2068a\u2069 \u2068b\u2069",
		"\u2068open · #12":             "open · #12",
		"\u2069closed\u2068":           "closed",
		"\u2068x\u202egnp.exe\u2069":   "\u2068xgnp.exe\u2069",
		"a\u202eb\u2066c\u200fd\u061c": "abcd",
	} {
		if got := Straight(in); got != want {
			t.Errorf("%+q: %+q, want %+q", in, got, want)
		}
	}
	if got := OneLine("\u202eנועה \u2069כהן", 80); got != "\u2068נועה כהן\u2069" {
		t.Errorf("a name became %+q", got)
	}
}
