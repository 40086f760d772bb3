package email

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// page is the HTML of a mail. It is made safe when somebody opens it: for most mails
// nobody does, and it takes as long as all the rest.
type page struct {
	decoder  *decoder
	segments []segment
	cids     map[string]string // known content ids: file name
}

// Sanitised gives HTML that is safe to show in a sandboxed page.
func (p *page) Sanitised() string {
	r := newHTMLReader(false, p.cids)
	r.original = true
	var safe []string
	for _, s := range p.segments {
		if s.html != "" {
			body, _ := r.parse(s.html)
			safe = appendText(safe, strings.TrimSpace(p.decoder.policy().Sanitize(renderChildren(body))))
		}
	}
	return strings.Join(safe, "\n<hr/>\n")
}

// newPolicy makes what HTML is sanitised with, which is slow.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^-?[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs(blockedAttr).Matching(remoteAddress).OnElements("img")
	p.AllowElements("center", "font", "u")
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p
}

// renderChildren writes what is in a node as HTML.
func renderChildren(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&b, c); err != nil {
			return ""
		}
	}
	return b.String()
}
