package knowledge

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/email/bodytext"
)

// document is what a page of HTML says.
type document struct {
	title   string
	text    string   // as Markdown
	links   []string // as they are written
	noIndex bool     // the page wants to be in no index
}

// readHTML reads a page. It leaves out what frames the words on all pages of a site, such as menus. An unreadable page is empty.
func readHTML(source string) document {
	var d document
	tree, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return d
	}
	d.walk(tree)
	var rest strings.Builder
	if html.Render(&rest, tree) == nil {
		d.text = bodytext.NewReader(true, nil).Read(bodytext.Segment{HTML: rest.String()}).Text
	}
	return d
}

// walk collects links and the title, and takes out of the tree what is no text of the page.
func (d *document) walk(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling // before c is removed
		d.note(c)
		d.walk(c)
		switch c.DataAtom {
		case atom.Nav, atom.Header, atom.Footer, atom.Aside, atom.Form, atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe,
			atom.Svg:
			n.RemoveChild(c)
		}
		c = next
	}
}

// note takes from an element what it says of the page: the title, a link, or that the page wants to be in no index.
func (d *document) note(n *html.Node) {
	switch n.DataAtom {
	case atom.Title:
		if n.FirstChild != nil {
			d.title = oneLine(n.FirstChild.Data)
		}
	case atom.Meta:
		isForRobots := strings.EqualFold(attributeOf(n, "name"), "robots")
		if isForRobots && strings.Contains(strings.ToLower(attributeOf(n, "content")), "noindex") {
			d.noIndex = true
		}
	case atom.A:
		if !strings.Contains(strings.ToLower(attributeOf(n, "rel")), "nofollow") {
			d.links = append(d.links, attributeOf(n, "href"))
		}
	}
}

// attributeOf returns the value of an element's attribute, or "" if it has none of that name.
func attributeOf(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
