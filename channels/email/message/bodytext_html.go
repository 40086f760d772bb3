package message

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels"
)

// This file reads the text of one mail, which is plain text, HTML or both. For example, from the HTML
//
//	<p>Yes, <b>please</b>. <img src="cid:logo@acme.test"></p><blockquote type="cite">Shall we send it?</blockquote>
//
// Reader.Read returns a Body with the Text
//
//	Yes, **please**. ![logo.png](cid:logo@acme.test)
//
//	> Shall we send it?
//
// It removes what browsers don't show, never loads a remote picture, and stops at fixed limits, because the HTML comes
// from strangers. Which lines repeat what was said before is decided by who knows that.

// Limits for the HTML of one mail. What exceeds them is only available as an attachment.
const (
	maxHTMLBodies = 100
	maxHTMLBytes  = 2 << 20
)

// Body is the text of a mail or of one of its parts.
type Body struct {
	Text string // as Markdown

	showsNothing bool // a browser would show a blank page
	isCut        bool // it exceeds the limits: only its beginning was read
}

// Reader reads the texts of one mail; a mail may have several. The limits apply to all of them together. Its exported
// fields describe what it found so far. It is not safe for concurrent use.
type Reader struct {
	Used      map[string]bool       // the content ids of the mail's parts that its HTML shows
	Images    []channels.Attachment // pictures from data: addresses in the HTML
	TooLong   []channels.Attachment // HTML that exceeds the limits of reading, as files
	Blocked   bool                  // there is a remote picture, which is not loaded
	HasLayout bool                  // there are pictures or tables, which Markdown can't show as they were

	keepHTML bool              // the caller wants HTML (Sanitised), not Markdown
	cids     map[string]string // see NewReader
	lastText string            // the last text before the node that removeHidden is at

	// The amounts that count towards the limits.
	bodiesRead int
	bytesRead  int
	nodesMade  int
}

// NewReader returns a reader for one mail. cids has the file names of the mail's parts, by content id.
func NewReader(cids map[string]string) *Reader {
	return &Reader{cids: cids, Used: map[string]bool{}}
}

func (r *Reader) readHTML(source string) Body {
	body, complete := r.parse(source)
	out := Body{showsNothing: isEmpty(body), isCut: !complete}
	out.Text = writeMarkdown(body)
	return out
}

// parse parses one HTML body within the limits and removes invisible elements. complete is false if the limits were
// reached.
func (r *Reader) parse(source string) (body *html.Node, complete bool) {
	r.bodiesRead++
	readable := min(len(source), maxHTMLBytes-r.bytesRead) // how many bytes the limits allow
	if r.bodiesRead > maxHTMLBodies || readable == 0 {
		return &html.Node{Type: html.ElementNode, DataAtom: atom.Body, Data: "body"}, len(source) == 0
	}

	keepAttribute := isTextAttribute
	if r.keepHTML {
		keepAttribute = func(string) bool { return true }
	}

	body, nodes, complete := parseTree(source[:readable], keepAttribute, maxHTMLNodes-r.nodesMade)
	r.bytesRead += readable
	r.nodesMade += nodes
	r.lastText = ""
	r.removeHidden(body)
	return body, complete && readable == len(source)
}

// isTextAttribute reports whether an attribute is needed for converting an element to Markdown.
func isTextAttribute(name string) bool {
	switch name {
	case "alt", "class", "colspan", "height", "hidden", "href", "id", "role", "rowspan", "src", "start", "style", "type", "width":
		return true
	}
	return false
}

// isEmpty reports whether a node has no child except white space.
func isEmpty(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.TextNode || strings.TrimSpace(c.Data) != "" {
			return false
		}
	}
	return true
}

// removeHidden removes invisible elements from a node, and replaces its pictures and what else needs other words.
func (r *Reader) removeHidden(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling // c may be removed
		if !r.keepHTML && r.lastText != "--" && beginsSignature(c) {
			if !strings.HasPrefix(strings.TrimSpace(rawText(c)), "--") {
				n.InsertBefore(dashes(), c)
			}
			r.lastText = "--"
		}
		switch {
		case c.Type == html.TextNode:
			if text := strings.TrimSpace(c.Data); text != "" {
				r.lastText = text
			}
		case isNeverShown(c), isHidden(c):
			n.RemoveChild(c)
		case c.DataAtom == atom.Img:
			r.replacePicture(n, c)
		default:
			r.HasLayout = r.HasLayout || c.DataAtom == atom.Table
			readSigns(c)
			r.removeHidden(c)
		}
		c = next
	}
}

// isNeverShown reports whether elements of this kind never have readable text.
func isNeverShown(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Meta, atom.Link, atom.Noscript, atom.Template, atom.Object,
		atom.Embed, atom.Iframe, atom.Frame, atom.Frameset, atom.Svg, atom.Math, atom.Input, atom.Select, atom.Textarea, atom.Audio,
		atom.Video, atom.Canvas, atom.Map, atom.Base, atom.Applet:
		return true
	}
	return false
}

// isHidden reports whether the attributes of an element make it invisible.
func isHidden(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "hidden" {
			return true
		}
		if a.Key != "style" {
			continue
		}

		hides, zeroFont := readStyle(a.Val[:min(len(a.Val), maxStyleBytes)])
		if hides {
			return true
		}
		if zeroFont && !hasFontInside(n) {
			return true
		}
	}

	return false
}

// readStyle reports whether a style attribute hides an element, and whether it sets the font size to zero. A zero size
// hides the text unless inner elements set a size again, as newsletters with columns do.
func readStyle(style string) (hides, zeroFont bool) {
	for declaration := range strings.SplitSeq(strings.ToLower(style), ";") {
		name, value, _ := strings.Cut(declaration, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "display":
			hides = hides || strings.HasPrefix(value, "none")
		case "visibility":
			hides = hides || strings.HasPrefix(value, "hidden")
		case "opacity", "max-height":
			hides = hides || isZero(value)
		case "font-size":
			zeroFont = zeroFont || isZero(value)
		}
	}
	return hides, zeroFont
}

// isZero reports whether a length or number in a style is zero: "0", "0.0em !important".
func isZero(value string) bool {
	length, _, _ := strings.Cut(value, "!")
	number := strings.TrimRight(strings.TrimSpace(length), "%emptx") // the units are %, em, pt and px
	whole, fraction, _ := strings.Cut(number, ".")
	return whole == "0" && strings.Trim(fraction, "0") == ""
}

// hasFontInside reports whether a descendant of n sets a font.
func hasFontInside(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		if strings.Contains(strings.ToLower(attributeOf(c, "style")), "font") || hasFontInside(c) {
			return true
		}
	}
	return false
}

// StrippedHTML returns HTML without its tags. It keeps text that browsers don't show, except scripts and styles.
func StrippedHTML(source string) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	skip := "" // the name of the script or style element that is open, if any
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out.String()
		case html.TextToken:
			if skip == "" {
				out.Write(z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()

			switch string(name) {
			case "script", "style":
				skip = string(name)
			case "br", "p", "div", "tr", "li", "h1", "h2", "h3":
				out.WriteByte('\n')
			case "td", "th":
				out.WriteByte(' ')
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == skip {
				skip = ""
			}
		}
	}
}

// Segment is one text of a mail, as plain text, as HTML, or both with the same content.
type Segment struct {
	Plain, HTML string
}

// Read reads one text: the HTML if it shows any text, otherwise the plain form.
func (r *Reader) Read(s Segment) Body {
	if s.HTML == "" {
		return r.readPlain(s.Plain)
	}

	b := r.readHTML(s.HTML)
	if b.isCut {
		r.TooLong = append(r.TooLong, channels.Attachment{Name: "message.html", ContentType: "text/html", Content: []byte(s.HTML)})
	}

	if hasMoreAbove(s.Plain, b.Text) {
		return r.readPlain(s.Plain) // some programs write the answer only into the plain form, above the quote
	}

	if b.Text != "" {
		return b
	}
	hasPlain := strings.TrimSpace(s.Plain) != ""
	if hasPlain {
		return r.readPlain(s.Plain)
	}

	hasOnlyPictures := !b.showsNothing && !b.isCut
	if hasOnlyPictures {
		return b
	}
	if r.bodiesRead <= maxHTMLBodies { // all text is hidden: showing it is better than an empty mail
		return r.readPlain(StrippedHTML(s.HTML[:min(len(s.HTML), maxHTMLBytes)]))
	}
	return r.readPlain(s.Plain)
}

func (r *Reader) readPlain(text string) Body { return Body{Text: Markdown(text)} }

// hasMoreAbove reports whether Markdown begins with a quote, or with the words above one, and plain has more above that.
func hasMoreAbove(plain, md string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(md, " \n"), "\n")
	if plain == "" || !strings.HasPrefix(first, ">") && !strings.Contains(first, ":") {
		return false
	}
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if isWordRune(r) {
				return r
			}
			return -1
		}, s)
	}
	above, _, isFound := strings.Cut(letters(plain), letters(first))
	return isFound && above != "" && !strings.Contains(letters(md), above)
}

// beginsSignature reports whether a mail program marks an element as the signature, or as the line above it. (Outlook
// puts x_ before the names in what it quotes.)
func beginsSignature(n *html.Node) bool {
	if n.Type != html.ElementNode || len(n.Attr) == 0 {
		return false
	}
	for name := range strings.FieldsSeq(strings.ToLower(attributeOf(n, "class") + " " + attributeOf(n, "id"))) {
		for strings.HasPrefix(name, "x_") {
			name = name[2:]
		}
		switch name {
		case "gmail_signature", "moz-signature", "protonmail_signature_block", "applemailsignature", "ms-outlook-mobile-signature",
			"signature", "signature_old", "linebreakatbeginningofsignature":
			return true
		}
	}
	return false
}

// dashes returns the line "-- ", which plain text has above a signature.
func dashes() *html.Node {
	line := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	line.AppendChild(&html.Node{Type: html.TextNode, Data: "-- "})
	return line
}

// readSigns replaces the letters in an element whose font is Wingdings, in which Outlook writes smileys and arrows, by what
// they look like.
func readSigns(n *html.Node) {
	style := attributeOf(n, "style")
	if !strings.Contains(style, "ingdings") {
		return
	}
	for declaration := range strings.SplitSeq(strings.ToLower(style), ";") {
		name, font, _ := strings.Cut(declaration, ":")
		isFont := strings.HasSuffix(strings.TrimSpace(name), "font-family") && strings.Trim(font, " \"'") == "wingdings"
		for c := n.FirstChild; isFont && c != nil; c = c.NextSibling {
			if sign := signs()[strings.TrimSpace(c.Data)]; c.Type == html.TextNode && sign != "" {
				c.Data = sign
			}
		}
	}
}

// signs are signs of Wingdings by their letters, or by the places where Word keeps these.
func signs() map[string]string {
	return map[string]string{
		"J": "🙂", "\uf04a": "🙂", "K": "😐", "\uf04b": "😐", "L": "🙁", "\uf04c": "🙁",
		"à": "→", "\uf0e0": "→", "ß": "←", "\uf0df": "←", "è": "➔", "\uf0e8": "➔", "ü": "✓", "\uf0fc": "✓", "û": "✗", "\uf0fb": "✗",
	}
}
