package typed

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

// Rich messages are replies with more than text: buttons to tap, a list to choose from, cards with pictures, a place
// or a contact card. An agent types the parts into a field of a form, usually one a line. The functions here read
// such a field. They return what is wrong (bad) as a sentence for the agent.

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
	maxInWords          = 20   // choices if the channel carries none: they become words
)

// Buttons reads answers to tap and links, one a line: "Title" or "Title | https://…". maxCount is how many buttons the
// account's channel carries; with zero they will be sent as words, which have no limits of length. bad says for
// people what is wrong, and is "" if nothing is.
func Buttons(text string, maxCount int) (list []bridge.RichButton, bad string) {
	seen := map[string]bool{}
	for _, line := range textLines(text) {
		b, bad := readButton(withoutListMark(line), maxCount > 0)
		if bad != "" {
			return nil, bad
		}
		if seen[strings.ToLower(b.Title)] {
			return nil, "“" + Clip(b.Title) + "” is there twice."
		}
		seen[strings.ToLower(b.Title)] = true
		b.ID = "b" + strconv.Itoa(len(list)+1)
		list = append(list, b)
	}
	return list, checkCount(len(list), maxCount, "button", "buttons")
}

// readButton reads "Title" or "Title | https://…". isBounded says that a title must fit a button.
func readButton(text string, isBounded bool) (b bridge.RichButton, bad string) {
	title, link, hasLink := strings.Cut(text, "|")
	b = bridge.RichButton{Title: Visible(title), URL: Trim(Unlink(link))}
	if b.Title == "" {
		return b, "“" + Clip(text) + "” has no title."
	}
	if utf8.RuneCountInString(b.Title) > MaxButtonRunes && isBounded {
		return b, fmt.Sprintf("“%s” is longer than %d characters.", Clip(b.Title), MaxButtonRunes)
	}
	if hasLink && !isWebAddress(b.URL) {
		return b, "“" + Clip(b.URL) + "” isn't a web address: it begins with https://"
	}
	return b, ""
}

// checkCount says what is wrong with having n pieces where maxCount are allowed. It returns "" if nothing is.
func checkCount(n, maxCount int, piece, pieces string) (bad string) {
	limit := cmp.Or(maxCount, maxInWords)
	if n == 0 {
		return "Name at least one " + piece + "."
	}
	if n > limit {
		return fmt.Sprintf("These are %d %s; %d is the most.", n, pieces, limit)
	}
	return ""
}

// Rows reads the choices of a list, one a line: "Title | description". A line that ends in a
// colon begins a section. maxCount and bad are as in Buttons.
func Rows(text string, maxCount int) (sections []bridge.RichSection, bad string) {
	seen := map[string]bool{} // titles of rows
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

// sectionTitle returns the title of the section that a line begins. It returns false if the line is a choice.
func sectionTitle(line string) (string, bool) {
	title, hasColon := strings.CutSuffix(line, ":")
	if !hasColon || strings.Contains(line, "|") {
		return "", false
	}
	return Visible(title), true
}

// readRow reads one choice of a list.
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

// checkRows says what is wrong with n choices in sections. It returns "" if nothing is.
func checkRows(sections []bridge.RichSection, n, maxCount int) (bad string) {
	if bad := checkCount(n, maxCount, "choice", "choices"); bad != "" {
		return bad
	}

	for _, s := range sections {
		if len(s.Rows) == 0 {
			return "The section “" + Clip(s.Title) + "” is empty."
		}
		if s.Title == "" && len(sections) > 1 {
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
// maxCount and bad are as in Buttons.
func Cards(text string, maxCount int) (cards []bridge.RichCard, bad string) {
	var card *bridge.RichCard // the one that is being read; nil before the first line of the next one
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

	if maxCount > 0 {
		for _, c := range cards {
			if bad := checkCard(c); bad != "" {
				return nil, bad
			}
		}
	}

	return cards, checkCount(len(cards), maxCount, "card", "cards")
}

// checkCard says what is wrong with a card that a channel is to carry. It returns "" if nothing is.
func checkCard(c bridge.RichCard) (bad string) {
	showsSomething := c.Text != "" || c.ImageURL != ""
	if utf8.RuneCountInString(c.Title) > maxCardRunes {
		return fmt.Sprintf("The title “%s” is longer than %d characters.", Clip(c.Title), maxCardRunes)
	}
	if utf8.RuneCountInString(c.Text) > maxCardRunes {
		return fmt.Sprintf("The text of “%s” is longer than %d characters.", Clip(c.Title), maxCardRunes)
	}
	if !showsSomething && len(c.Buttons) == 0 {
		return "“" + Clip(c.Title) + "” has nothing but a title."
	}
	return ""
}

// addCardLine adds one line to a card. number is the card's, from 1.
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

// addCardButton adds a button to a card: "Title" or "Title | https://…".
func addCardButton(card *bridge.RichCard, text string, number int) (bad string) {
	b, bad := readButton(text, true)
	if bad != "" {
		return "A button of “" + Clip(card.Title) + "”: " + bad
	}
	if len(card.Buttons) == maxCardButtons {
		return fmt.Sprintf("“%s” has more than %d buttons.", Clip(card.Title), maxCardButtons)
	}

	b.ID = fmt.Sprintf("c%db%d", number, len(card.Buttons)+1)
	card.Buttons = append(card.Buttons, b)
	return ""
}

// maxLinkBytes is the narrowest limit of a link that a provider has.
const maxLinkBytes = 1000

// isWebAddress reports whether a word is a web address that providers accept as a link.
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

var (
	pointPlain = regexp.MustCompile(`^\(?\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*°?\s*[,; ]\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*°?\s*\)?$`)
	pointLink  = regexp.MustCompile(`(?:@|[?&#](?:q|ll|query|center|daddr|destination|loc)=(?:loc:)?|geo:|#map=\d{1,2}/)` +
		`([+-]?\d{1,3}(?:\.\d{1,15})?)(?:,|/|%2C|%2c)([+-]?\d{1,3}(?:\.\d{1,15})?)`)
	pointPair = regexp.MustCompile(`[?&]mlat=([+-]?\d{1,3}(?:\.\d{1,15})?)&mlon=([+-]?\d{1,3}(?:\.\d{1,15})?)`)
)

// The degrees of the poles, and of the line of longitude opposite Greenwich.
const maxLatitude, maxLongitude = 90, 180

// Point reads a place: "52.5163, 13.3777", or a link to a map that contains the coordinates. ok is false if it can't.
func Point(text string) (latitude, longitude float64, ok bool) {
	text = Trim(Unlink(text))
	for _, form := range [...]*regexp.Regexp{pointPlain, pointPair, pointLink} {
		m := form.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		lat, errLat := strconv.ParseFloat(m[1], 64)
		lon, errLon := strconv.ParseFloat(m[2], 64)
		isRead := errLat == nil && errLon == nil
		isOnEarth := math.Abs(lat) <= maxLatitude && math.Abs(lon) <= maxLongitude
		return lat, lon, isRead && isOnEarth
	}
	return 0, 0, false
}

// internationalNumber is a telephone number with its country, in E.164 but for a lower bound of its length.
var internationalNumber = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// Phones reads telephone numbers for a contact card, one a line, and returns them as E.164. bad is the
// first line that isn't a number, or "" if all are.
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

// textLines returns the lines that are not empty.
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

// withoutListMark removes a list mark, such as "- " or "1. ", from the beginning of a line. A line that is nothing but a mark
// stays as it is.
func withoutListMark(line string) string { return cmp.Or(line[len(listMark.FindString(line)):], line) }
