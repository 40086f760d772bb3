package message

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"parley/channels/markdown"
)

// This file decides how the links of a mail's HTML are written as Markdown. In these examples a link has a target
// (href) and a label (text):
//
//	https://acme.test  "https://acme.test"    ->  https://acme.test
//	https://acme.test  "our shop"             ->  [our shop](https://acme.test)
//	https://evil.test  "https://acme.test/a"  ->  [https://acme.test/a](https://evil.test) (evil.test)
//	javascript:alert() "our shop"             ->  our shop

// plainTarget returns the Markdown of a link whose label is its target: the address alone. ok is false for other links.
func plainTarget(href, label string) (markdown string, ok bool) {
	if strings.ContainsAny(href, " <>\"`\\\n") || !canBeLink(href) {
		return "", false
	}

	scheme, address, _ := strings.Cut(href, ":")
	switch strings.ToLower(scheme) {
	case "mailto", "tel":
		if address == label {
			return Escape(label), true
		}
	default:
		if href == label || strings.TrimSuffix(href, "/") == label {
			return bareURL(href), true
		}
	}

	return "", false
}

const maxTargetBytes = 4000

// canBeLink reports whether a target is safe and absolute: a web address, a mail address or a phone number.
func canBeLink(href string) bool {
	scheme, rest, found := strings.Cut(strings.ToLower(href), ":")
	if !found || rest == "" || len(href) > maxTargetBytes {
		return false
	}
	switch scheme {
	case "http", "https":
		return strings.HasPrefix(rest, "//") && len(rest) > 2
	case "mailto", "tel":
		return true
	}
	return false
}

// escapeTarget escapes all characters of a target that could end the link.
func escapeTarget(href string) string {
	var b strings.Builder
	for i := range len(href) {
		c := href[i]
		switch {
		case isUnsafeInTarget(c):
			fmt.Fprintf(&b, "%%%02X", c)
		case c == '&' && markdown.IsEntity(href[i+1:]):
			b.WriteString("&amp;")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// isUnsafeInTarget reports whether c could end a target in Markdown.
func isUnsafeInTarget(c byte) bool {
	isControl := c < ' ' || c == '\x7f'
	return isControl || strings.IndexByte(" ()<>[]\\\"`|", c) >= 0
}

// maxLabelBytes is how much of a label is searched for a host.
const maxLabelBytes = 300

// hostInLabel matches the host with which a label begins.
var hostInLabel = regexp.MustCompile(`(?i)^(?:https?://|www\.)([\p{L}\d\-]+(?:\.[\p{L}\d\-]+)+)`)

// foreignHost returns the host of a link, as Markdown, if its label names a different one. Otherwise it returns "".
func foreignHost(label, href string) string {
	if !strings.Contains(label, ".") || strings.IndexByte("hHwW", label[0]) < 0 {
		return "" // decides most labels without the regular expression, which is slow
	}

	match := hostInLabel.FindStringSubmatch(label[:min(len(label), maxLabelBytes)])
	if match == nil {
		return ""
	}

	target, err := url.Parse(href)
	if err != nil || target.Host == "" {
		return ""
	}

	claimed := strings.TrimPrefix(strings.ToLower(match[1]), "www.")
	actual := strings.TrimPrefix(strings.ToLower(target.Hostname()), "www.")
	if claimed == actual {
		return ""
	}

	return Escape(target.Hostname())
}
