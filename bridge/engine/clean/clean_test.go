package clean

import "testing"

func TestPreview(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Hello **there**,\n\nfine":                          "Hello there, fine",
		"# Spring sale\n\n[Buy](https://shop.test/a_b) now": "Spring sale Buy now",
		"1\\. first \\*not bold\\*":                         "1. first *not bold*",
		"> quoted\n- item":                                  "quoted item",
		"![mug.png](cid:mug) broken":                        "mug.png broken",
		"a_b_c 5*3 #7":                                      "a_b_c 5*3 #7",
	} {
		if got := Preview(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
