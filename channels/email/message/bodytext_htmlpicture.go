package message

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"parley/channels"
)

// This file decides what happens to each picture in the HTML of a mail. Loading a picture from another server would
// tell the sender when and where the mail is read, so remote pictures are never loaded automatically.

// blockedAttr replaces the src attribute of a remote picture, so that browsers don't load the picture.
const blockedAttr = "data-blocked-src"

// remoteAddress matches the address of a remote picture.
var remoteAddress = regexp.MustCompile(`(?i)^https?://[^\s"'<>]+$`)

// replacePicture handles one picture, by the scheme of its address. A picture inside the HTML (data:) becomes a file.
// A part of the mail (cid:) is shown; if it is missing, a text says so. A remote picture is never loaded.
func (r *Reader) replacePicture(parent, img *html.Node) {
	src := strings.TrimSpace(attributeOf(img, "src"))
	alt := CleanLine(attributeOf(img, "alt"))
	scheme := strings.ToLower(src[:min(len(src), 10)])
	switch {
	case strings.HasPrefix(scheme, "data:"):
		id, ok := r.extractPicture(src)
		if !ok {
			replaceByText(parent, img, alt)
			return
		}
		r.HasLayout = true
		img.Attr = pictureAttributes(id, alt)
	case strings.HasPrefix(scheme, "cid:"):
		r.replacePart(parent, img, alt)
	default:
		r.Blocked = r.Blocked || strings.HasPrefix(scheme, "http")
		r.replaceRemotePicture(parent, img, alt)
	}
}

// replacePart handles a picture that is a part of the mail. Icons are replaced by their text.
func (r *Reader) replacePart(parent, img *html.Node, alt string) {
	id := CleanContentID(strings.TrimSpace(attributeOf(img, "src")))
	name, found := r.cids[id]
	if !found {
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

// replaceRemotePicture handles a picture that browsers would load from another server. In HTML the picture stays, with
// its address in blockedAttr, so that agents can choose to load it. In Markdown only its text stays.
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

// pictureAttributes returns the attributes of a picture that is a part of the mail. id is its content id.
func pictureAttributes(id, alt string) []html.Attribute {
	return []html.Attribute{{Key: "src", Val: "cid:" + url.PathEscape(id)}, {Key: "alt", Val: alt}}
}

// Sizes of pictures, in pixels.
const (
	maxPixelSize = 3  // one side of a tracking pixel or a spacer
	maxIconSize  = 24 // both sides of an icon
)

// isPixel reports whether a picture is too thin to be seen.
func isPixel(img *html.Node) bool {
	return isAtMost(attributeOf(img, "width"), maxPixelSize) || isAtMost(attributeOf(img, "height"), maxPixelSize)
}

// isIcon reports whether a picture is so small that it is only decoration.
func isIcon(img *html.Node) bool {
	return isAtMost(attributeOf(img, "width"), maxIconSize) && isAtMost(attributeOf(img, "height"), maxIconSize)
}

// isAtMost reports whether an attribute is a number of pixels ("3" or "3px") up to limit.
func isAtMost(attribute string, limit int) bool {
	pixels, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(attribute), "px"))
	return err == nil && pixels <= limit
}

// Limits of pictures inside HTML.
const (
	maxDataImages     = 100
	maxDataImageBytes = 20 << 20
)

// extractPicture adds a picture with a data: address to Images and returns the content id of the new file. ok is false
// if the address contains no picture, or if the limits are exceeded.
func (r *Reader) extractPicture(src string) (id string, ok bool) {
	head, body, found := strings.Cut(src[len("data:"):], ",")
	ctype, _, _ := strings.Cut(head, ";")
	ctype = strings.ToLower(strings.TrimSpace(ctype))
	isImage := strings.HasPrefix(ctype, "image/") && IsMediaType(ctype)
	if !found || !isImage {
		return "", false
	}
	if len(r.Images) >= maxDataImages || len(body) > maxDataImageBytes {
		return "", false
	}
	content := DecodePercent(body)
	if strings.Contains(strings.ToLower(head), "base64") {
		content = DecodeBase64(content)
	}
	number := len(r.Images) + 1
	id = fmt.Sprintf("image-%d@inline", number)
	name := strings.Replace(InventFileName(number, ctype), "part-", "image-", 1)
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
