package clean

import (
	"testing"

	"parley/channels/wamark"
)

func TestPreview(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Hello **there**,\n\nfine":                          "Hello there, fine",
		"# Spring sale\n\n[Buy](https://shop.test/a_b) now": "Spring sale Buy now",
		"1\\. first \\*not bold\\*":                         "1. first *not bold*",
		"> quoted\n- item":                                  "quoted item",
		"![mug.png](cid:mug) broken":                        "mug.png broken",
		"a_b_c 5*3 #7":                                      "a_b_c 5*3 #7",
		`[a\]b](<https://shop.test/(1)>) [**c**](d)`:        "a]b c",
		"see `arr[0](x)` or `**p`":                          "see arr[0](x) or **p",
		"a <https://shop.test/__init__> <ann@shop.test>":    "a https://shop.test/__init__ ann@shop.test",
	} {
		if got := Preview(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// What a customer typed is its own topic, whatever it looks like.
func TestTopicOfPlainText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"price [EUR](100)", "arr[0](x)", "see [l](http://x.test) end", "`c`", "<http://x.test>", "https://x.test/a_b__c",
		"**p** ~~s~~ __init__", "- no list", "# no heading", "> no quote", "1. no number", `C:\[x](y)\`, "![p](q)", "a@x.test",
	} {
		markdown := wamark.Escape(text)
		if got := Topic(markdown); got != text {
			t.Errorf("%q, which is %q, has the topic %q", text, markdown, got)
		}
	}
}
