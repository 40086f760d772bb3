package analysis

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// An admin writes one pattern a line: its kind, expression and link. A usual kind, such as ticket, needs no expression, and
// no kind needs a link.
func TestParsePatterns(t *testing.T) {
	t.Parallel()
	const text = "order: \\bSO-(\\d{6})\\b -> https://shop.example/orders/{number}\r\n" + `
  invoice -> https://shop.example/i?n={number}
ticket
Rück-Nr: R:\d+`
	got, err := ParsePatterns(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Pattern{
		{Kind: "order", Regexp: `\bSO-(\d{6})\b`, Link: "https://shop.example/orders/{number}"},
		{Kind: "invoice", Link: "https://shop.example/i?n={number}"},
		{Kind: "ticket"},
		{Kind: "Rück-Nr", Regexp: `R:\d+`},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// The error about a pattern names its line.
func TestParsePatternsNamesTheLine(t *testing.T) {
	t.Parallel()
	_, err := ParsePatterns("order: \\d\r\n\n  invoice\nticket\nRück-Nr: R:\\d+ -> x ")
	if err == nil {
		t.Fatal("got no error, want one")
	}
	if want := "line 5: the link"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got the error %q, want one that begins with %q", err, want)
	}
}

// A malformed pattern is refused. The error doesn't show the password of a link.
func TestParsePatternsRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
	}{
		{name: "malformed expression", text: "order: ("},
		{name: "lookahead", text: "order: (?=x)"},
		{name: "backreference", text: `order: (a)\1`},
		{name: "expression that an empty text fits", text: `order: \d*`},
		{name: "empty expression", text: "order:"},
		{name: "long expression", text: "order: " + strings.Repeat("a", MaxPatternBytes+1)},
		{name: "expression of many states", text: "order: (a{100}){9}"},
		{name: "expressions of many states together", text: strings.Repeat("order: (a?){200}b\n", 10)},
		{name: "too many patterns", text: strings.Repeat("order: x\\d\n", MaxPatterns+1)},

		{name: "unusual kind without an expression", text: "serial"},
		{name: "no kind", text: ": x"},
		{name: "kind with HTML", text: `<b>: x\d`},
		{name: "kind with a sign that turns the text around", text: "order\u202e: x"},

		{name: "link that isn't encrypted", text: `order: x\d -> http://a.example/{number}`},
		{name: "link that isn't one of the web", text: `order: x\d -> javascript:alert({number})`},
		{name: "link without a scheme", text: `order: x\d -> //a.example/{number}`},
		{name: "link without a number", text: `order: x\d -> https://a.example/`},
		{name: "link with the number as its host", text: `order: x\d -> https://{number}.example/`},
		{name: "link with the number in its host", text: `order: x\d -> https://a.example{number}`},
		{name: "link with a password", text: `order: x\d -> https://me:pw@a.example/{number}`},
		{name: "link with HTML", text: `order: x\d -> https://a.example/<{number}>`},
		{name: "long link", text: `order: x\d -> https://a.example/` + strings.Repeat("a", maxLink) + "{number}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParsePatterns(tt.text)
			if err == nil {
				t.Fatalf("ParsePatterns(%.60q) = %+v, want an error", tt.text, got)
			}
			if !strings.HasPrefix(err.Error(), "line ") {
				t.Errorf("got the error %q, want one that begins with the line", err)
			}
			if strings.Contains(err.Error(), "pw@") {
				t.Errorf("the error shows a password: %v", err)
			}
		})
	}
}

// A number that a customer wrote can't change the host or folder to which a link leads.
func TestLinkTo(t *testing.T) {
	t.Parallel()
	inPath := Pattern{Link: "https://shop.example/o/{number}/x"}
	inQuery := Pattern{Link: "https://shop.example/o?n={number}"}
	tests := []struct {
		name      string
		number    string
		wantPath  string
		wantQuery string
	}{
		{
			name:      "a usual number",
			number:    "SO-1",
			wantPath:  "https://shop.example/o/SO-1/x",
			wantQuery: "https://shop.example/o?n=SO-1",
		},
		{
			name:      "a way to another folder",
			number:    "../../evil",
			wantPath:  "https://shop.example/o/..%2F..%2Fevil/x",
			wantQuery: "https://shop.example/o?n=..%2F..%2Fevil",
		},
		{name: "dots alone make no link: in a path they would lead to another folder", number: "..", wantPath: "", wantQuery: ""},
		{
			name:      "another argument",
			number:    "1&admin=1",
			wantPath:  "https://shop.example/o/1&admin=1/x",
			wantQuery: "https://shop.example/o?n=1%26admin%3D1",
		},
		{
			name:      "a query and a fragment",
			number:    "1?a#b",
			wantPath:  "https://shop.example/o/1%3Fa%23b/x",
			wantQuery: "https://shop.example/o?n=1%3Fa%23b",
		},
		{
			name:      "another host",
			number:    "@evil.test",
			wantPath:  "https://shop.example/o/@evil.test/x",
			wantQuery: "https://shop.example/o?n=%40evil.test",
		},
		{name: "a space", number: "a b", wantPath: "https://shop.example/o/a%20b/x", wantQuery: "https://shop.example/o?n=a+b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := inPath.LinkTo(tt.number); got != tt.wantPath {
				t.Errorf("%q in a path: got %q, want %q", tt.number, got, tt.wantPath)
			}
			if got := inQuery.LinkTo(tt.number); got != tt.wantQuery {
				t.Errorf("%q in a query: got %q, want %q", tt.number, got, tt.wantQuery)
			}
		})
	}
}

func TestPatternWithoutLink(t *testing.T) {
	t.Parallel()
	if got := (Pattern{Kind: "order"}).LinkTo("1"); got != "" {
		t.Errorf("got the link %q, want none", got)
	}
}

// Check keeps those of a model's reference numbers that the desk's patterns find, with the links that the patterns make.
func TestCheckReferencesByPatterns(t *testing.T) {
	t.Parallel()
	patterns, err := ParsePatterns(`order: SO-(\d{6}) -> https://shop.example/{number}
invoice`)
	if err != nil {
		t.Fatal(err)
	}
	q := Question{Burst: []Message{{Text: "Where is SO-123456, and SO-99? Invoice 4711, room 12."}}, Desk: Desk{References: patterns}}
	got := Check(q, Answer{References: []Reference{
		{Kind: "order", Value: "123456", Link: "https://shop.example/123456"},
		{Kind: "order", Value: "99"}, // the pattern wants six digits
		{Kind: "order", Value: "12", Link: "https://shop.example/12"},
		{Kind: "invoice", Value: "4711", Link: "https://evil.test/4711"}, // not the pattern's link
		{Kind: "ticket", Value: "12"},                                    // no kind of the desk
	}}).References
	want := []Reference{
		{Kind: "order", Value: "123456", Link: "https://shop.example/123456"},
		{Kind: "invoice", Value: "4711"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// An admin writes one intent a line: its name, its description and typical words. A usual intent, such as order_status,
// needs only its name, and keeps its tags.
func TestParseIntents(t *testing.T) {
	t.Parallel()
	got, err := ParseIntents(`order_status
warranty: asks about the guarantee = guarantee, Garantie ,
billing: all about money`)
	if err != nil {
		t.Fatal(err)
	}
	orderStatus := DefaultIntents()[2]
	want := []Intent{
		orderStatus,
		{Name: "warranty", About: "asks about the guarantee", Words: []string{"guarantee", "Garantie"}},
		{Name: "billing", About: "all about money", Tags: []string{"Billing", "Billing Issue"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseIntentsRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
	}{
		{name: "unusual intent that says nothing about itself", text: "warranty"},
		{name: "name in capitals", text: "Big: x"},
		{name: "no name", text: ": x"},
		{name: "name with a blank", text: "a b: x"},
		{name: "long description", text: "x: " + strings.Repeat("a", maxAbout+1)},
		{name: "same name twice", text: "thanks\nthanks"},
		{name: "too many words", text: "x: y = " + strings.Repeat("w,", maxWords+1) + "w"},
		{name: "long word", text: "x: y = " + strings.Repeat("w", maxWord+1)},
		{name: "too many intents", text: manyIntents(maxDeskIntents + 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := ParseIntents(tt.text); err == nil {
				t.Errorf("ParseIntents(%.60q) = %+v, want an error", tt.text, got)
			}
		})
	}
}

// manyIntents returns the lines of n intents with different names. The names consist of letters only.
func manyIntents(n int) string {
	var text strings.Builder
	for i := range n {
		first, second := rune('a'+i%26), rune('a'+i/26)
		text.WriteString("intent" + string(first) + string(second) + ": y\n")
	}
	return text.String()
}

// The largest allowed number of intents is accepted.
func TestParseIntentsAsManyAsAllowed(t *testing.T) {
	t.Parallel()
	got, err := ParseIntents(manyIntents(maxDeskIntents))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != maxDeskIntents {
		t.Errorf("got %d intents, want %d", len(got), maxDeskIntents)
	}
}
