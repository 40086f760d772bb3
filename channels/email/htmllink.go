package email

import (
	"net/url"
	"regexp"
	"strings"

	"parley/channels/markdown"
)

// plainTarget gives a link whose text is its target as that target alone.
func plainTarget(href, label string) (string, bool) {
	if strings.ContainsAny(href, " <>\"`\\\n") || !linkable(href) {
		return "", false
	}
	switch lower := strings.ToLower(href); {
	case strings.HasPrefix(lower, "mailto:"), strings.HasPrefix(lower, "tel:"):
		_, address, _ := strings.Cut(href, ":")
		if address == label {
			return escaped(label), true
		}
	case href == label, strings.TrimSuffix(href, "/") == label:
		return bareURL(href), true
	}
	return "", false
}

// linkable reports whether a target may be a link: the web, mail, telephone.
func linkable(href string) bool {
	scheme, rest, found := strings.Cut(strings.ToLower(href), ":")
	if !found || rest == "" || len(href) > 4000 {
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

// destination writes a target so that nothing in it ends the link.
func destination(href string) string {
	var b strings.Builder
	for i := range len(href) {
		switch c := href[i]; {
		case c <= ' ' || c == 0x7f || strings.IndexByte("()<>[]\\\"`|", c) >= 0:
			b.WriteByte('%')
			b.WriteByte("0123456789ABCDEF"[c>>4])
			b.WriteByte("0123456789ABCDEF"[c&15])
		case c == '&' && markdown.IsEntity(href[i+1:]):
			b.WriteString("&amp;")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// hostInText finds the host that a link's text claims.
var hostInText = regexp.MustCompile(`(?i)^(?:https?://|www\.)([\p{L}\d\-]+(?:\.[\p{L}\d\-]+)+)`)

// foreignHost gives where a link really leads when its text names another host.
func foreignHost(label, href string) string {
	if !strings.Contains(label, ".") || strings.IndexByte("hHwW", label[0]) < 0 {
		return "" // without the pattern, which takes long
	}
	m := hostInText.FindStringSubmatch(label[:min(len(label), 300)])
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
	return escaped(u.Hostname())
}
