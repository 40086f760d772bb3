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
	maxHTMLBodies = 100
	maxHTMLBytes  = 2 << 20
)

// blockedAttr is the attribute that keeps the address of a remote picture, so that it isn't loaded.
const blockedAttr = "data-blocked-src"

// remoteAddress matches the address of a picture that is not part of the mail.
var remoteAddress = regexp.MustCompile(`(?i)^https?://[^\s"'<>]+$`)

// Body is what was read of one piece of text. Text is what its author wrote now. Quoted is the rest, which
// begins with the signature if one was found. Both are Markdown.
type Body struct {
	Text, Quoted string

	showsNothing  bool // a browser would show nothing of it
	isCut         bool // it exceeds the limits: only its beginning was read
	isOnlyHistory bool // it has only signature and quoted history; Text has them
}

// Reader reads the pieces of text of one mail. Its exported fields say what it found.
type Reader struct {
	Used      map[string]bool       // the content ids of the mail's parts that its HTML shows
	Images    []channels.Attachment // pictures that were inside of the HTML (data:)
	TooLong   []channels.Attachment // HTML that exceeds the limits of reading, as files
	Blocked   bool                  // there is a remote picture, which is not loaded
	HasLayout bool                  // there are pictures or tables, which Markdown can't show as they were

	noHistory bool              // nothing in the mail is quoted history, because it is a forward or a report
	keepHTML  bool              // HTML is wanted, not Markdown (Sanitised)
	cids      map[string]string // the file names of the mail's parts, by content id

	// What was read so far, of all pieces of text; limited by the constants above and by maxHTMLNodes.
	bodiesRead int
	bytesRead  int
	nodesMade  int
}

// NewReader returns a reader for one mail. noHistory says that nothing in it is quoted history, because it is
// a forward or a report. cids has the file names of the mail's parts by their content ids.
func NewReader(noHistory bool, cids map[string]string) *Reader {
	return &Reader{noHistory: noHistory, cids: cids, Used: map[string]bool{}}
}

// readHTML reads one HTML body.
func (r *Reader) readHTML(source string) Body {
	body, complete := r.parse(source)
	out := Body{showsNothing: isEmpty(body), isCut: !complete}
	history, isOnlyHistory := splitHistory(body, r.noHistory)
	out.isOnlyHistory = isOnlyHistory
	out.Text = writeMarkdown(body)
	if history != nil {
		out.Quoted = writeMarkdown(history)
	}
	return out
}

// parse makes a tree of one HTML body within the limits, without elements that are never shown.
// complete is false if the limits cut it.
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
	r.removeHidden(body)
	return body, complete && readable == len(source)
}

// isTextAttribute reports whether an attribute matters for the Markdown of an element.
func isTextAttribute(name string) bool {
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

// removeHidden removes elements that are never shown and decides what to do with each picture.
func (r *Reader) removeHidden(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if isNeverShown(c) || isHidden(c) {
			n.RemoveChild(c)
		} else if c.DataAtom == atom.Img {
			r.replacePicture(n, c)
		} else {
			r.HasLayout = r.HasLayout || c.DataAtom == atom.Table
			r.removeHidden(c)
		}
		c = next
	}
}

// isNeverShown reports whether an element of this kind never has text to read.
func isNeverShown(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Meta, atom.Link, atom.Noscript, atom.Template, atom.Object,
		atom.Embed, atom.Iframe, atom.Frame, atom.Frameset, atom.Svg, atom.Math, atom.Input, atom.Select, atom.Textarea, atom.Audio,
		atom.Video, atom.Canvas, atom.Map, atom.Base, atom.Applet:
		return true
	}
	return false
}

// isHidden reports whether an element's own attributes make it invisible.
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

// readStyle reads whether a style hides an element, and whether it sets the font size to zero. A zero size hides the element's text, unless
// elements in it set a size again, as newsletters with columns do.
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
	length, _, _ := strings.Cut(value, "!")
	number := strings.TrimRight(strings.TrimSpace(length), "%emptx") // without its unit: %, em, pt, px
	whole, fraction, _ := strings.Cut(number, ".")
	return whole == "0" && strings.Trim(fraction, "0") == ""
}

// hasFontInside reports whether an element inside of n sets a font.
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

// replacePicture decides what becomes of one picture. A picture in the HTML itself (data:) becomes a file. A part of the mail (cid:) is
// shown; if the mail doesn't have it, a text says so. A remote picture is not loaded.
func (r *Reader) replacePicture(parent, img *html.Node) {
	src := strings.TrimSpace(attributeOf(img, "src"))
	alt := rawmail.CleanLine(attributeOf(img, "alt"))
	lower := strings.ToLower(src[:min(len(src), 10)])
	switch {
	case strings.HasPrefix(lower, "data:"):
		id, ok := r.extractPicture(src)
		if !ok {
			replaceByText(parent, img, alt)
			return
		}
		r.HasLayout = true
		img.Attr = pictureAttributes(id, alt)
	case strings.HasPrefix(lower, "cid:"):
		r.replacePart(parent, img, alt)
	default:
		r.Blocked = r.Blocked || strings.HasPrefix(lower, "http")
		r.replaceRemotePicture(parent, img, alt)
	}
}

// replacePart replaces a picture that is a part of the mail. Small pictures only decorate, so their text is enough.
func (r *Reader) replacePart(parent, img *html.Node, alt string) {
	id := rawmail.CleanContentID(strings.TrimSpace(attributeOf(img, "src")))
	name, isThere := r.cids[id]
	if !isThere {
		replaceByText(parent, img, "[image is missing: "+cmp.Or(alt, id)+"]")
		return
	}
	r.Used[id] = true
	if isIcon(img) {
		replaceByText(parent, img, alt)
		return
	}
	r.HasLayout = true
	img.Attr = pictureAttributes(id, cmp.Or(alt, name))
}

// replaceRemotePicture replaces a picture that would be loaded from elsewhere: in HTML by one that agents can choose to load, in Markdown
// by its text.
func (r *Reader) replaceRemotePicture(parent, img *html.Node, alt string) {
	if isPixel(img) {
		parent.RemoveChild(img)
		return
	}
	r.HasLayout = true
	if !r.keepHTML {
		replaceByText(parent, img, alt)
		return
	}
	src := strings.TrimSpace(attributeOf(img, "src"))
	img.Attr = []html.Attribute{{Key: blockedAttr, Val: src}, {Key: "alt", Val: alt}}
}

// pictureAttributes returns the attributes of a picture that is a part of the mail, with this content id.
func pictureAttributes(id, alt string) []html.Attribute {
	return []html.Attribute{{Key: "src", Val: "cid:" + url.PathEscape(id)}, {Key: "alt", Val: alt}}
}

// Sizes of pictures, in pixels.
const (
	maxPixelSize = 3  // one side of a tracking pixel or a spacer
	maxIconSize  = 24 // both sides of an icon
)

// isPixel reports whether a picture is a tracking pixel or a spacer.
func isPixel(img *html.Node) bool {
	return isAtMost(attributeOf(img, "width"), maxPixelSize) || isAtMost(attributeOf(img, "height"), maxPixelSize)
}

// isIcon reports whether a picture is so small that it only decorates.
func isIcon(img *html.Node) bool {
	return isAtMost(attributeOf(img, "width"), maxIconSize) && isAtMost(attributeOf(img, "height"), maxIconSize)
}

// isAtMost reports whether an attribute is a number of pixels up to a limit: "3", "3px".
func isAtMost(v string, limit int) bool {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), "px"))
	return err == nil && n <= limit
}

// Limits of pictures inside HTML.
const (
	maxDataImages     = 100
	maxDataImageBytes = 20 << 20
)

// extractPicture turns a picture with a data: address into a file and returns the file's content id. ok is
// false if the address has no picture, or if the picture exceeds the limits.
func (r *Reader) extractPicture(src string) (id string, ok bool) {
	head, body, found := strings.Cut(src[len("data:"):], ",")
	ctype, _, _ := strings.Cut(head, ";")
	ctype = strings.ToLower(strings.TrimSpace(ctype))
	isImage := strings.HasPrefix(ctype, "image/") && rawmail.IsMediaType(ctype)
	if !found || !isImage {
		return "", false
	}
	if len(r.Images) >= maxDataImages || len(body) > maxDataImageBytes {
		return "", false
	}
	content := rawmail.DecodePercent(body)
	if strings.Contains(strings.ToLower(head), "base64") {
		content = rawmail.DecodeBase64(content)
	}
	number := len(r.Images) + 1
	id = fmt.Sprintf("image-%d@inline", number)
	name := strings.Replace(rawmail.InventFileName(number, ctype), "part-", "image-", 1)
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

// StrippedHTML returns the text of HTML without its tags, also text that browsers don't show.
func StrippedHTML(source string) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	skip := "" // the script or style element whose text is left out; "" outside of these
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

// Read reads one piece of text: its HTML if that has text, else its plain form.
func (r *Reader) Read(s Segment) Body {
	if s.HTML == "" {
		return r.readPlain(s.Plain)
	}
	b := r.readHTML(s.HTML)
	if b.isCut {
		r.TooLong = append(r.TooLong, channels.Attachment{Name: "message.html", ContentType: "text/html", Content: []byte(s.HTML)})
	}
	if b.isOnlyHistory && hasAnswerAbove(s.Plain) {
		return r.readPlain(s.Plain) // some programs write an answer into the plain form alone
	}
	if b.Text != "" {
		return b
	}
	hasPlain := strings.TrimSpace(s.Plain) != ""
	if hasPlain {
		return r.readPlain(s.Plain)
	}
	if !b.showsNothing && !b.isCut {
		return b // there are only pictures
	}
	if r.bodiesRead <= maxHTMLBodies { // all the text is where browsers show nothing
		return r.readPlain(StrippedHTML(s.HTML[:min(len(s.HTML), maxHTMLBytes)]))
	}
	return r.readPlain(s.Plain)
}

// readPlain reads plain text.
func (r *Reader) readPlain(text string) Body {
	now, history := splitQuote(text, r.noHistory)
	return Body{Text: Markdown(now), Quoted: Markdown(history)}
}
