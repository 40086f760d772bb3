package knowledge

import (
	"strings"
	"testing"
)

// Patterns of a robots.txt match as RFC 9309 says, however many stars they have.
func TestRobotsPatterns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		pattern  string
		matching []string // paths
		others   []string
	}{
		{name: "everything", pattern: "/", matching: []string{"/", "/a"}},
		{
			name:     "a beginning",
			pattern:  "/help",
			matching: []string{"/help", "/help/a", "/helpless"},
			others:   []string{"/", "/hel", "/a/help"},
		},
		{name: "a whole path", pattern: "/help$", matching: []string{"/help"}, others: []string{"/help/", "/help?a=1"}},
		{
			name:     "an ending",
			pattern:  "/*.pdf$",
			matching: []string{"/a.pdf", "/a/b.pdf.pdf", "/.pdf"},
			others:   []string{"/a.pdf?x", "/pdf"},
		},
		{
			name:     "parts in their order",
			pattern:  "/a*b*c",
			matching: []string{"/abc", "/axbxcx", "/a/b/c"},
			others:   []string{"/acb", "/ab"},
		},
		{name: "two stars in a row are one", pattern: "/a**b$", matching: []string{"/ab", "/axb"}, others: []string{"/abx"}},
		{
			name:     "a star at the beginning",
			pattern:  "*/private/",
			matching: []string{"/private/", "/x/private/y"},
			others:   []string{"/private"},
		},
		{name: "a star at the end", pattern: "/shop*", matching: []string{"/shop", "/shop/x"}, others: []string{"/sho"}},
		{name: "the beginning isn't the ending too", pattern: "/a*a$", matching: []string{"/aa", "/axa"}, others: []string{"/a"}},
		{name: "no regular expression", pattern: "/(a|b)+.", matching: []string{"/(a|b)+.x"}, others: []string{"/a", "/(a|b)+x"}},
		{
			name:     "letters beyond ASCII",
			pattern:  "/hilfe/für-uns/",
			matching: []string{"/hilfe/f%C3%BCr-uns/", "/hilfe/f%c3%bcr-uns/a"},
			others:   []string{"/hilfe/fur-uns/"},
		},
		{
			name:     "escapes, which have several spellings",
			pattern:  "/%7ejoe/a%3cb c",
			matching: []string{"/~joe/a%3Cb%20c", "/%7Ejoe/a%3cb%20c"},
			others:   []string{"/~joe/a"},
		},
		{name: "an escaped slash is none", pattern: "/a%2fb", matching: []string{"/a%2Fb"}, others: []string{"/a/b"}},
		{
			name:     "a star and a dollar that are meant",
			pattern:  "/a%2A%24b",
			matching: []string{"/a*$b", "/a%2a%24b"},
			others:   []string{"/ax$b", "/a"},
		},
		{name: "a dollar in the middle", pattern: "/a$b", matching: []string{"/a$b"}, others: []string{"/a"}},
		{name: "very many stars", pattern: "/x" + strings.Repeat("*y", 20000), others: []string{"/xy", "/xyy"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			disallowed := rules{lines: []rule{newRule(false, tt.pattern)}}
			for _, path := range tt.matching {
				if disallowed.isAllowed(path) {
					t.Errorf("%.20q doesn't match %q", tt.pattern, path)
				}
			}
			for _, path := range tt.others {
				if !disallowed.isAllowed(path) {
					t.Errorf("%.20q matches %q", tt.pattern, path)
				}
			}
		})
	}
}

// Only the first maxRules rules of a robots.txt are kept, since each link is compared with all of them.
func TestLongRobots(t *testing.T) {
	t.Parallel()
	const more = 30000 // than are kept
	r := parseRobots("User-agent: *\nDisallow: /internal/\n" + strings.Repeat("Disallow: /a*b\n", more))

	if len(r.lines) > maxRules {
		t.Errorf("%d rules are kept, want at most %d", len(r.lines), maxRules)
	}
	if r.isAllowed("/internal/x") {
		t.Error("/internal/x is allowed, against the first rule")
	}
	if !r.isAllowed("/help") {
		t.Error("/help isn't allowed, and no rule is against it")
	}
}

// The lines of a robots.txt end as on any system, and a byte order mark may begin it.
// Source: RFC 9309 section 2.2.
func TestLinesOfRobots(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"LF":                     "User-agent: *\nDisallow: /internal/\n",
		"CRLF":                   "User-agent: *\r\nDisallow: /internal/\r\n",
		"CR":                     "User-agent: *\rDisallow: /internal/\r",
		"with a byte order mark": "\ufeffUser-agent: *\nDisallow: /internal/\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := parseRobots(text)
			if r.isAllowed("/internal/x") {
				t.Error("/internal/x is allowed")
			}
			if !r.isAllowed("/help") {
				t.Error("/help isn't allowed")
			}
		})
	}
}
