package inbound

import (
	"slices"
	"strings"

	"parley/channels"
	"parley/channels/email/bodytext"
	"parley/channels/email/rawmail"
)

// maxTextBytes is the length of the longest text that is shown as a whole: some twenty posts in a chat. A longer one is attached, and its
// beginning is shown.
const maxTextBytes = 50_000

// readBody sets what agents see of a mail: Text, Quoted, HTML, Attachments and Notices.
func (d *Decoder) readBody(in *channels.Inbound, c *content) {
	cids := map[string]string{}
	for _, f := range c.files {
		if f.ContentID != "" {
			cids[f.ContentID] = f.Name
		}
	}

	r := bodytext.NewReader(in.Automatic == automaticBounce || bodytext.IsForwardSubject(in.Subject), cids)
	texts, quotes := readSegments(r, c.segments)

	// A mail without text shows the first of these that it has: the text in its winmail.dat, a short text file, the mail it forwards.
	if len(texts)+len(quotes) == 0 && c.winmail != nil { // a server may have put a blank text beside it
		inside := bodytext.Segment{Plain: c.winmail.text, HTML: c.winmail.html}
		texts, quotes = readSegments(r, []bodytext.Segment{inside})
		c.segments = append(c.segments, inside)
	}
	if len(texts)+len(quotes) == 0 && len(c.namedText) > 0 {
		texts, quotes = readSegments(r, c.namedText)
		c.segments = append(c.segments, c.namedText...)
	}
	if len(texts)+len(quotes) == 0 && c.forward != nil {
		forwarded := forwardedSegments(c.forward)
		texts, quotes = readSegments(r, forwarded)
		c.segments = append(c.segments, forwarded...)
	}

	isOnlyQuote := len(texts)+len(c.calendars) == 0
	if isOnlyQuote {
		texts, quotes = quotes, nil
	}

	in.Text = limitText(strings.Join(append(texts, c.calendars...), "\n\n"), "message.md", c.isCut, in)
	in.Original.Quoted = limitText(strings.Join(quotes, "\n\n"), "quoted.md", c.isCut, in)
	if c.isCut {
		in.Notices = append(in.Notices, tooLongNotice("text", "message.txt"))
	}

	if r.HasLayout {
		in.Original.HTML = &page{
			decoder:  d,
			segments: c.segments,
			cids:     cids,
			pictures: c.files,
			mail:     letterhead{subject: in.Subject, from: in.From, to: in.Envelope.To, cc: in.Envelope.Cc, at: in.At},
		}
	}

	for i := range c.files {
		if r.Used[c.files[i].ContentID] && c.files[i].ContentID != "" {
			c.files[i].Inline = true
		}
	}
	in.Attachments = slices.Concat(in.Attachments, c.files, r.Images, r.TooLong)
	in.Notices = append(in.Notices, cryptoNotices(c, in.Text)...)
	if len(r.TooLong) > 0 {
		in.Notices = append(in.Notices, tooLongNotice("HTML", "message.html"))
	}
	if r.Blocked {
		in.Notices = append(in.Notices, "Remote pictures are not loaded.")
	}
}

// readSegments reads pieces of text. It leaves out those that are empty.
func readSegments(r *bodytext.Reader, segments []bodytext.Segment) (texts, quotes []string) {
	for _, s := range segments {
		b := r.Read(s)
		texts, quotes = appendText(texts, b.Text), appendText(quotes, b.Quoted)
	}
	return texts, quotes
}

// tooLongNotice says that only the beginning of a mail's text (or HTML) is shown.
func tooLongNotice(what, file string) string {
	return "The " + what + " of this mail is very long: its beginning is shown, the whole is attached as " + file + "."
}

// forwardedSegments returns the main headers and the text of an attached mail, for a mail that only forwards it.
func forwardedSegments(raw []byte) []bodytext.Segment {
	root, _ := rawmail.Read(raw)
	root.ConvertHeader()
	inner := &content{}
	inner.add(root)
	var head strings.Builder
	head.WriteString("---------- Forwarded message ---------")
	for _, name := range []string{"From", "Date", "Subject", "To"} {
		if v := root.Header.Text(name); v != "" {
			head.WriteString("\n" + name + ": " + v)
		}
	}
	return append([]bodytext.Segment{{Plain: head.String()}}, inner.segments...)
}

// appendText appends a text unless it is empty.
func appendText(list []string, text string) []string {
	if strings.TrimSpace(text) == "" {
		return list
	}
	return append(list, text)
}

// limitText returns the beginning of a very long text, cut at the end of a line, and any other text as it is.
// It attaches a very long text to in, unless isAttached says that this was done already.
func limitText(text, name string, isAttached bool, in *channels.Inbound) string {
	if len(text) <= maxTextBytes {
		return text
	}
	if !isAttached {
		attachWholeText(text, name, in)
	}
	cut := text[:maxTextBytes]
	if i := strings.LastIndexByte(cut, '\n'); i > maxTextBytes/2 {
		return strings.TrimSpace(cut[:i])
	}
	return strings.ToValidUTF8(cut, "")
}

// attachWholeText attaches a text that is too long to show.
func attachWholeText(text, name string, in *channels.Inbound) {
	in.Attachments = append(in.Attachments, channels.Attachment{Name: name, ContentType: "text/markdown", Content: []byte(text)})
	in.Notices = append(in.Notices, tooLongNotice("text", name))
}

// cryptoNotices returns remarks about what is signed, encrypted, or was unpacked from winmail.dat.
func cryptoNotices(c *content, text string) []string {
	var out []string
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
	if c.winmail != nil {
		out = append(out, "Came as winmail.dat from Outlook: its files were unpacked.")
	}

	return out
}
