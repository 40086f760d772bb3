package channels

import (
	"fmt"
	"strconv"
	"strings"
)

// Rich is the interactive or structured part of a message, besides its text. At most one field is set. Channels that don't
// support it send it as plain text instead: see CanSendRich and Text.
type Rich struct {
	Buttons  []Button     `json:"buttons,omitempty"`
	List     *List        `json:"list,omitempty"`
	Location *Location    `json:"location,omitempty"`
	Contact  *ContactCard `json:"contact,omitempty"`
	Cards    []RichCard   `json:"cards,omitempty"` // a carousel
}

// Button is a quick reply that the customer can tap, or a link if URL is set.
type Button struct {
	ID    string `json:"id"` // Inbound.Chosen when the customer taps it
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
}

// List is a menu that opens from one button.
type List struct {
	Button   string        `json:"button"` // the button's title
	Sections []ListSection `json:"sections"`
}

// ListSection is a titled part of a List.
type ListSection struct {
	Title string    `json:"title,omitempty"`
	Rows  []ListRow `json:"rows"`
}

// ListRow is one choice of a List.
type ListRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// Location is a place on the map. The coordinates are in degrees.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// ContactCard is the business card of a person or company.
type ContactCard struct {
	Name   string   `json:"name"`
	Org    string   `json:"org,omitempty"`
	Phones []string `json:"phones,omitempty"` // E.164
	Emails []string `json:"emails,omitempty"`
}

// RichCard is one card of a carousel.
type RichCard struct {
	Title    string   `json:"title"`
	Text     string   `json:"text,omitempty"`
	ImageURL string   `json:"image_url,omitempty"`
	Buttons  []Button `json:"buttons,omitempty"`
}

// RichKind names the field of a Rich that is set.
type RichKind string

// The kinds of rich content.
const (
	RichButtons  RichKind = "buttons"
	RichList     RichKind = "list"
	RichLocation RichKind = "location"
	RichContact  RichKind = "contact"
	RichCards    RichKind = "cards"
)

// Kind returns the kind of the field that is set, or "" if none is. r may be nil.
func (r *Rich) Kind() RichKind {
	switch {
	case r == nil:
		return ""
	case len(r.Buttons) > 0:
		return RichButtons
	case r.List != nil:
		return RichList
	case r.Location != nil:
		return RichLocation
	case r.Contact != nil:
		return RichContact
	case len(r.Cards) > 0:
		return RichCards
	}

	return ""
}

// IsSentAlone reports whether this kind is sent as a separate message, without the text.
func (k RichKind) IsSentAlone() bool { return k == RichLocation || k == RichContact || k == RichCards }

// MaxItems returns the maximum number of buttons, rows or cards in one message of the account. 0 means that the account
// doesn't support this kind, which is then sent as plain text (Rich.Text).
func (c Capabilities) MaxItems(k RichKind) int {
	switch k {
	case RichButtons:
		return c.Rich.Buttons
	case RichList:
		return c.Rich.ListRows
	case RichCards:
		return c.Rich.Carousel
	case RichLocation:
		if c.Rich.Location >= Partial {
			return 1
		}
	case RichContact:
		if c.Rich.ContactCard >= Partial {
			return 1
		}
	}

	return 0
}

// CanSendRich reports whether the account supports r, including its number of items. If not, r is sent as plain text
// (Rich.Text).
func (c Capabilities) CanSendRich(r *Rich) bool {
	items := 0
	switch r.Kind() {
	case RichButtons:
		items = len(r.Buttons)
	case RichList:
		for _, s := range r.List.Sections {
			items += len(s.Rows)
		}
	case RichCards:
		items = len(r.Cards)
	case RichLocation, RichContact:
		items = 1
	case "":
		return false
	}

	return items <= c.MaxItems(r.Kind())
}

// SplitLinks separates the buttons that the account can't send as buttons: links beside other buttons, or too many links. The
// caller writes them into the text. carried is r without them, or nil if nothing remains.
func (c Capabilities) SplitLinks(r *Rich) (carried *Rich, links []Button) {
	if r.Kind() != RichButtons || c.Rich.LinksAlone == 0 {
		return r, nil
	}

	var answers []Button
	for _, b := range r.Buttons {
		if b.URL == "" {
			answers = append(answers, b)
		} else {
			links = append(links, b)
		}
	}

	switch {
	case len(links) == 0, len(answers) == 0 && len(links) <= c.Rich.LinksAlone:
		return r, nil
	case len(answers) == 0:
		return nil, links
	}
	return &Rich{Buttons: answers}, links
}

// Text returns r as Markdown, for channels that don't support it. Choices are numbered ("1. Yes"), and a location gets a
// link to a map. It adds no words, which would have to be translated.
func (r *Rich) Text() string {
	switch r.Kind() {
	case RichButtons:
		var lines []string
		for i, b := range r.Buttons {
			lines = append(lines, choiceText(i+1, b.Title, b.URL))
		}
		return strings.Join(lines, "\n")
	case RichList:
		return r.List.text()
	case RichLocation:
		return JoinLines(r.Location.Name, r.Location.Address, r.Location.MapURL())
	case RichContact:
		return r.Contact.text()
	case RichCards:
		var blocks []string
		for _, c := range r.Cards {
			blocks = append(blocks, c.text())
		}
		return strings.Join(blocks, "\n\n")
	}

	return ""
}

// choiceText returns one numbered choice: "2. Title – detail", or "2. Title" without a detail.
func choiceText(n int, title, detail string) string {
	return strings.TrimSuffix(fmt.Sprintf("%d. %s – %s", n, title, detail), " – ")
}

// text returns the sections' titles with their rows below, numbered across all sections. A blank line after each title
// keeps Markdown from joining it with the first row.
func (l *List) text() string {
	var blocks []string
	n := 0
	for _, s := range l.Sections {
		if s.Title != "" {
			blocks = append(blocks, "**"+s.Title+"**")
		}
		var rows []string
		for _, row := range s.Rows {
			n++
			rows = append(rows, choiceText(n, row.Title, row.Description))
		}
		blocks = append(blocks, strings.Join(rows, "\n"))
	}
	return strings.Join(blocks, "\n\n")
}

// MapURL returns a link to the place on a public map.
func (l *Location) MapURL() string {
	lat, lon := formatDegrees(l.Latitude), formatDegrees(l.Longitude)
	return "https://www.openstreetmap.org/?mlat=" + lat + "&mlon=" + lon + "#map=17/" + lat + "/" + lon
}

// formatDegrees formats a coordinate with all its decimals and without an exponent.
func formatDegrees(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// text returns the name, the organisation, and each number and address on a separate line.
func (c *ContactCard) text() string {
	return JoinLines(c.Name, c.Org, strings.Join(c.Phones, "\n"), strings.Join(c.Emails, "\n"))
}

// text returns the title in bold, the text, the picture's URL, and each button on a separate line.
func (c RichCard) text() string {
	title := ""
	if c.Title != "" {
		title = "**" + c.Title + "**"
	}
	lines := []string{title, c.Text, c.ImageURL}
	for _, b := range c.Buttons {
		lines = append(lines, strings.TrimSuffix("- "+b.Title+": "+b.URL, ": "))
	}
	return JoinLines(lines...)
}

// JoinLines joins the lines with newlines, leaving out empty ones.
func JoinLines(lines ...string) string {
	var nonempty []string
	for _, line := range lines {
		if line != "" {
			nonempty = append(nonempty, line)
		}
	}
	return strings.Join(nonempty, "\n")
}
