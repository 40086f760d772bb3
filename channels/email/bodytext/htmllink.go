package bodytext

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"parley/channels/markdown"
)

// plainTarget returns the Markdown of a link whose text is its target: the address alone. ok is false for other links.
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

// maxTargetBytes is the length of the longest target that is a link.
const maxTargetBytes = 4000

// canBeLink reports whether a target can be a link: an address of the web, of mail, or a phone number.
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

// escapeTarget escapes a target, so that nothing in it ends the link.
func escapeTarget(href string) string {
	var b strings.Builder
	for i := range len(href) {
		c := href[i]
		if isUnsafeInTarget(c) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else if c == '&' && markdown.IsEntity(href[i+1:]) {
			b.WriteString("&amp;")
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// isUnsafeInTarget reports whether c may end a target in Markdown: a blank, a control character, or a mark.
func isUnsafeInTarget(c byte) bool {
	isControl := c < ' ' || c == '\x7f'
	return isControl || strings.IndexByte(" ()<>[]\\\"`|", c) >= 0
}

// maxLabelBytes is how much of a link's text is searched for a host, which stands at its beginning.
const maxLabelBytes = 300

// hostInText matches the host that a link's text names.
var hostInText = regexp.MustCompile(`(?i)^(?:https?://|www\.)([\p{L}\d\-]+(?:\.[\p{L}\d\-]+)+)`)

// foreignHost returns the host to which a link leads if the link's text names another host. Otherwise it returns "".
func foreignHost(label, href string) string {
	if !strings.Contains(label, ".") || strings.IndexByte("hHwW", label[0]) < 0 {
		return "" // most texts: hostInText is slow
	}

	m := hostInText.FindStringSubmatch(label[:min(len(label), maxLabelBytes)])
	if m == nil {
		return ""
	}

	u, err := url.Parse(href)
	if err != nil || u.Host == "" {
		return ""
	}

	claimed := strings.TrimPrefix(strings.ToLower(m[1]), "www.")
	real := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	if claimed == real {
		return ""
	}

	return Escape(u.Hostname())
}
