package knowledge

import (
	"strings"
	"testing"
)

// Each pattern of a robots.txt means what RFC 9309 says, however many stars it has.
func TestRobotsPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, matching, others string }{
		{"/", "/ /a", ""},
		{"/help", "/help /help/a /helpless", "/ /hel /a/help"},
		{"/help$", "/help", "/help/ /help?a=1"},
		{"/*.pdf$", "/a.pdf /a/b.pdf.pdf /.pdf", "/a.pdf?x /pdf"},
		{"/a*b*c", "/abc /axbxcx /a/b/c", "/acb /ab"},
		{"/a**b$", "/ab /axb", "/abx"},
		{"*/private/", "/private/ /x/private/y", "/private"},
		{"/shop*", "/shop /shop/x", "/sho"},
		{"/a*a$", "/aa /axa", "/a"},
		{"/(a|b)+.", "/(a|b)+.x", "/a /(a|b)+x"},
		{"/x" + strings.Repeat("*y", 20000), "", "/xy /xyy"},
	} {
		r := rules{lines: []rule{newRule(false, c.pattern)}}
		for path := range strings.FieldsSeq(c.matching) {
			if r.isAllowed(path) {
				t.Errorf("%.20s doesn't match %s", c.pattern, path)
			}
		}
		for path := range strings.FieldsSeq(c.others) {
			if !r.isAllowed(path) {
				t.Errorf("%.20s matches %s", c.pattern, path)
			}
		}
	}
}

// A robots.txt of very many rules doesn't keep the reader busy: each link is compared with some thousands of them at most.
func TestLongRobots(t *testing.T) {
	t.Parallel()
	r := readRobots("User-agent: *\nDisallow: /internal/\n" + strings.Repeat("Disallow: /a*b\n", 30000))
	if len(r.lines) > maxRules || r.isAllowed("/internal/x") || !r.isAllowed("/help") {
		t.Errorf("%d rules are kept", len(r.lines))
	}
}
