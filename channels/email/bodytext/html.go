package bodytext

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parley/channels"
	"parley/channels/email/rawmail"
)

// Limits of what is read of one mail's HTML. What exceeds them is only in the attached original.
const (
	htmlBodies = 100
	htmlBytes  = 2 << 20
	htmlNodes  = 20_000
	styleBytes = 4000 // of one style attribute
)

// blockedAttr is the attribute that keeps the address of a remote picture, so that it isn't loaded.
const blockedAttr = "data-blocked-src"

// remoteAddress matches the address of a picture that is not part of the mail.
var remoteAddress = regexp.MustCompile(`(?i)^https?://[^\s"'<>]+$`)

// Body is what was read of one piece of text. Text is what its author wrote now; Quoted is the rest, which
// begins with the signature, if one was found.
type Body struct {
	Text, Quoted string // Markdown
	empty        bool   // a browser would show nothing
	cut          bool   // it is longer than the limits: only its beginning was read
	old          bool   // Text is nothing but signature and quoted history
}

// Reader reads the pieces of text of one mail. Its exported fields tell what it came upon.
type Reader struct {
	Used      map[string]bool       // the content ids of the mail's parts that its HTML shows
	Images    []channels.Attachment // pictures that were inside of the HTML (data:)
	TooLong   []channels.Attachment // HTML that exceeds the limits of reading, as files
	Blocked   bool                  // there is a remote picture, which is not loaded
	HasLayout bool                  // there are pictures or tables, which Markdown can't show as they were

	whole    bool              // the mail is a forward or a report: nothing in it is quoted history
	original bool              // the result is HTML to show, not Markdown
	cids     map[string]string // the file names of the mail's parts, by content id
	bodies   int               // bodies read so far
	bytes    int               // bytes of HTML read so far
	nodes    int               // nodes made so far
}

// NewReader makes a reader for one mail. whole says that nothing in it is quoted history, because it is a
// forward or a report; cids has the file names of the mail's parts by their content ids.
func NewReader(whole bool, cids map[string]string) *Reader {
	return &Reader{whole: whole, cids: cids, Used: map[string]bool{}}
}

// readHTML reads one HTML body.
func (r *Reader) readHTML(source string) Body {
	body, complete := r.parse(source)
	out := Body{empty: isEmpty(body), cut: !complete}
	history, only := splitHistory(body, r.whole)
	out.old = only
	out.Text = writeMarkdown(body)
	if history != nil {
		out.Quoted = writeMarkdown(history)
	}
	return out
}

// parse makes a tree of one HTML body within the limits, without elements that are never shown.
// complete is false if the limits cut it.
func (r *Reader) parse(source string) (body *html.Node, complete bool) {
	room := min(len(source), htmlBytes-r.bytes)
	if r.bodies++; r.bodies > htmlBodies || room == 0 {
		return &html.Node{Type: html.ElementNode, DataAtom: atom.Body, Data: "body"}, len(source) == 0
	}
	keeps := affectsText
	if r.original {
		keeps = func(string) bool { return true }
	}
	body, nodes, complete := parseTree(source[:room], keeps, htmlNodes-r.nodes)
	complete = complete && room == len(source)
	r.bytes, r.nodes = r.bytes+room, r.nodes+nodes
	r.clean(body)
	return body, complete
}

// affectsText reports whether an attribute matters for the Markdown of an element.
func affectsText(name string) bool {
	switch name {
	case "alt", "class", "colspan", "height", "hidden", "href", "id", "role", "rowspan", "src", "start", "style", "type", "width":
		return true
	}
	return false
}

// isEmpty reports whether there is nothing to see in a node.
func isEmpty(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.TextNode || strings.TrimSpace(c.Data) != "" {
			return false
		}
	}
	return true
}

// clean removes elements that are never shown and decides what to do with each picture.
func (r *Reader) clean(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type == html.ElementNode && (neverShown(c) || hidden(c)):
			n.RemoveChild(c)
		case c.DataAtom == atom.Img:
			r.picture(n, c)
		default:
			r.HasLayout = r.HasLayout || c.DataAtom == atom.Table
			r.clean(c)
		}
		c = next
	}
}

// neverShown reports whether an element of this kind never has text to read.
func neverShown(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Meta, atom.Link, atom.Noscript, atom.Template, atom.Object,
		atom.Embed, atom.Iframe, atom.Frame, atom.Frameset, atom.Svg, atom.Math, atom.Input, atom.Select, atom.Textarea, atom.Audio,
		atom.Video, atom.Canvas, atom.Map, atom.Base, atom.Applet:
		return true
	}
	return false
}

// hidden reports whether an element's own attributes make it invisible.
func hidden(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "hidden" {
			return true
		}
		if a.Key != "style" {
			continue
		}
		hides, zeroFont := readStyle(a.Val[:min(len(a.Val), styleBytes)])
		if hides || zeroFont && !setsFont(n) {
			return true
		}
	}
	return false
}

// readStyle reports whether a style hides an element, and whether it sets the font size to zero. That
// hides the element's text, unless elements in it set a size again, as in newsletters with columns.
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

// isZero reports whether a length or number of a style is zero: "0", "0.0em !important".
func isZero(value string) bool {
	value, _, _ = strings.Cut(value, "!")
	value = strings.TrimRight(strings.TrimSpace(value), "%emptx")
	whole, fraction, _ := strings.Cut(value, ".")
	return whole == "0" && strings.Trim(fraction, "0") == ""
}

// setsFont reports whether an element inside of n sets a font.
func setsFont(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && (strings.Contains(strings.ToLower(attr(c, "style")), "font") || setsFont(c)) {
			return true
		}
	}
	return false
}

// picture decides what to do with one picture. A picture in the HTML itself (data:) becomes a file. A
// part of the mail (cid:) is shown, or a text says that it is missing. A remote picture is blocked.
func (r *Reader) picture(parent, img *html.Node) {
	src := strings.TrimSpace(attr(img, "src"))
	alt := rawmail.CleanLine(attr(img, "alt"))
	lower := strings.ToLower(src[:min(len(src), 10)])
	switch {
	case strings.HasPrefix(lower, "data:"):
		id, ok := r.extract(src)
		if !ok {
			replaceByText(parent, img, alt)
			return
		}
		r.HasLayout = true
		img.Attr = []html.Attribute{{Key: "src", Val: "cid:" + url.PathEscape(id)}, {Key: "alt", Val: alt}}
	case strings.HasPrefix(lower, "cid:"):
		id := rawmail.CleanContentID(src)
		name, known := r.cids[id]
		if !known {
			replaceByText(parent, img, "[image is missing: "+cmp.Or(alt, id)+"]")
			return
		}
		r.Used[id] = true
		if isIcon(img) {
			replaceByText(parent, img, alt)
			return
		}
		r.HasLayout = true
		img.Attr = []html.Attribute{{Key: "src", Val: "cid:" + url.PathEscape(id)}, {Key: "alt", Val: cmp.Or(alt, name)}}
	default:
		r.Blocked = r.Blocked || strings.HasPrefix(lower, "http")
		if isPixel(img) {
			parent.RemoveChild(img)
			return
		}
		r.HasLayout = true
		if !r.original {
			replaceByText(parent, img, alt)
			return
		}
		img.Attr = []html.Attribute{{Key: blockedAttr, Val: src}, {Key: "alt", Val: alt}}
	}
}

// isPixel reports whether a picture is a tracking pixel or a spacer.
func isPixel(img *html.Node) bool {
	return atMost(attr(img, "width"), 3) || atMost(attr(img, "height"), 3)
}

// isIcon reports whether a picture is so small that it only decorates.
func isIcon(img *html.Node) bool {
	return atMost(attr(img, "width"), 24) && atMost(attr(img, "height"), 24)
}

// atMost reports whether an attribute is a number of pixels up to a limit: "3", "3px".
func atMost(v string, limit int) bool {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), "px"))
	return err == nil && n <= limit
}

// Limits of pictures inside HTML.
const (
	dataImages     = 100
	dataImageBytes = 20 << 20
)

// extract turns a picture with a data: address into a file and returns the content id of that; false
// if it is no picture, or exceeds the limits.
func (r *Reader) extract(src string) (string, bool) {
	head, body, found := strings.Cut(src[5:], ",")
	ctype, _, _ := strings.Cut(head, ";")
	ctype = strings.ToLower(strings.TrimSpace(ctype))
	isImage := found && strings.HasPrefix(ctype, "image/") && rawmail.IsMediaType(ctype)
	if !isImage || len(r.Images) >= dataImages || len(body) > dataImageBytes {
		return "", false
	}
	content := rawmail.DecodePercent(body)
	if strings.Contains(strings.ToLower(head), "base64") {
		content = rawmail.DecodeBase64(content)
	}
	n := len(r.Images) + 1
	id := fmt.Sprintf("image-%d@inline", n)
	name := strings.Replace(rawmail.InventFileName(n, ctype), "part-", "image-", 1)
	r.Images = append(r.Images, channels.Attachment{Name: name, ContentType: ctype, ContentID: id, Inline: true, Content: content})
	return id, true
}

// replaceByText replaces a node by text, or removes it if there is no text.
func replaceByText(parent, n *html.Node, text string) {
	if text != "" {
		parent.InsertBefore(&html.Node{Type: html.TextNode, Data: text}, n)
	}
	parent.RemoveChild(n)
}

// StrippedHTML returns the text of HTML without its tags, for HTML that a browser shows nothing of.
func StrippedHTML(source string) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	skip := ""
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

// Segment is a piece of a mail's text as plain text, as HTML, or both.
type Segment struct {
	Plain, HTML string
}

// Read reads one piece of text: its HTML if that has text, else its plain form. Some programs write an answer
// into the plain form alone: that one is read if only it has more than quoted history.
func (r *Reader) Read(s Segment) Body {
	if s.HTML != "" {
		b := r.readHTML(s.HTML)
		if b.cut {
			r.TooLong = append(r.TooLong, channels.Attachment{Name: "message.html", ContentType: "text/html", Content: []byte(s.HTML)})
		}
		hasPlain := strings.TrimSpace(s.Plain) != ""
		if (b.Text != "" || !hasPlain && !b.empty && !b.cut) && !(b.old && answersAbove(s.Plain)) {
			return b
		}
		if !hasPlain && r.bodies <= htmlBodies {
			s.Plain = StrippedHTML(s.HTML[:min(len(s.HTML), htmlBytes)]) // all its text is where browsers show nothing
		}
	}
	now, history := splitQuote(s.Plain, r.whole)
	return Body{Text: Markdown(now), Quoted: Markdown(history)}
}
