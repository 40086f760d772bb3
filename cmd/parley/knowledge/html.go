package knowledge

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels/email/bodytext"
)

// document is what a page of HTML says.
type document struct {
	title, text string   // Markdown
	links       []string // as they are written
	hidden      bool     // the page wants to be in no index
}

// readHTML reads a page. What frames its words on all pages of a site is left out.
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
		next := c.NextSibling

		if c.Type == html.ElementNode {
			d.note(c)
		}

		d.walk(c)

		if c.Type == html.ElementNode {
			switch c.DataAtom {
			case atom.Nav, atom.Header, atom.Footer, atom.Aside, atom.Form, atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Svg:
				n.RemoveChild(c)
			}
		}

		c = next
	}
}

// note takes from an element what is said of the page: its title, its links, and whether it wants to be in no index.
func (d *document) note(n *html.Node) {
	switch n.DataAtom {
	case atom.Title:
		if n.FirstChild != nil {
			d.title = oneLine(n.FirstChild.Data)
		}
	case atom.Meta:
		isForRobots := strings.EqualFold(attributeOf(n, "name"), "robots")
		if isForRobots && strings.Contains(strings.ToLower(attributeOf(n, "content")), "noindex") {
			d.hidden = true
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
