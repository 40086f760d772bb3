package channels

import (
	"fmt"
	"strconv"
	"strings"
)

// Rich is what a message carries besides its text. At most one field is set.
type Rich struct {
	Buttons  []Button     `json:"buttons,omitempty"`
	List     *List        `json:"list,omitempty"`
	Location *Location    `json:"location,omitempty"`
	Contact  *ContactCard `json:"contact,omitempty"`
	Cards    []RichCard   `json:"cards,omitempty"` // a carousel
}

// Button is an answer to tap, or a link when URL is set.
type Button struct {
	ID    string `json:"id"` // comes back with the answer
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
}

// List is a menu behind one button.
type List struct {
	Button   string        `json:"button"` // what opens it
	Sections []ListSection `json:"sections"`
}

// ListSection is a titled part of a List.
type ListSection struct {
	Title string    `json:"title,omitempty"`
	Rows  []ListRow `json:"rows"`
}

// ListRow is one choice.
type ListRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// Location is a place on the map, in degrees.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// ContactCard is somebody's card.
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

// Kinds of rich messages.
const (
	RichButtons  RichKind = "buttons"
	RichList     RichKind = "list"
	RichLocation RichKind = "location"
	RichContact  RichKind = "contact"
	RichCards    RichKind = "cards"
)

// Kind returns which field is set, or "" if none is. r may be nil.
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

// IsSentAlone reports whether channels that carry this kind send it as a message of its own, without the text.
func (k RichKind) IsSentAlone() bool { return k == RichLocation || k == RichContact || k == RichCards }

// MaxItems returns how many buttons, rows or cards of a kind an account carries in one message. 0 means that the
// account doesn't carry this kind: it is written in words (Rich.Text).
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

// CanSendRich reports whether an account can send r as it is. If not, it is written in words (Rich.Text).
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

// Text writes r in words for channels that don't carry it: numbered choices, a place with a link to a
// map. It adds no words of any language.
func (r *Rich) Text() string {
	switch r.Kind() {
	case RichButtons:
		var lines []string
		for i, b := range r.Buttons {
			lines = append(lines, writeChoice(i+1, b.Title, b.URL))
		}
		return strings.Join(lines, "\n")
	case RichList:
		return r.List.writeText()
	case RichLocation:
		return JoinLines(r.Location.Name, r.Location.Address, r.Location.MapURL())
	case RichContact:
		return r.Contact.writeText()
	case RichCards:
		var blocks []string
		for _, c := range r.Cards {
			blocks = append(blocks, c.writeText())
		}
		return strings.Join(blocks, "\n\n")
	}

	return ""
}

// writeChoice writes one choice: "2. Title – detail", or "2. Title".
func writeChoice(n int, title, detail string) string {
	return strings.TrimSuffix(fmt.Sprintf("%d. %s – %s", n, title, detail), " – ")
}

// writeText writes the titles of the sections and below them the choices, numbered through all sections. Blank lines around a title keep
// Markdown from joining it with the choices.
func (l *List) writeText() string {
	var blocks []string
	n := 0
	for _, s := range l.Sections {
		if s.Title != "" {
			blocks = append(blocks, "**"+s.Title+"**")
		}
		var rows []string
		for _, row := range s.Rows {
			n++
			rows = append(rows, writeChoice(n, row.Title, row.Description))
		}
		blocks = append(blocks, strings.Join(rows, "\n"))
	}
	return strings.Join(blocks, "\n\n")
}

// MapURL returns a link to the place on a public map.
func (l *Location) MapURL() string {
	lat, lon := writeDegrees(l.Latitude), writeDegrees(l.Longitude)
	return "https://www.openstreetmap.org/?mlat=" + lat + "&mlon=" + lon + "#map=17/" + lat + "/" + lon
}

// writeDegrees writes a coordinate with all its decimals and without an exponent.
func writeDegrees(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// writeText writes the name, the organisation, and each number and address on a line of its own.
func (c *ContactCard) writeText() string {
	return JoinLines(c.Name, c.Org, strings.Join(c.Phones, "\n"), strings.Join(c.Emails, "\n"))
}

// writeText writes the title in bold, the text, the picture's address, and each button on a line of its own.
func (c RichCard) writeText() string {
	all := []string{c.Title, c.Text, c.ImageURL}
	for _, b := range c.Buttons {
		all = append(all, strings.TrimSuffix("- "+b.Title+": "+b.URL, ": "))
	}
	if c.Title != "" {
		all[0] = "**" + c.Title + "**"
	}
	return JoinLines(all...)
}

// JoinLines joins the texts that are not empty by newlines.
func JoinLines(all ...string) string {
	var kept []string
	for _, s := range all {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, "\n")
}
