package shape

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"parley/bridge"
)

// A rich message is a reply with more than text: buttons to tap, a list to choose from, cards with pictures, a location or a
// contact. Agents type these into text fields of a form. The functions of this file parse such a field, for example
//
//	Track my parcel
//	Our shop | https://shop.acme.test
//
// into two buttons, of which the second is a link. All of them return what is wrong with the text, if anything, as a sentence
// for the agent (bad).

// Limits of rich messages, in characters or numbers. Each is the lowest limit of all providers.
// Source: Meta's and Twilio's references of interactive messages, read 2026-11.
const (
	MaxButtonRunes      = 20
	maxRowRunes         = 24
	maxDescriptionRunes = 72
	maxSectionRunes     = 24
	maxSections         = 10
	maxCardRunes        = 80
	maxCardButtons      = 3
	MaxRichTextRunes    = 1024 // text above buttons or a list
	maxInWords          = 20   // choices in a channel that doesn't support them, where they are sent as text
)

// Buttons parses buttons, one a line: "Title", an answer to tap, or "Title | https://…", a link. maxCount is how many buttons
// the account's channel supports. If it is zero, buttons are sent as text, so that their titles may have any length. bad is ""
// if the text is valid.
func Buttons(text string, maxCount int) (buttons []bridge.RichButton, bad string) {
	seen := map[string]bool{} // titles in lower case
	for _, line := range textLines(text) {
		hasMaxLength := maxCount > 0
		button, bad := readButton(withoutListMark(line), hasMaxLength)
		if bad != "" {
			return nil, bad
		}
		if seen[strings.ToLower(button.Title)] {
			return nil, "“" + Clip(button.Title) + "” is there twice."
		}
		seen[strings.ToLower(button.Title)] = true
		button.ID = "b" + strconv.Itoa(len(buttons)+1)
		buttons = append(buttons, button)
	}
	return buttons, checkCount(len(buttons), maxCount, "button", "buttons")
}

// readButton parses one button. hasMaxLength says that the title has to fit a button.
func readButton(text string, hasMaxLength bool) (button bridge.RichButton, bad string) {
	title, link, hasLink := strings.Cut(text, "|")
	button = bridge.RichButton{Title: Visible(title), URL: Trim(Unlink(link))}
	if button.Title == "" {
		return button, "“" + Clip(text) + "” has no title."
	}
	if utf8.RuneCountInString(button.Title) > MaxButtonRunes && hasMaxLength {
		return button, fmt.Sprintf("“%s” is longer than %d characters.", Clip(button.Title), MaxButtonRunes)
	}
	if hasLink && !isWebAddress(button.URL) {
		return button, "“" + Clip(button.URL) + "” isn't a web address: it begins with https://"
	}
	return button, ""
}

// checkCount checks that there is at least one item, and at most maxCount, or maxInWords if maxCount is zero.
func checkCount(n, maxCount int, singular, plural string) (bad string) {
	limit := cmp.Or(maxCount, maxInWords)
	if n == 0 {
		return "Name at least one " + singular + "."
	}
	if n > limit {
		return fmt.Sprintf("These are %d %s; %d is the most.", n, plural, limit)
	}
	return ""
}

// Rows parses the choices of a list, one a line: "Title | description". A line that ends in a colon begins a section. maxCount
// and bad are as in Buttons.
func Rows(text string, maxCount int) (sections []bridge.RichSection, bad string) {
	seen := map[string]bool{} // titles of rows in lower case
	for _, line := range textLines(text) {
		if title, ok := sectionTitle(line); ok {
			if utf8.RuneCountInString(title) > maxSectionRunes && maxCount > 0 {
				return nil, fmt.Sprintf("The section “%s” is longer than %d characters.", Clip(title), maxSectionRunes)
			}
			sections = append(sections, bridge.RichSection{Title: title})
			continue
		}

		row, bad := readRow(line, maxCount)
		if bad != "" {
			return nil, bad
		}
		if seen[strings.ToLower(row.Title)] {
			return nil, "“" + Clip(row.Title) + "” is there twice."
		}

		seen[strings.ToLower(row.Title)] = true
		row.ID = "r" + strconv.Itoa(len(seen))

		if len(sections) == 0 {
			sections = append(sections, bridge.RichSection{})
		}

		last := &sections[len(sections)-1]
		last.Rows = append(last.Rows, row)
	}

	return sections, checkRows(sections, len(seen), maxCount)
}

// sectionTitle returns the title of the section that a line begins. ok is false if the line is a choice.
func sectionTitle(line string) (title string, ok bool) {
	title, hasColon := strings.CutSuffix(line, ":")
	if !hasColon || strings.Contains(line, "|") {
		return "", false
	}
	return Visible(title), true
}

// readRow parses one choice of a list.
func readRow(line string, maxCount int) (row bridge.RichRow, bad string) {
	title, description, _ := strings.Cut(withoutListMark(line), "|")
	row = bridge.RichRow{Title: Visible(title), Description: Visible(description)}
	if row.Title == "" {
		return row, "“" + Clip(line) + "” has no title."
	}
	if utf8.RuneCountInString(row.Title) > maxRowRunes && maxCount > 0 {
		return row, fmt.Sprintf("“%s” is longer than %d characters. Put the rest behind a |.", Clip(row.Title), maxRowRunes)
	}
	if utf8.RuneCountInString(row.Description) > maxDescriptionRunes && maxCount > 0 {
		return row, fmt.Sprintf("“%s” is longer than %d characters.", Clip(row.Description), maxDescriptionRunes)
	}
	return row, ""
}

// checkRows checks the number of choices and the sections. n is the number of choices in all sections.
func checkRows(sections []bridge.RichSection, n, maxCount int) (bad string) {
	if bad := checkCount(n, maxCount, "choice", "choices"); bad != "" {
		return bad
	}

	for _, section := range sections {
		if len(section.Rows) == 0 {
			return "The section “" + Clip(section.Title) + "” is empty."
		}
		if section.Title == "" && len(sections) > 1 {
			return "Where there are sections, each choice belongs to one: begin with a line like “Lamps:”."
		}
	}

	if len(sections) > maxSections {
		return fmt.Sprintf("These are %d sections; %d is the most.", len(sections), maxSections)
	}

	return ""
}

// Cards parses a carousel of cards, which are separated by empty lines:
//
//	Desk lamp                              the title
//	https://shop.acme.test/lamp.jpg        the picture
//	Bright and small.                      the text; it may have several lines
//	> Buy | https://shop.acme.test/lamp    a button
//
// maxCount and bad are as in Buttons.
func Cards(text string, maxCount int) (cards []bridge.RichCard, bad string) {
	var card *bridge.RichCard // the current card; nil between cards
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		line = Visible(Unlink(line))
		if line == "" {
			card = nil
			continue
		}

		if card == nil {
			cards = append(cards, bridge.RichCard{Title: line})
			card = &cards[len(cards)-1]
			continue
		}

		if bad = addCardLine(card, line, len(cards)); bad != "" {
			return nil, bad
		}
	}

	if maxCount > 0 { // otherwise the cards are sent as text, which has no limits
		for _, parsed := range cards {
			if bad := checkCard(parsed); bad != "" {
				return nil, bad
			}
		}
	}

	return cards, checkCount(len(cards), maxCount, "card", "cards")
}

// checkCard checks a card for a channel that supports cards.
func checkCard(card bridge.RichCard) (bad string) {
	if utf8.RuneCountInString(card.Title) > maxCardRunes {
		return fmt.Sprintf("The title “%s” is longer than %d characters.", Clip(card.Title), maxCardRunes)
	}
	if utf8.RuneCountInString(card.Text) > maxCardRunes {
		return fmt.Sprintf("The text of “%s” is longer than %d characters.", Clip(card.Title), maxCardRunes)
	}
	hasBody := card.Text != "" || card.ImageURL != ""
	if !hasBody && len(card.Buttons) == 0 {
		return "“" + Clip(card.Title) + "” has nothing but a title."
	}
	return ""
}

// addCardLine adds a line after the title to a card. number counts the cards from 1.
func addCardLine(card *bridge.RichCard, line string, number int) (bad string) {
	if button, ok := strings.CutPrefix(line, ">"); ok {
		return addCardButton(card, button, number)
	}
	if card.ImageURL == "" && isWebAddress(line) {
		card.ImageURL = line
		return ""
	}
	card.Text = Trim(card.Text + " " + line)
	return ""
}

// addCardButton parses a button and adds it to a card. Its title must always fit a button.
func addCardButton(card *bridge.RichCard, text string, number int) (bad string) {
	const hasMaxLength = true
	button, bad := readButton(text, hasMaxLength)
	if bad != "" {
		return "A button of “" + Clip(card.Title) + "”: " + bad
	}
	if len(card.Buttons) == maxCardButtons {
		return fmt.Sprintf("“%s” has more than %d buttons.", Clip(card.Title), maxCardButtons)
	}

	button.ID = fmt.Sprintf("c%db%d", number, len(card.Buttons)+1)
	card.Buttons = append(card.Buttons, button)
	return ""
}

// maxLinkBytes is the maximum length of a link: the lowest limit of all providers.
const maxLinkBytes = 1000

// isWebAddress reports whether a word is an https URL that all providers accept as a link.
func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxLinkBytes {
		return false
	}
	if strings.ContainsFunc(s, IsBlank) {
		return false
	}
	return u.Scheme == "https" && strings.Contains(u.Host, ".")
}

// Patterns of coordinates, each with two groups: latitude and longitude.
var (
	// pointPlain matches "52.5163, 13.3777" and "(52.5163° 13.3777°)".
	pointPlain = regexp.MustCompile(`^\(?\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*°?\s*[,; ]\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*°?\s*\)?$`)
	// pointLink matches links to Google Maps, Apple Maps and others: ".../@52.5,13.3", "?q=52.5,13.3", "#map=12/52.5/13.3".
	pointLink = regexp.MustCompile(`(?:@|[?&#](?:q|ll|query|center|daddr|destination|loc)=(?:loc:)?|geo:|#map=\d{1,2}/)` +
		`([+-]?\d{1,3}(?:\.\d{1,15})?)(?:,|/|%2C|%2c)([+-]?\d{1,3}(?:\.\d{1,15})?)`)
	// pointPair matches links to OpenStreetMap: "?mlat=52.5&mlon=13.3".
	pointPair = regexp.MustCompile(`[?&]mlat=([+-]?\d{1,3}(?:\.\d{1,15})?)&mlon=([+-]?\d{1,3}(?:\.\d{1,15})?)`)
)

// Limits of coordinates, in degrees.
const maxLatitude, maxLongitude = 90, 180

// Point parses a location: "52.5163, 13.3777", or a link to a map that contains the coordinates. ok is false if the text has
// no valid coordinates.
func Point(text string) (latitude, longitude float64, ok bool) {
	text = Trim(Unlink(text))
	for _, pattern := range [...]*regexp.Regexp{pointPlain, pointPair, pointLink} {
		groups := pattern.FindStringSubmatch(text)
		if groups == nil {
			continue
		}
		lat, latErr := strconv.ParseFloat(groups[1], 64)
		lon, lonErr := strconv.ParseFloat(groups[2], 64)
		isParsed := latErr == nil && lonErr == nil
		isInRange := math.Abs(lat) <= maxLatitude && math.Abs(lon) <= maxLongitude
		return lat, lon, isParsed && isInRange
	}
	return 0, 0, false
}

// internationalNumber matches a telephone number with its country code: E.164, but with a minimum length.
var internationalNumber = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// Phones parses the telephone numbers of a contact, one a line, and returns them as E.164. bad is the first line that isn't a
// number, or "" if all are.
func Phones(text string) (list []string, bad string) {
	for _, line := range textLines(text) {
		number := strings.NewReplacer(" ", "", "(0)", "", "(", "", ")", "", "-", "", ".", "", "/", "").Replace(line)
		if !internationalNumber.MatchString(number) {
			return nil, line
		}
		list = append(list, number)
	}
	return list, ""
}

// textLines returns the lines of a text that aren't blank, cleaned by Visible.
func textLines(text string) []string {
	var list []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		line = Visible(line)
		if line != "" {
			list = append(list, line)
		}
	}
	return list
}

var listMark = regexp.MustCompile(`^(?:[-*•]|\d{1,2}[.)])\s+`)

// withoutListMark removes a list marker, such as "- " or "1. ", from the beginning of a line. If nothing would remain, it
// returns the line unchanged.
func withoutListMark(line string) string {
	rest := line[len(listMark.FindString(line)):]
	return cmp.Or(rest, line)
}
