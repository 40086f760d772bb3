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

// maxRefBytes is the longest address that an Attachment can have as its Ref.
const maxRefBytes = 2000

// maxShown is how many attachments are shown of a message; Messenger allows 30.
const maxShown = 100

// maxNameBytes is the longest file name that is kept.
const maxNameBytes = 150

// addTo adds an attachment to a message: as a file to fetch, as text, or as a remark that it can't be shown.
// text is the message's own text.
func (a *attachment) addTo(in *channels.Inbound, text string) {
	switch a.Type {
	case "image", "video", "audio", "file", "sticker":
		a.addFile(in)
	case "location":
		a.addLocation(in)
	case "template":
		a.addTemplate(in)
	case "fallback", "post", "ig_post", "reel", "ig_reel", "share", "story_mention", "ig_story", "appointment_booking":
		a.addLink(in, text)
	default:
		in.Notices = append(in.Notices, fmt.Sprintf("Sent something of a kind that isn't known here (%s). Look into the Page's inbox.",
			oneLine(a.Type)))
		a.addLink(in, text)
	}
}

// addFile adds a file that has to be fetched from Meta's servers, soon, because its address expires.
func (a *attachment) addFile(in *channels.Inbound) {
	isSticker := a.Type == "sticker" || a.Payload.StickerID != 0
	if isSticker && isThumbsUp(int64(a.Payload.StickerID)) {
		addText(in, "👍")
		return
	}

	kind := a.Type
	if isSticker {
		kind = "sticker"
	}

	at := a.Payload.URL
	u, isWeb := parseWebURL(at)
	if !isWeb {
		in.Notices = append(in.Notices, "Sent "+withArticle(kind)+" that Messenger doesn't pass on. Look into the Page's inbox.")
		return
	}
	if len(at) > maxRefBytes {
		in.Notices = append(in.Notices, "Sent "+withArticle(kind)+" whose address is too long to be fetched. Look into the Page's inbox.")
		return
	}

	name, contentType := fileName(u, kind, len(in.Attachments))
	in.Attachments = append(in.Attachments, channels.Attachment{Name: name, ContentType: contentType, Inline: isSticker, Ref: at})
}

func withArticle(kind string) string {
	if kind == "image" || kind == "audio" {
		return "an " + kind
	}
	return "a " + kind
}

// isThumbsUp reports whether a sticker is the thumb beside the text field, in one of its three sizes.
func isThumbsUp(id int64) bool {
	const small, medium, large = 369239263222822, 369239343222814, 369239383222810
	return id == small || id == medium || id == large
}

// fileName guesses name and type of a file by its address. Fetch learns the true type.
func fileName(u *url.URL, kind string, nth int) (name, contentType string) {
	base := path.Base(u.Path)
	ext := path.Ext(base)
	contentType = channels.TypeOf(base)
	isCustomersName := kind == "file" && ext != "" // of other kinds, the name in the address is not the customer's
	if isCustomersName && len(base) <= maxNameBytes {
		return base, cmp.Or(contentType, "application/octet-stream")
	}
	if contentType == "" {
		ext, contentType = typeByKind(kind)
	}
	if nth == 0 {
		return kind + ext, contentType
	}

	return kind + "-" + strconv.Itoa(nth+1) + ext, contentType
}

// typeByKind returns what files of a kind usually are.
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

// addLocation adds a location: its title with a link to a map, or what else is known of it.
func (a *attachment) addLocation(in *channels.Inbound) {
	title := cmp.Or(a.Payload.Title, a.Title)
	c := a.Payload.Coordinates
	if c != nil && c.Lat.Known && c.Long.Known {
		place := channels.Location{Latitude: c.Lat.Value, Longitude: c.Long.Value}
		addText(in, strings.TrimSpace("📍 "+wamark.Escape(oneLine(title)))+"\n"+wamark.Escape(place.MapURL()))
		return
	}
	if title != "" || a.findLink() != "" {
		a.addLink(in, "")
		return
	}
	in.Notices = append(in.Notices, "Sent a location that Messenger doesn't pass on. Look into the Page's inbox.")
}

// addTemplate adds the texts of buttons, cards and products.
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

// addLink adds title and address of something that was shared.
func (a *attachment) addLink(in *channels.Inbound, text string) {
	at, title := a.findLink(), oneLine(cmp.Or(a.Title, a.Payload.Title))
	if at != "" && strings.Contains(text, at) {
		return // a preview of a link that is in the text
	}

	var lines []string
	if title != "" && !strings.Contains(text, title) {
		lines = append(lines, wamark.Escape(title))
	}
	if at != "" {
		lines = append(lines, wamark.Escape(at))
	}
	if len(lines) > 0 {
		addText(in, strings.Join(lines, "\n"))
		return
	}
	if text == "" && len(in.Notices) == 0 {
		in.Notices = append(in.Notices, "Shared something ("+oneLine(a.Type)+") that Messenger doesn't pass on. Look into the Page's inbox.")
	}
}

// findLink returns the address, which may stand at two places; "" if there is none for people.
func (a *attachment) findLink() string { return cmp.Or(webLink(a.Payload.URL), webLink(a.URL)) }

// webLink returns an address if it is one of the web and not too long for people; else "".
func webLink(at string) string {
	_, isWeb := parseWebURL(at)
	if !isWeb || len(at) > maxRefBytes {
		return ""
	}
	return at
}

// parseWebURL reads an address; false if it isn't one of the web.
func parseWebURL(at string) (*url.URL, bool) {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" {
		return nil, false
	}
	return u, u.Scheme == "https" || u.Scheme == "http"
}

// addText adds a paragraph.
func addText(in *channels.Inbound, text string) {
	if in.Text != "" {
		in.Text += "\n\n"
	}
	in.Text += text
}
