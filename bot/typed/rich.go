package typed

import (
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"parley/bridge"
)

// Limits of rich messages, in runes and pieces: for each, the narrowest of all providers.
// Source: Meta's and Twilio's references of interactive messages, read 2026-11.
const (
	MaxButtonRunes      = 20
	maxRowRunes         = 24
	maxDescriptionRunes = 72
	maxSectionRunes     = 24
	maxSections         = 10
	maxCardRunes        = 80
	maxCardButtons      = 3
	MaxRichTextRunes    = 1024 // of the text above buttons or a list
	maxInWords          = 20   // choices where the channel carries none: they become words
)

// Buttons reads answers to tap, one a line. most is how many buttons the account's channel carries; with 0
// they will be sent as words. bad says for people what is wrong, "" if nothing is.
func Buttons(text string, most int) (list []bridge.RichButton, bad string) {
	seen := map[string]bool{}
	for _, title := range textLines(text) {
		title = unlisted(title)
		switch {
		case utf8.RuneCountInString(title) > MaxButtonRunes && most > 0:
			return nil, fmt.Sprintf("“%s” is longer than %d characters.", Clip(title), MaxButtonRunes)
		case seen[strings.ToLower(title)]:
			return nil, "“" + Clip(title) + "” is there twice."
		}
		seen[strings.ToLower(title)] = true
		list = append(list, bridge.RichButton{ID: "b" + strconv.Itoa(len(list)+1), Title: title})
	}
	return list, amount(len(list), most, "button", "buttons")
}

// amount says what is wrong with having n pieces where most are allowed; "" if nothing is.
func amount(n, most int, piece, pieces string) string {
	limit := most
	if most == 0 {
		limit = maxInWords
	}
	switch {
	case n == 0:
		return "Name at least one " + piece + "."
	case n > limit:
		return fmt.Sprintf("These are %d %s; %d is the most.", n, pieces, limit)
	}
	return ""
}

// Rows reads the choices of a list, one a line: "Title | description". A line that ends in a
// colon begins a section. most and bad are as in Buttons.
func Rows(text string, most int) (sections []bridge.RichSection, bad string) {
	n, seen := 0, map[string]bool{}
	for _, l := range textLines(text) {
		if title, ok := strings.CutSuffix(l, ":"); ok && !strings.Contains(l, "|") {
			if title = Trim(title); utf8.RuneCountInString(title) > maxSectionRunes && most > 0 {
				return nil, fmt.Sprintf("The section “%s” is longer than %d characters.", Clip(title), maxSectionRunes)
			}
			sections = append(sections, bridge.RichSection{Title: title})
			continue
		}
		title, description, _ := strings.Cut(unlisted(l), "|")
		row := bridge.RichRow{Title: Trim(title), Description: Trim(description)}
		switch {
		case row.Title == "":
			return nil, "“" + Clip(l) + "” has no title."
		case utf8.RuneCountInString(row.Title) > maxRowRunes && most > 0:
			return nil, fmt.Sprintf("“%s” is longer than %d characters. Put the rest behind a |.", Clip(row.Title), maxRowRunes)
		case utf8.RuneCountInString(row.Description) > maxDescriptionRunes && most > 0:
			return nil, fmt.Sprintf("“%s” is longer than %d characters.", Clip(row.Description), maxDescriptionRunes)
		case seen[strings.ToLower(row.Title)]:
			return nil, "“" + Clip(row.Title) + "” is there twice."
		}
		seen[strings.ToLower(row.Title)] = true
		if len(sections) == 0 {
			sections = append(sections, bridge.RichSection{})
		}
		n++
		row.ID = "r" + strconv.Itoa(n)
		last := &sections[len(sections)-1]
		last.Rows = append(last.Rows, row)
	}
	return sections, rowsWrong(sections, n, most)
}

func rowsWrong(sections []bridge.RichSection, n, most int) string {
	if bad := amount(n, most, "choice", "choices"); bad != "" {
		return bad
	}
	for _, s := range sections {
		switch {
		case len(s.Rows) == 0:
			return "The section “" + Clip(s.Title) + "” is empty."
		case s.Title == "" && len(sections) > 1:
			return "Where there are sections, each choice belongs to one: begin with a line like “Lamps:”."
		}
	}
	if len(sections) > maxSections {
		return fmt.Sprintf("These are %d sections; %d is the most.", len(sections), maxSections)
	}
	return ""
}

// Cards reads a carousel: cards are separated by empty lines; the first line is the title,
// a web address its picture, "> Title" or "> Title | https://…" a button, all else its text.
// most and bad are as in Buttons.
func Cards(text string, most int) (cards []bridge.RichCard, bad string) {
	var card *bridge.RichCard
	for l := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		l = visible(Unlink(l))
		if l == "" {
			card = nil
			continue
		}
		if card == nil {
			cards = append(cards, bridge.RichCard{Title: l})
			card = &cards[len(cards)-1]
			continue
		}
		if bad = cardLine(card, l, len(cards)); bad != "" {
			return nil, bad
		}
	}
	for _, c := range cards {
		switch {
		case most > 0 && utf8.RuneCountInString(c.Title) > maxCardRunes:
			return nil, fmt.Sprintf("The title “%s” is longer than %d characters.", Clip(c.Title), maxCardRunes)
		case most > 0 && utf8.RuneCountInString(c.Text) > maxCardRunes:
			return nil, fmt.Sprintf("The text of “%s” is longer than %d characters.", Clip(c.Title), maxCardRunes)
		case most > 0 && c.Text == "" && c.ImageURL == "" && len(c.Buttons) == 0:
			return nil, "“" + Clip(c.Title) + "” has nothing but a title."
		}
	}
	return cards, amount(len(cards), most, "card", "cards")
}

// cardLine adds one line to the nth card.
func cardLine(card *bridge.RichCard, l string, n int) (bad string) {
	if rest, ok := strings.CutPrefix(l, ">"); ok {
		title, link, linked := strings.Cut(rest, "|")
		b := bridge.RichButton{ID: fmt.Sprintf("c%db%d", n, len(card.Buttons)+1), Title: Trim(title), URL: Trim(link)}
		switch {
		case b.Title == "":
			return "A button of “" + Clip(card.Title) + "” has no title."
		case utf8.RuneCountInString(b.Title) > MaxButtonRunes:
			return fmt.Sprintf("“%s” is longer than %d characters.", Clip(b.Title), MaxButtonRunes)
		case linked && !webAddress(b.URL):
			return "“" + Clip(b.URL) + "” is no web address: it begins with https://"
		case len(card.Buttons) == maxCardButtons:
			return fmt.Sprintf("“%s” has more than %d buttons.", Clip(card.Title), maxCardButtons)
		}
		card.Buttons = append(card.Buttons, b)
		return ""
	}
	if card.ImageURL == "" && webAddress(l) {
		card.ImageURL = l
		return ""
	}
	card.Text = Trim(card.Text + " " + l)
	return ""
}

// webAddress says whether a word is a web address that providers take as a link: https, at most 1000 bytes.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && strings.Contains(u.Host, ".") && len(s) <= 1000 && !strings.ContainsFunc(s, Blank)
}

var (
	pointPlain = regexp.MustCompile(`^\(?\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*°?\s*[,; ]\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*°?\s*\)?$`)
	pointLink  = regexp.MustCompile(`(?:@|[?&#](?:q|ll|query|center|daddr|destination|loc)=(?:loc:)?|geo:|#map=\d{1,2}/)([+-]?\d{1,3}(?:\.\d{1,15})?)(?:,|/|%2C|%2c)([+-]?\d{1,3}(?:\.\d{1,15})?)`)
	pointPair  = regexp.MustCompile(`[?&]mlat=([+-]?\d{1,3}(?:\.\d{1,15})?)&mlon=([+-]?\d{1,3}(?:\.\d{1,15})?)`)
)

// Point reads a place: "52.5163, 13.3777", or a link to a map that contains the coordinates.
func Point(text string) (latitude, longitude float64, ok bool) {
	text = Trim(Unlink(text))
	for _, form := range [...]*regexp.Regexp{pointPlain, pointPair, pointLink} {
		m := form.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		lat, errLat := strconv.ParseFloat(m[1], 64)
		lon, errLon := strconv.ParseFloat(m[2], 64)
		return lat, lon, errLat == nil && errLon == nil && math.Abs(lat) <= 90 && math.Abs(lon) <= 180
	}
	return 0, 0, false
}

// Phones reads telephone numbers for a contact card, one a line, and gives them as E.164. bad is the
// first line that is no number, "" if there is none.
func Phones(text string) (list []string, bad string) {
	for _, l := range textLines(text) {
		digits := strings.NewReplacer(" ", "", "(0)", "", "(", "", ")", "", "-", "", ".", "", "/", "").Replace(l)
		digits, plus := strings.CutPrefix(digits, "+")
		if n := DigitsIn(digits); !plus || n != len(digits) || n < 7 || n > 15 || strings.HasPrefix(digits, "0") {
			return nil, l
		}
		list = append(list, "+"+digits)
	}
	return list, ""
}

// textLines gives the lines that are not empty.
func textLines(text string) []string {
	var list []string
	for l := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if l = visible(l); l != "" {
			list = append(list, l)
		}
	}
	return list
}

// visible gives what people see of a line.
func visible(l string) string { return strings.Join(strings.FieldsFunc(l, Blank), " ") }

var listMark = regexp.MustCompile(`^(?:[-*•]|\d{1,2}[.)])\s+`)

// unlisted removes a list mark, such as "- " or "1. ", from the front of a line.
func unlisted(l string) string {
	if rest := l[len(listMark.FindString(l)):]; rest != "" {
		return rest
	}
	return l
}
