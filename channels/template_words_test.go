package channels

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/channels/golden"
	"parley/channels/markdown"
)

// Variables returns the variables in the order in which they appear, each once, without regard to case.
func TestVariables(t *testing.T) {
	t.Parallel()
	if got, want := Variables("{{b}} {{ a }}{{B}}", "{{b}}{{1}}{{x-y}}"), []string{"b", "a", "1"}; !slices.Equal(got, want) {
		t.Errorf("variables: got %q, want %q", got, want)
	}
}

// A value that looks like a variable isn't filled again.
func TestFill(t *testing.T) {
	t.Parallel()
	if got, want := Fill("{{a}} {{b}} {{c}}", map[string]string{"a": "{{b}}", "b": "$1"}), "{{b}} $1 {{c}}"; got != want {
		t.Errorf("filled: got %q, want %q", got, want)
	}
}

// A value inside a bare link becomes part of the link. Outside a link, or after a character that ends the link, a value
// doesn't become a link.
func TestValueInLink(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ body, value, want string }{
		{"Stop: https://shop.example/u?m={{v}}", "kim_lee@x.test", "Stop: https://shop.example/u?m=kim_lee@x.test"},
		{"(www.shop.example/{{v}})", "+49171", "(www.shop.example/+49171)"},
		{"https://shop.example/{{v}}", "1.2", "https://shop.example/1.2"},
		{"https://shop.example/{{v}}/{{v}}", "https://x.test", "https://shop.example/https://x.test/https://x.test"},
		{"https://shop.example/{{v}}", "a kim@x.test", `https://shop.example/a kim\@x.test`},
		{"[Shop](https://shop.example/{{v}})", "a)(kim@x.test", `[Shop](https://shop.example/a)(kim\@x.test)`},
		{"https://shop.example/{{v}}", "_a__b_c_", `https://shop.example/\_a\_\_b\_c\_`},
		{"https://({{v}}", "kim@x.test", `https://(kim\@x.test`},
		{"https://shop.example {{v}}", "kim@x.test", `https://shop.example kim\@x.test`},
	} {
		use := TemplateUse{Template: Template{Body: tt.body}, Values: map[string]string{"v": tt.value}}
		if got := use.Words(); got != tt.want {
			t.Errorf("%q in %q: got %q, want %q", tt.value, tt.body, got, tt.want)
		}
	}
}

// A value of one line has no formatting and no links wherever it is, and reads as it was typed.
func FuzzTemplateValue(f *testing.F) {
	for _, seed := range []string{
		"Ann", "*b* _i_ ~~s~~ `c`", "[x](https://x.test)", "<b>&amp;", "# h", "1. one", "12) x", "- x", "+ x", "> q", "===",
		"---", "a | b", `\`, "![i](x)", "***", "&#42;", "__a__", "http://x.test/a", "see www.x.test", "(a@x.test",
	} {
		f.Add(seed)
	}
	for _, seed := range golden.Seeds() {
		f.Add(seed)
	}

	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, value string) {
		golden.CheckRepeated(t, m, value, func(s string) {
			TemplateUse{Template: Template{Body: "Hello {{v}}"}, Values: map[string]string{"v": s}}.Words()
		})
		value = strings.Join(strings.Fields(strings.ToValidUTF8(value, "")), " ")
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
			return
		}

		for _, body := range []string{"{{v}}", "Hello {{v}} there", "Hello\n\n{{v}}", "https://own.test/{{v}}"} {
			words := TemplateUse{Template: Template{Body: body}, Values: map[string]string{"v": value}}.Words()
			want := strings.ReplaceAll(strings.ReplaceAll(body, "{{v}}", value), "\n\n", "")
			if got := shownText(t, words); got != want {
				t.Errorf("%q became %q, which reads %q, want %q", value, words, got, want)
			}
		}
	})
}

// ownLink is the link of a template's body, as HTML.
var ownLink = regexp.MustCompile(`<a href="https://own\.test/[^"]*">([^<]*)</a>`)

// shownText returns the text of Markdown. It checks that the Markdown has only paragraphs and the body's own link.
func shownText(t *testing.T, words string) string {
	t.Helper()
	var shown strings.Builder
	if err := markdown.New().Convert([]byte(words), &shown); err != nil {
		t.Fatal(err)
	}
	paragraphs := strings.NewReplacer("<p>", "", "</p>\n", "").Replace(ownLink.ReplaceAllString(shown.String(), "$1"))
	if strings.ContainsAny(paragraphs, "<>") {
		t.Errorf("%q became %s, want nothing but paragraphs", words, shown.String())
	}
	return html.UnescapeString(paragraphs)
}
