package message

import (
	"slices"
	"strings"

	"parley/channels"
)

// This file decides what agents see of a mail's content: its text as Markdown, its files, a page with its HTML, and notices
// such as "Remote pictures are not loaded."

// maxTextBytes is the maximum length of a text that is shown, some twenty posts in a chat. A longer text is attached,
// and only its beginning is shown.
const maxTextBytes = 50_000

// readBody sets Text, Original, Attachments and Notices from the content of a mail.
func (d *Decoder) readBody(in *channels.Inbound, c *content) {
	cids := map[string]string{}
	for _, f := range c.files {
		if f.ContentID != "" {
			cids[f.ContentID] = f.Name
		}
	}

	r := NewReader(cids)
	texts := readTexts(r, c)
	if len(c.calendars) > 0 {
		texts = append(texts, calendarTexts(c.calendars, r, texts)...)
	}
	in.Text = limitText(strings.Join(texts, "\n\n"), c.isCut, in)
	in.Original.NeedsHTML = r.HasLayout
	in.Original.HTML = &page{
		decoder:  d,
		segments: c.segments,
		cids:     cids,
		files:    c.files,
		heading:  mailHeading{subject: in.Subject, from: in.From, to: in.Envelope.To, cc: in.Envelope.Cc, at: in.At},
	}

	for i := range c.files {
		id := c.files[i].ContentID
		if id != "" && r.Used[id] {
			c.files[i].Inline = true
		}
	}
	in.Attachments = slices.Concat(in.Attachments, c.files, r.Images, r.TooLong)
	in.Notices = append(in.Notices, bodyNotices(r, c, in.Text)...)
}

// readTexts returns the texts of a mail. If it has none, they are those of its winmail.dat, of a short text file or of the
// attached mail, in this order. It appends what it used to c.segments.
func readTexts(r *Reader, c *content) []string {
	texts := readSegments(r, c.segments)
	for _, fallback := range []func() []Segment{
		c.winmailSegments,
		func() []Segment { return c.namedText },
		c.forwardedSegments,
	} {
		if len(texts) > 0 {
			break
		}
		segments := fallback()
		texts = readSegments(r, segments)
		c.segments = append(c.segments, segments...)
	}
	return texts
}

// readSegments returns the text of each segment, without empty ones.
func readSegments(r *Reader, segments []Segment) (texts []string) {
	for _, s := range segments {
		texts = appendText(texts, r.Read(s).Text)
	}
	return texts
}

// tooLongNotice returns a notice that only the beginning is shown. what is "text" or "HTML".
func tooLongNotice(what, file string) string {
	return "The " + what + " of this mail is very long: its beginning is shown, the whole is attached as " + file + "."
}

// winmailSegments returns the text in a winmail.dat, or nil if the mail has no such file.
func (c *content) winmailSegments() []Segment {
	if c.winmail == nil {
		return nil
	}
	return []Segment{{Plain: c.winmail.text, HTML: c.winmail.html}}
}

// forwardedSegments returns the main headers and the text of the first attached mail, or nil.
func (c *content) forwardedSegments() []Segment {
	if c.forward == nil {
		return nil
	}
	root, _ := Read(c.forward)
	root.ConvertHeader()
	inner := &content{}
	inner.add(root)
	c.unread = c.unread || inner.unread
	var head strings.Builder
	head.WriteString("---------- Forwarded message ---------")
	for _, name := range []string{"From", "Date", "Subject", "To"} {
		if v := root.Header.Text(name); v != "" {
			head.WriteString("\n" + name + ": " + v)
		}
	}
	return append([]Segment{{Plain: head.String()}}, inner.segments...)
}

// appendText appends a text unless it is blank.
func appendText(list []string, text string) []string {
	if strings.TrimSpace(text) == "" {
		return list
	}
	return append(list, text)
}

// limitText returns text, or its beginning up to the end of a line if it is too long. It attaches a long text to in, unless
// isAttached is true because the mail has it as a file already.
func limitText(text string, isAttached bool, in *channels.Inbound) string {
	if len(text) <= maxTextBytes {
		return text
	}
	if !isAttached {
		const name = "message.md"
		in.Attachments = append(in.Attachments, channels.Attachment{Name: name, ContentType: "text/markdown", Content: []byte(text)})
		in.Notices = append(in.Notices, tooLongNotice("text", name))
	}
	cut := text[:maxTextBytes]
	if i := strings.LastIndexByte(cut, '\n'); i > maxTextBytes/2 {
		return strings.TrimSpace(cut[:i])
	}
	return strings.ToValidUTF8(cut, "")
}

// bodyNotices returns remarks about content that can't be shown. text is the text that agents see.
func bodyNotices(r *Reader, c *content, text string) []string {
	var out []string
	if c.isCut {
		out = append(out, tooLongNotice("text", "message.txt"))
	}

	switch {
	case c.encrypted == "S/MIME, signed":
		out = append(out, "Signed with S/MIME in a form that cannot be displayed: the original is attached.")
	case c.encrypted != "":
		out = append(out, "Encrypted ("+c.encrypted+"): cannot be displayed. The original is attached.")
	case strings.Contains(text, "BEGIN PGP MESSAGE"):
		out = append(out, "Encrypted (PGP): cannot be displayed.")
	}

	if c.signed {
		out = append(out, "Signed; the signature is not checked.")
	}
	switch {
	case c.winmail == nil:
	case c.winmail.complete:
		out = append(out, "Came as winmail.dat from Outlook: its files were unpacked.")
	default:
		out = append(out, "Came as winmail.dat from Outlook, which could not be unpacked completely: the file is attached.")
	}
	if c.unread {
		out = append(out, "A text of this mail is in a charset that cannot be read: some characters may be wrong. The original is attached.")
	}
	if len(r.TooLong) > 0 {
		out = append(out, tooLongNotice("HTML", "message.html"))
	}
	if r.Blocked {
		out = append(out, "Remote pictures are not loaded.")
	}

	return out
}
