package knowledge

import (
	"cmp"
	"iter"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/email/bodytext"
)

// document is the content of an HTML page.
type document struct {
	title   string
	text    string   // as Markdown
	base    string   // what the links are relative to, unresolved; "" means the page's address
	links   []string // href attributes, unresolved
	noIndex bool     // the page asks not to be kept: see isMetaForUs
}

// readHTML extracts the title, the text and the links of a page. The text leaves out the parts that repeat on every page
// of a site, such as menus and footers; their links are still returned, so that a crawler can follow them:
//
//	<title>Returns</title><nav><a href="/">Home</a></nav><p>Send it <b>back</b>.</p>
//
// gives the title "Returns", the link "/" and the text "Send it **back**.". A page that can't be parsed is empty.
func readHTML(source string) document {
	var doc document
	tree, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return doc
	}
	doc.walk(tree)

	var stripped strings.Builder
	if html.Render(&stripped, tree) == nil {
		doc.text = bodytext.NewReader(nil).Read(bodytext.Segment{HTML: stripped.String()}).Text
	}
	return doc
}

// walk collects the title and the links, and removes from the tree the elements that aren't part of the page's text.
func (doc *document) walk(parent *html.Node) {
	for child := parent.FirstChild; child != nil; {
		next := child.NextSibling // removing child clears it
		doc.collect(child)
		doc.walk(child)
		if isBesideText(child) {
			parent.RemoveChild(child)
		}
		child = next
	}
}

// isBesideText reports whether an element isn't part of the page's text. A header may be that of an article, with its heading.
// A form may contain the whole page: ASP.NET makes such pages.
func isBesideText(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Nav, atom.Footer, atom.Aside, atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Svg:
		return true
	case atom.Header:
		return !hasAny(n.Ancestors(), atom.Article, atom.Main)
	case atom.Form:
		return !hasAny(n.Descendants(), atom.H1, atom.Article, atom.Main)
	}
	return false
}

// hasAny reports whether one of the nodes is an element with one of these names.
func hasAny(nodes iter.Seq[*html.Node], names ...atom.Atom) bool {
	for n := range nodes {
		if slices.Contains(names, n.DataAtom) {
			return true
		}
	}
	return false
}

// collect records the title, the base, a link or a noindex request from an element.
func (doc *document) collect(n *html.Node) {
	switch n.DataAtom {
	case atom.Title:
		isOfPage := n.Namespace == "" // a picture (SVG) may have a title, too
		if isOfPage && n.FirstChild != nil {
			doc.title = oneLine(n.FirstChild.Data)
		}
	case atom.Meta:
		if isMetaForUs(attributeOf(n, "name")) && asksNoIndex(attributeOf(n, "content")) {
			doc.noIndex = true
		}
	case atom.Base:
		doc.base = cmp.Or(doc.base, strings.TrimSpace(attributeOf(n, "href"))) // the first one counts
	case atom.A:
		if !strings.Contains(strings.ToLower(attributeOf(n, "rel")), "nofollow") {
			doc.links = append(doc.links, attributeOf(n, "href"))
		}
	}
}

// attributeOf returns the value of an element's attribute, or "" if the element doesn't have it.
func attributeOf(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// baseAt returns the address that the links of a page are relative to. page is the page's own address.
func (doc *document) baseAt(page *url.URL) *url.URL {
	if base, err := page.Parse(doc.base); err == nil {
		return base
	}
	return page
}
