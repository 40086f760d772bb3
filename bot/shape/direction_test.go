package shape

import "testing"

// Isolated parts of a text stay isolated. Every other character that turns the direction of a text is left out.
func TestWithoutDirectionMarks(t *testing.T) {
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
		if got := WithoutDirectionMarks(in); got != want {
			t.Errorf("WithoutDirectionMarks(%+q) = %+q, want %+q", in, got, want)
		}
	}
}

// A name that reads from right to left is isolated, so that what stands around it keeps its place.
func TestOneLineIsolatesNames(t *testing.T) {
	t.Parallel()
	if got, want := OneLine("\u202eנועה \u2069כהן", 80), "\u2068נועה כהן\u2069"; got != want {
		t.Errorf("got %+q, want %+q", got, want)
	}
}
