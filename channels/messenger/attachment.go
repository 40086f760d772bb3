package messenger

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"

	"parley/channels"
	"parley/channels/wamark"
)

// This file turns what a customer attached to a message into what agents see: files to fetch, text with links, or a remark
// (Inbound.Notices) that something can only be seen on Facebook.

// maxRefBytes is the longest address that can be kept for fetching a file (channels.Attachment.Ref). Longer links aren't shown either.
const maxRefBytes = 2000

// maxAttachments is how many attachments of one message are read. Messenger allows 30; the bound keeps a malformed event from
// filling a thread.
const maxAttachments = 100

// maxNameBytes is the longest file name that is kept.
const maxNameBytes = 150

// addTo adds an attachment to a message. text is what the customer typed beside it: a link or a title that stands in it isn't added
// again.
func (a *attachment) addTo(in *channels.Inbound, text string) {
	switch a.Type {
	case "image", "video", "audio", "file", "sticker":
		a.addFile(in)
	case "location":
		a.addLocation(in)
	case "template":
		a.addTemplate(in)
	case "fallback", "post", "ig_post", "reel", "ig_reel", "share", "story_mention", "ig_story", "appointment_booking":
		a.addLink(in, text) // of these, Messenger passes on no more than a title and a link
	default:
		noteUnshown(in, fmt.Sprintf("Sent something of a kind that isn't known here (%s).", oneLine(a.Type)))
		a.addLink(in, text) // its title and link, if it has any; no second remark is added
	}
}

// noteUnshown adds a remark that something can't be shown here, and says where it can be seen.
func noteUnshown(in *channels.Inbound, what string) {
	in.Notices = append(in.Notices, what+" Look into the Page's inbox.")
}

// addFile adds a file, which has to be fetched from Meta's servers soon, because its address expires. A thumbs-up becomes an emoji.
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

	name, contentType := fileName(u, kind, len(in.Attachments))
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

// isThumbsUp reports whether a sticker is the thumb that stands beside Messenger's text field. Each of its three sizes has an id.
func isThumbsUp(id number) bool {
	const small, medium, large = 369239263222822, 369239343222814, 369239383222810
	return id == small || id == medium || id == large
}

// fileName guesses the name and the content type of a file by its address; Fetch learns the true type. index is the file's place
// in the message, counted from 0: from the second one on it is in the name, "image-2.jpg".
func fileName(u *url.URL, kind string, index int) (name, contentType string) {
	base := path.Base(u.Path)
	ext := path.Ext(base)
	contentType = channels.TypeOf(base)

	isCustomersName := kind == "file" && ext != "" // images, videos and audio have a name of Meta's
	if isCustomersName && len(base) <= maxNameBytes {
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

// typeByKind returns the extension and the content type that files of a kind usually have.
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

// addLocation adds a location as its title and a link to a map. Without coordinates, the link is Messenger's.
func (a *attachment) addLocation(in *channels.Inbound) {
	title := cmp.Or(a.Payload.Title, a.Title)
	c := a.Payload.Coordinates
	hasCoordinates := c != nil && c.Lat.Known && c.Long.Known
	if hasCoordinates {
		place := channels.Location{Latitude: c.Lat.Value, Longitude: c.Long.Value}
		heading := strings.TrimSpace("📍 " + wamark.Escape(oneLine(title)))
		addText(in, heading+"\n"+wamark.Escape(place.MapURL()))
		return
	}
	if title != "" || a.findLink() != "" {
		a.addLink(in, "")
		return
	}
	noteUnshown(in, "Sent a location that Messenger doesn't pass on.")
}

// addTemplate adds what a message with buttons, cards or products says: its text, each card's title and subtitle, then all buttons
// with their links.
func (a *attachment) addTemplate(in *channels.Inbound) {
	p := a.Payload
	var lines []string
	if p.Text != "" {
		lines = append(lines, wamark.Escape(p.Text))
	}

	rows := p.Elements
	if p.Product != nil {
		rows = append(rows, p.Product.Elements...)
	}

	buttons := p.Buttons
	for _, row := range rows {
		for _, text := range []string{row.Title, row.Subtitle} {
			if text != "" {
				lines = append(lines, wamark.Escape(text))
			}
		}

		buttons = append(buttons, row.Buttons...)
	}

	for _, b := range buttons {
		if b.Title != "" {
			lines = append(lines, strings.TrimSpace("▸ "+wamark.Escape(oneLine(b.Title))+" "+wamark.Escape(webLink(b.URL))))
		}
	}

	if len(lines) == 0 {
		in.Notices = append(in.Notices, "A message with buttons or cards that Messenger doesn't pass on.")
		return
	}

	addText(in, strings.Join(lines, "\n"))
}

// addLink adds the title and the address of something that was shared. It adds nothing if the attachment is only a preview of a link
// in text, and a remark if there is nothing to show.
func (a *attachment) addLink(in *channels.Inbound, text string) {
	address, title := a.findLink(), oneLine(cmp.Or(a.Title, a.Payload.Title))
	if address != "" && strings.Contains(text, bareLink(address)) {
		return
	}

	var lines []string
	if title != "" && !strings.Contains(text, title) {
		lines = append(lines, wamark.Escape(title))
	}
	if address != "" {
		lines = append(lines, wamark.Escape(address))
	}
	if len(lines) > 0 {
		addText(in, strings.Join(lines, "\n"))
		return
	}
	isSomethingShown := text != "" || len(in.Notices) > 0
	if !isSomethingShown {
		noteUnshown(in, "Shared something ("+oneLine(a.Type)+") that Messenger doesn't pass on.")
	}
}

// findLink returns the link of what was shared, or "" if there is none that can be shown. It stands in the payload, or for the type
// "fallback" beside it.
func (a *attachment) findLink() string {
	return cmp.Or(webLink(directLink(a.Payload.URL)), webLink(directLink(a.URL)))
}

// directLink returns the address to which a link leads:
//
//	/reel/1/                             https://www.facebook.com/reel/1/
//	https://l.facebook.com/l.php?u=ADDR  ADDR
//	all others                           as they are
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

// bareLink returns an address as people type it, without https:// and without a slash at the end.
func bareLink(address string) string {
	_, bare, _ := strings.Cut(address, "://")
	return strings.TrimSuffix(bare, "/")
}

// webLink returns an address if it is one of the web and not longer than maxRefBytes, and otherwise "".
func webLink(address string) string {
	_, isWeb := parseWebURL(address)
	if !isWeb || len(address) > maxRefBytes {
		return ""
	}
	return address
}

// parseWebURL reads an address and reports whether it is one of the web (http or https, with a host).
func parseWebURL(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, false
	}
	return u, u.Scheme == "https" || u.Scheme == "http"
}

// addText adds a text as a paragraph of its own.
func addText(in *channels.Inbound, text string) {
	if in.Text != "" {
		in.Text += "\n\n"
	}
	in.Text += text
}
