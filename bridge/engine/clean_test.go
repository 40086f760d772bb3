package engine

import (
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/markdown"
)

// A preview is one line of the words that people read, without the marks of Markdown.
func TestPreview(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		markdown string
		want     string
	}{
		{name: "bold words and paragraphs", markdown: "Hello **there**,\n\nfine", want: "Hello there, fine"},
		{
			name:     "a heading, and a link's words without its address",
			markdown: "# Spring sale\n\n[Buy](https://shop.test/a_b) now",
			want:     "Spring sale Buy now",
		},
		{
			name:     "escaped signs are themselves",
			markdown: `1\. first \*not bold\*`,
			want:     "1. first *not bold*",
		},
		{name: "a quotation and a list", markdown: "> quoted\n- item", want: "quoted item"},
		{name: "a picture's name without its address", markdown: "![mug.png](cid:mug) broken", want: "mug.png broken"},
		{name: "signs that are no marks", markdown: "a_b_c 5*3 #7", want: "a_b_c 5*3 #7"},
		{
			name:     "brackets within a link, and bold words",
			markdown: `[a\]b](<https://shop.test/(1)>) [**c**](d)`,
			want:     "a]b c",
		},
		{
			name:     "code keeps its signs",
			markdown: "see `arr[0](x)` or `**p`",
			want:     "see arr[0](x) or **p",
		},
		{
			name:     "addresses keep their signs",
			markdown: "a <https://shop.test/__init__> <ann@shop.test>",
			want:     "a https://shop.test/__init__ ann@shop.test",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Preview(tt.markdown); got != tt.want {
				t.Errorf("Preview(%q) = %q, want %q", tt.markdown, got, tt.want)
			}
		})
	}
}

// Characters that change the direction of writing are removed from a file's name. With them the first name here would
// look like that of a text, photo-exe.txt.
func TestFileNameIsStraight(t *testing.T) {
	t.Parallel()
	in := channels.Inbound{Attachments: []channels.Attachment{{Name: "photo-\u202etxt.exe\u202c"}, {Name: "حساب.pdf"}}}
	Inbound(&in)
	for i, want := range []string{"photo-txt.exe", "حساب.pdf"} {
		if got := in.Attachments[i].Name; got != want {
			t.Errorf("a file is called %q, want %q", got, want)
		}
	}
}

// A long text is shortened without a copy of the whole text.
func TestShortened(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{text: "", want: ""},
		{text: "four", want: "four"},
		{text: "fünf!", want: "fün…"},
		{text: strings.Repeat("ü", 1<<20), want: "üüü…"},
	} {
		var got string
		allocated := testing.AllocsPerRun(1, func() { got = Shorten(tt.text, 4) })
		if got != tt.want || allocated > 1 {
			t.Errorf("Shortened(%.20q) = %q with %v allocations, want %q with at most one", tt.text, got, allocated, tt.want)
		}
	}
}

// The topic of a plain text is the text as it was typed, even if it looks like Markdown.
func TestTopicOfPlainText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"price [EUR](100)",
		"arr[0](x)",
		"see [l](http://x.test) end",
		"`c`",
		"<http://x.test>",
		"https://x.test/a_b__c",
		"**p** ~~s~~ __init__",
		"- no list",
		"# no heading",
		"> no quote",
		"1. no number",
		`C:\[x](y)\`,
		"![p](q)",
		"a@x.test",
	} {
		markdown := markdown.Escape(text)
		if got := Topic(markdown); got != text {
			t.Errorf("Topic(%q) = %q, want %q, as it was typed", markdown, got, text)
		}
	}
}
