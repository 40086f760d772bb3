package meta

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"

	"parley/channels"
	"parley/channels/markdown"
)

// This file converts the attachments of a customer's message into what agents see: files to fetch, text with
// links, or a notice (Inbound.Notices) that something can only be seen on Facebook. For example, a shared
// location becomes the text "📍 Title" with a link to a map.

// maxRefBytes is the maximum length of a file address (channels.Attachment.Ref). Longer links are not shown
// either.
const maxRefBytes = 2000

// maxAttachments limits the attachments read from one message. Messenger allows 30; the limit is for
// malformed events.
const maxAttachments = 100

// maxNameBytes is the maximum length of a file name.
const maxNameBytes = 150

// addTo adds an attachment to a message. text is what the customer typed with it: a link or title that text
// already contains isn't repeated.
func (a *attachment) addTo(in *channels.Inbound, text string) {
	switch a.Type {
	case "image", "video", "audio", "file", "sticker":
		a.addFile(in)
	case "location":
		a.addLocation(in)
	case "template":
		a.addTemplate(in)
	case "fallback", "post", "ig_post", "reel", "ig_reel", "share", "story_mention", "ig_story", "appointment_booking":
		a.addLink(in, text) // Messenger passes on only their title and link
	default:
		noteUnshown(in, fmt.Sprintf("Sent something of a kind that isn't known here (%s).", shortLine(a.Type)))
		a.addLink(in, text) // its title and link, if any; this adds no second notice
	}
}

// noteUnshown adds a notice that something can't be shown here, and where it can be seen.
func noteUnshown(in *channels.Inbound, what string) {
	in.Notices = append(in.Notices, what+" Look into the Page's inbox.")
}

// addFile adds a file, which is fetched from Meta's servers soon afterwards, because its address expires. The
// thumbs-up sticker becomes an emoji.
func (a *attachment) addFile(in *channels.Inbound) {
	isSticker := a.Type == "sticker" || a.Payload.StickerID != 0
	if isSticker && isThumbsUp(a.Payload.StickerID) {
		addText(in, "👍")
		return
	}

	kind := a.Type
	if isSticker {
		kind = "sticker"
	}

	address := a.Payload.URL
	u, isWeb := parseWebURL(address)
	if !isWeb {
		noteUnshown(in, "Sent "+withArticle(kind)+" that Messenger doesn't pass on.")
		return
	}
	if len(address) > maxRefBytes {
		noteUnshown(in, "Sent "+withArticle(kind)+" whose address is too long to be fetched.")
		return
	}

	name, contentType := pageFileName(u, kind, len(in.Attachments))
	in.Attachments = append(in.Attachments, channels.Attachment{
		Name:        name,
		ContentType: contentType,
		Inline:      isSticker,
		Ref:         address,
	})
}

func withArticle(kind string) string {
	if kind == "image" || kind == "audio" {
		return "an " + kind
	}
	return "a " + kind
}

// isThumbsUp reports whether a sticker is the thumb next to Messenger's text field. Each of its three sizes
// has an id.
func isThumbsUp(id number) bool {
	const small, medium, large = 369239263222822, 369239343222814, 369239383222810
	return id == small || id == medium || id == large
}

// pageFileName guesses the name and content type of a file from its address; Fetch learns the actual type. index
// is the file's index in the message: file 0 is named "image.jpg", and file 1 "image-2.jpg".
func pageFileName(u *url.URL, kind string, index int) (name, contentType string) {
	base := path.Base(u.Path)
	ext := path.Ext(base)
	contentType = channels.TypeOf(base)

	hasCustomersName := kind == "file" && ext != "" // Meta renames images, videos and audio
	if hasCustomersName && len(base) <= maxNameBytes {
		return base, cmp.Or(contentType, "application/octet-stream")
	}
	if contentType == "" {
		ext, contentType = typeByKind(kind)
	}
	if index == 0 {
		return kind + ext, contentType
	}
	return kind + "-" + strconv.Itoa(index+1) + ext, contentType
}

// typeByKind returns the extension and content type that files of a kind usually have.
func typeByKind(kind string) (ext, contentType string) {
	switch kind {
	case "image":
		return ".jpg", "image/jpeg"
	case "sticker":
		return ".png", "image/png"
	case "video":
		return ".mp4", "video/mp4"
	case "audio":
		return ".mp4", "audio/mp4"
	}
	return "", "application/octet-stream"
}

// addLocation adds a location as its title and a link to a map. If it has no coordinates, Messenger's own
// link is used.
func (a *attachment) addLocation(in *channels.Inbound) {
	title := cmp.Or(a.Payload.Title, a.Title)
	c := a.Payload.Coordinates
	hasCoordinates := c != nil && c.Lat.Known && c.Long.Known
	if hasCoordinates {
		place := channels.Location{Latitude: c.Lat.Value, Longitude: c.Long.Value}
		heading := strings.TrimSpace("📍 " + markdown.Escape(shortLine(title)))
		addText(in, heading+"\n"+markdown.Escape(place.MapURL()))
		return
	}
	if title != "" || a.findLink() != "" {
		a.addLink(in, "")
		return
	}
	noteUnshown(in, "Sent a location that Messenger doesn't pass on.")
}

// addTemplate adds the text of a message with buttons, cards or products: the message's own text, the title
// and subtitle of each card, and then all buttons with their links.
func (a *attachment) addTemplate(in *channels.Inbound) {
	p := a.Payload
	var lines []string
	if p.Text != "" {
		lines = append(lines, markdown.Escape(p.Text))
	}

	rows := p.Elements
	if p.Product != nil {
		rows = append(rows, p.Product.Elements...)
	}

	buttons := p.Buttons
	for _, row := range rows {
		for _, text := range []string{row.Title, row.Subtitle} {
			if text != "" {
				lines = append(lines, markdown.Escape(text))
			}
		}

		buttons = append(buttons, row.Buttons...)
	}

	for _, b := range buttons {
		if b.Title != "" {
			lines = append(lines, strings.TrimSpace("▸ "+markdown.Escape(shortLine(b.Title))+" "+markdown.Escape(webLink(b.URL))))
		}
	}

	if len(lines) == 0 {
		in.Notices = append(in.Notices, "A message with buttons or cards that Messenger doesn't pass on.")
		return
	}

	addText(in, strings.Join(lines, "\n"))
}

// addLink adds the title and address of something that was shared. It adds nothing if the attachment is only
// a preview of a link in text. If it and text show nothing, it adds a notice.
func (a *attachment) addLink(in *channels.Inbound, text string) {
	address, title := a.findLink(), shortLine(cmp.Or(a.Title, a.Payload.Title))
	if address != "" && strings.Contains(text, bareLink(address)) {
		return
	}

	var lines []string
	if title != "" && !strings.Contains(text, title) {
		lines = append(lines, markdown.Escape(title))
	}
	if address != "" {
		lines = append(lines, markdown.Escape(address))
	}
	if len(lines) > 0 {
		addText(in, strings.Join(lines, "\n"))
		return
	}
	isSomethingShown := text != "" || len(in.Notices) > 0
	if !isSomethingShown {
		noteUnshown(in, "Shared something ("+shortLine(a.Type)+") that Messenger doesn't pass on.")
	}
}

// findLink returns the link of shared content, or "" if there is none that can be shown. The link is in the
// payload or, for the type "fallback", next to it.
func (a *attachment) findLink() string {
	return cmp.Or(webLink(directLink(a.Payload.URL)), webLink(directLink(a.URL)))
}

// directLink returns the address to which a link leads:
//
//	/reel/1/                             https://www.facebook.com/reel/1/
//	https://l.facebook.com/l.php?u=ADDR  ADDR
//	all others                           unchanged
func directLink(address string) string {
	if strings.HasPrefix(address, "/") {
		return "https://www.facebook.com" + address
	}
	u, isWeb := parseWebURL(address)
	if !isWeb || u.Host != "l.facebook.com" || u.Path != "/l.php" {
		return address
	}
	return cmp.Or(u.Query().Get("u"), address)
}

// bareLink returns an address as people type it: without https:// and without a trailing slash.
func bareLink(address string) string {
	_, bare, _ := strings.Cut(address, "://")
	return strings.TrimSuffix(bare, "/")
}

// webLink returns address if it is a web address of at most maxRefBytes, and otherwise "".
func webLink(address string) string {
	_, isWeb := parseWebURL(address)
	if !isWeb || len(address) > maxRefBytes {
		return ""
	}
	return address
}

// parseWebURL parses an address and reports whether it is a web address (http or https, with a host).
func parseWebURL(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, false
	}
	return u, u.Scheme == "https" || u.Scheme == "http"
}

// addText appends text as a new paragraph.
func addText(in *channels.Inbound, text string) {
	if in.Text != "" {
		in.Text += "\n\n"
	}
	in.Text += text
}
