package channels

import (
	"html"
	"slices"
	"strings"
	"testing"

	"parley/channels/budget"
	"parley/channels/markdown"
)

// Variables are named in the order in which they appear, each once, whatever their case.
func TestVariables(t *testing.T) {
	t.Parallel()
	if got, want := Variables("{{b}} {{ a }}{{B}}", "{{b}}{{1}}{{x-y}}"), []string{"b", "a", "1"}; !slices.Equal(got, want) {
		t.Errorf("variables: got %q, want %q", got, want)
	}
}

func TestHasStrayBraces(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"{{a}} and {{ b }}": false,
		"{a}":               false,
		"{{A}}":             true,
		"{{":                true,
		"}} {{a}}":          true,
		"{{a b}}":           true,
	} {
		if got := HasStrayBraces(s); got != want {
			t.Errorf("HasStrayBraces(%q) = %v, want %v", s, got, want)
		}
	}
}

// A value that looks like a variable isn't filled again.
func TestFill(t *testing.T) {
	t.Parallel()
	if got, want := Fill("{{a}} {{b}} {{c}}", map[string]string{"a": "{{b}}", "b": "$1"}), "{{b}} $1 {{c}}"; got != want {
		t.Errorf("filled: got %q, want %q", got, want)
	}
}

// The words of a template are all of its parts; a value formats nothing.
func TestWords(t *testing.T) {
	t.Parallel()
	buttons := []Button{{Title: "Track", URL: "https://x.example"}, {Title: "Call me"}}
	use := TemplateUse{Template: Template{Header: "Order {{n}}", Body: "Hello {{name}}.", Footer: "Acme", Buttons: buttons},
		Values: map[string]string{"n": "1. *x*", "name": "[Ann](https://evil.example)"}}
	want := "**Order 1\\. \\*x\\***\n\nHello \\[Ann\\](https\\://evil.example).\n\nAcme\n\nTrack: https://x.example  \n– Call me"
	if got := use.Words(); got != want {
		t.Errorf("words: got\n%s\nwant\n%s", got, want)
	}
}

func TestTemplateName(t *testing.T) {
	t.Parallel()
	if got, want := TemplateName(" Order – Update №2! "), "order_update_2"; got != want {
		t.Errorf("name: got %q, want %q", got, want)
	}
}

// A value of one line formats nothing and links nowhere, wherever it stands, and reads as it was typed.
func FuzzTemplateValue(f *testing.F) {
	for _, seed := range []string{"Ann", "*b* _i_ ~~s~~ `c`", "[x](https://x.test)", "<b>&amp;", "# h", "1. one", "12) x", "- x", "+ x", "> q", "===", "---", "a | b", `\`, "![i](x)", "***", "&#42;", "__a__", "http://x.test/a", "see www.x.test", "(a@x.test"} {
		f.Add(seed)
	}
	for _, seed := range budget.Seeds() {
		f.Add(seed)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, value string) {
		budget.CheckRepeated(t, m, value, func(s string) {
			TemplateUse{Template: Template{Body: "Hello {{v}}"}, Values: map[string]string{"v": s}}.Words()
		})
		value = strings.Join(strings.Fields(strings.ToValidUTF8(value, "")), " ")
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
			return
		}
		for _, body := range []string{"{{v}}", "Hello {{v}} there", "Hello\n\n{{v}}"} {
			words := TemplateUse{Template: Template{Body: body}, Values: map[string]string{"v": value}}.Words()
			want := strings.ReplaceAll(strings.ReplaceAll(body, "{{v}}", value), "\n\n", "")
			if got := shownText(t, words); got != want {
				t.Errorf("%q became %q, which reads %q, want %q", value, words, got, want)
			}
		}
	})
}

// shownText reads Markdown that must be nothing but paragraphs of text.
func shownText(t *testing.T, words string) string {
	t.Helper()
	var shown strings.Builder
	if err := markdown.New().Convert([]byte(words), &shown); err != nil {
		t.Fatal(err)
	}
	paragraphs := strings.NewReplacer("<p>", "", "</p>\n", "").Replace(shown.String())
	if strings.ContainsAny(paragraphs, "<>") {
		t.Errorf("%q became %s, want nothing but paragraphs", words, shown.String())
	}
	return html.UnescapeString(paragraphs)
}
