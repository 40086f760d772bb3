package message

import (
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// This file makes the HTML of a mail safe to show in a browser: without scripts, forms and styles, and without anything
// that the browser would load from another server.

// NewPolicy returns the rules for Sanitised. Creating them is slow, so callers reuse them. They are safe for concurrent
// use.
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

// renderChildren returns the children of a node as HTML, or "" if they can't be rendered.
func renderChildren(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&b, c); err != nil {
			return ""
		}
	}
	return b.String()
}

// Sanitised returns one HTML body without active content and remote pictures. HTML beyond the limits of the reader is
// cut off. policy comes from NewPolicy.
func (r *Reader) Sanitised(source string, policy *bluemonday.Policy) string {
	r.keepHTML = true
	body, _ := r.parse(source)
	r.keepHTML = false // Read must still return Markdown
	removeRelativeTargets(body)
	return strings.TrimSpace(policy.Sanitize(renderChildren(body)))
}

// removeRelativeTargets removes relative link targets such as "/offer": they would lead to pages of the site that shows
// the mail. Targets within the mail ("#top") stay.
func removeRelativeTargets(body *html.Node) {
	for n := range body.Descendants() {
		n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool {
			target := strings.TrimSpace(a.Val)
			return a.Key == "href" && !strings.HasPrefix(target, "#") && !canBeLink(target)
		})
	}
}
