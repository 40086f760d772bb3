package golden

import (
	"flag"
	"hash/fnv"
	"strings"
	"testing"
)

// repeatedBytes is the minimum length of repeated inputs: long enough that a parser with quadratic time
// exceeds its allowance many times, and short enough to test a thousand of them.
const repeatedBytes = 64 << 10 / detectorCost

// CheckRepeated checks parse with the input, and then with the input repeated to repeatedBytes. Fuzzers find
// problematic inputs that are short, where they cost little. Repetition makes their cost visible: "[" becomes
// "[[[…".
func CheckRepeated[T ~string | ~[]byte](t testing.TB, m *Meter, input T, parse func(T)) {
	t.Helper()
	m.Check(t, len(input), func() { parse(input) })
	if long, ok := Repeated(input); ok {
		m.Check(t, len(long), func() { parse(long) })
	}
}

// Repeated returns piece repeated to at least repeatedBytes. ok is false for pieces that are empty or long
// enough already. To keep fuzzing fast, ok is true for only some pieces while a fuzzer looks for new inputs.
// That choice depends on the piece alone, so a failure is reproduced by the regression test.
func Repeated[T ~string | ~[]byte](piece T) (long T, ok bool) {
	if len(piece) == 0 || len(piece) >= repeatedBytes {
		return long, false
	}
	if isFuzzing() && !isChosen(string(piece)) {
		return long, false
	}
	return T(strings.Repeat(string(piece), repeatedBytes/len(piece)+1)), true
}

// isFuzzing reports whether this process searches for new inputs (go test -fuzz).
func isFuzzing() bool {
	for _, name := range []string{"test.fuzz", "test.fuzzworker"} {
		f := flag.Lookup(name)
		if f != nil && f.Value.String() != f.DefValue {
			return true
		}
	}
	return false
}

// isChosen selects one of sixteen inputs, so that a fuzzer spends most of its time on short ones.
func isChosen(input string) bool {
	const of = 16
	h := fnv.New32a()
	_, _ = h.Write([]byte(input)) // never fails
	return h.Sum32()%of == 0
}

// Seeds returns pieces that parsers tend to stumble over, to be used with CheckRepeated: brackets that are
// never closed, syntax of HTML, Markdown, MIME, JSON and chat formats, and invalid UTF-8.
func Seeds() []string {
	const depth = 300 // deeper than any parser should follow
	deep := func(open, inside, end string) string {
		return strings.Repeat(open, depth) + inside + strings.Repeat(end, depth)
	}
	return []string{
		"<", ">", "<>", "(", ")", "[", "]", "[](", "![", "{", "}", "\"", "'", "`", "``` ", "\\", "|", "|-|\n", "*", "_", "~", "*_", "**a", "_a_b",
		"#", "# ", "\n#", "-", "- ", "\n- ", "\n1. ", "\n> ", "&", "&amp;", "&#", "&#x1;", "=", "=?utf-8?", "=?utf-8?q?a?= ", "\n===",
		"\n---\n",
		":", ":a:", ";", ",", "@", "a@b ", "a@b.test, ", "<@U1>", "<!here>", "<#C1|x>", "<https://x.test|y>", "https://",
		"https://x.test/(a)_b ", "http://[", "www.x.test ",
		"<b>", "<b>x</b>", "<p>", "<p>x", "</b>", "<a href=x>", "<div>", "<br>", "<!--", "<![CDATA[", "<at>x</at>", "<table><tr><td>",
		"<ul><li>", "<blockquote>", "<pre>", "<img src=x>",
		" ", "\n", "\r", "\t", "\r\n", " \n", "\x00", "\xff", "\xff\xc3", "\u00a0", "\u200b", "\u2028", "\u202e", "\ufe0f", "é", "e\u0301",
		"漢", "\U0001F600", "\U0001F468\u200d", "\x1b$B",
		"a", "aB1 ", "1", "12:00 ", "1.", "$1", "{{1}}", "%", "%ff", "+", "/", "//", "!", "!a ", "note:", "\\u0000", "\\ud800",
		deep("[", "a", "]"), deep("(", "a", ")"), deep("*", "a", "*"), deep("<b>", "a", "</b>"), deep("> ", "a", "\n"), deep("<a", " ", ">"),
		deep("`", "a", "``"), deep("_a", "b", "*"),
	}
}
