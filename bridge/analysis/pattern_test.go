package analysis

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// What an admin writes becomes patterns; what can't be one is told with its line, and without its words.
func TestParsePatterns(t *testing.T) {
	t.Parallel()
	got, err := ParsePatterns("order: \\bSO-(\\d{6})\\b -> https://shop.example/orders/{number}\r\n\n  invoice -> https://shop.example/i?n={number}\nticket\nRück-Nr: R:\\d+ -> x ")
	if err == nil || !strings.HasPrefix(err.Error(), "line 5: the link") {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = ParsePatterns("order: \\bSO-(\\d{6})\\b -> https://shop.example/orders/{number}\r\n\n  invoice -> https://shop.example/i?n={number}\nticket\nRück-Nr: R:\\d+")
	want := []Pattern{{"order", "\\bSO-(\\d{6})\\b", "https://shop.example/orders/{number}"}, {"invoice", "", "https://shop.example/i?n={number}"},
		{Kind: "ticket"}, {Kind: "Rück-Nr", Regexp: "R:\\d+"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{
		"order: (", "order: (?=x)", "order: (a)\\1", "order: \\d*", "order:", "order: " + strings.Repeat("a", LongestPattern+1), "order: (a{100}){9}",
		"serial", ": x", "<b>: x\\d", "order\u202e: x",
		"order: x\\d -> http://a.example/{number}", "order: x\\d -> javascript:alert({number})", "order: x\\d -> https://a.example/", "order: x\\d -> https://{number}.example/",
		"order: x\\d -> https://a.example{number}", "order: x\\d -> https://me:pw@a.example/{number}", "order: x\\d -> https://a.example/<{number}>", "order: x\\d -> //a.example/{number}",
		"order: x\\d -> https://a.example/" + strings.Repeat("a", longestLink) + "{number}", strings.Repeat("order: x\\d\n", MostPatterns+1), strings.Repeat("order: (a?){200}b\n", 10),
	} {
		if got, err := ParsePatterns(text); err == nil || !strings.HasPrefix(err.Error(), "line ") || strings.Contains(err.Error(), "pw@") {
			t.Errorf("%.40q: %+v, %v", text, got, err)
		}
	}
}

// A number that a customer wrote can't change where a link leads.
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
		{
			name:      "dots alone make no link: in a path they would lead to another folder",
			number:    "..",
			wantPath:  "",
			wantQuery: "",
		},
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
		{
			name:      "a space",
			number:    "a b",
			wantPath:  "https://shop.example/o/a%20b/x",
			wantQuery: "https://shop.example/o?n=a+b",
		},
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

// A model names only numbers that the desk's patterns find, and links that they make.
func TestCheckPatterns(t *testing.T) {
	t.Parallel()
	patterns, err := ParsePatterns("order: SO-(\\d{6}) -> https://shop.example/{number}\ninvoice")
	if err != nil {
		t.Fatal(err)
	}
	q := Question{Burst: []Message{{Text: "Where is SO-123456, and SO-99? Invoice 4711, room 12."}}, Desk: Desk{References: patterns}}
	got := Check(q, Answer{References: []Reference{{Kind: "order", Value: "123456", Link: "https://shop.example/123456"}, {Kind: "order", Value: "99"},
		{Kind: "order", Value: "12", Link: "https://shop.example/12"}, {Kind: "invoice", Value: "4711", Link: "https://evil.test/4711"}, {Kind: "ticket", Value: "12"}}})
	if want := []Reference{{Kind: "order", Value: "123456", Link: "https://shop.example/123456"}, {Kind: "invoice", Value: "4711"}}; !slices.Equal(got.References, want) {
		t.Errorf("%+v, want %+v", got.References, want)
	}
}

func TestParseIntents(t *testing.T) {
	t.Parallel()
	got, err := ParseIntents("order_status\nwarranty: asks about the guarantee = guarantee, Garantie ,\nbilling: all about money")
	known := DefaultIntents()
	want := []Intent{known[2], {Name: "warranty", About: "asks about the guarantee", Words: []string{"guarantee", "Garantie"}},
		{Name: "billing", About: "all about money", Tags: []string{"Billing", "Billing Issue"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"warranty", "Big: x", ": x", "a b: x", "x: " + strings.Repeat("a", longestAbout+1), "thanks\nthanks", "x: y = " + strings.Repeat("w,", maxWords+1) + "w",
		"x: y = " + strings.Repeat("w", longestWord+1)} {
		if got, err := ParseIntents(text); err == nil {
			t.Errorf("%.40q: %+v", text, got)
		}
	}
	var many strings.Builder
	for i := range maxOwnIntents + 1 {
		many.WriteString("n" + strings.Repeat("x", i%28) + string(rune('a'+i/28)) + ": y\n")
	}
	if _, err := ParseIntents(many.String()); err == nil {
		t.Error("very many are taken")
	}
}
