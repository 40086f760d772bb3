package bodytext

import (
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// NewPolicy returns the rules by which HTML is sanitised. Making the rules is slow, so callers keep them.
func NewPolicy() *bluemonday.Policy {
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

// renderChildren returns a node's children as HTML.
func renderChildren(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&b, c); err != nil {
			return ""
		}
	}
	return b.String()
}

// Sanitised returns one HTML body as HTML without active content, for which nothing is loaded from elsewhere.
// The limits of reading apply. policy comes from NewPolicy.
func (r *Reader) Sanitised(source string, policy *bluemonday.Policy) string {
	r.keepHTML = true
	body, _ := r.parse(source)
	r.keepHTML = false // what is read next is Markdown again
	removeRelativeTargets(body)
	return strings.TrimSpace(policy.Sanitize(renderChildren(body)))
}

// removeRelativeTargets removes the targets of links that lead to another page of whichever site shows the HTML: a mail has no site.
// Targets on the page itself stay.
func removeRelativeTargets(body *html.Node) {
	for n := range body.Descendants() {
		n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool {
			target := strings.TrimSpace(a.Val)
			return a.Key == "href" && !strings.HasPrefix(target, "#") && !canBeLink(target)
		})
	}
}
