package app

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"parley/channels/email/message"
)

// decodeText converts a page to UTF-8. contentType is the Content-Type of a web page; it is "" for a file. What is valid
// UTF-8 counts as that, but for a last letter that maxPageBytes may have cut.
func decodeText(raw []byte, contentType string) string {
	end := len(raw)
	for end >= maxPageBytes && end > len(raw)-utf8.UTFMax && !utf8.Valid(raw[:end]) {
		end--
	}
	if utf8.Valid(raw[:end]) {
		raw = raw[:end]
	} else if r, err := charset.NewReader(bytes.NewReader(raw), contentType); err == nil {
		if converted, err := io.ReadAll(r); err == nil {
			raw = converted
		}
	}
	return clean(strings.TrimPrefix(string(raw), "\ufeff")) // the mark with which some editors begin a file
}

// clean removes the bytes that PostgreSQL rejects in texts: invalid UTF-8 and NUL.
func clean(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") }

// readHTML returns the title of a page and its text as Markdown, without the parts that repeat on every page of a site,
// such as menus and footers.
func readHTML(source string) (title, text string) {
	tree, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return "", ""
	}
	title = pruneHTML(tree)
	var pruned strings.Builder
	if html.Render(&pruned, tree) == nil {
		text = message.NewReader(nil).Read(message.Segment{HTML: pruned.String()}).Text
	}
	return title, text
}

// pruneHTML removes the elements that aren't part of the page's text, and returns the page's title.
func pruneHTML(parent *html.Node) (title string) {
	for child := parent.FirstChild; child != nil; {
		next := child.NextSibling // removing child clears it
		switch child.DataAtom {
		case atom.Nav, atom.Footer, atom.Aside, atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Svg:
			parent.RemoveChild(child)
		case atom.Title:
			if child.FirstChild != nil {
				title = oneLine(child.FirstChild.Data)
			}
		default:
			if found := pruneHTML(child); found != "" {
				title = found
			}
		}
		child = next
	}
	return title
}
