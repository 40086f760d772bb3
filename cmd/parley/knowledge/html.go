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
		switch {
		case c.Type == html.ElementNode && c.DataAtom == atom.Title && c.FirstChild != nil:
			d.title = oneLine(c.FirstChild.Data)
		case c.Type == html.ElementNode && c.DataAtom == atom.Meta && strings.EqualFold(attribute(c, "name"), "robots"):
			d.hidden = d.hidden || strings.Contains(strings.ToLower(attribute(c, "content")), "noindex")
		case c.Type == html.ElementNode && c.DataAtom == atom.A && !strings.Contains(strings.ToLower(attribute(c, "rel")), "nofollow"):
			d.links = append(d.links, attribute(c, "href"))
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

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
