package meta

import (
	"cmp"
	"fmt"
	"strings"

	"parley/channels"
	"parley/channels/markdown"
)

// A customer can send contacts from the phone's address book. This file shows each contact as text, and
// attaches it as a vCard (.vcf) file, which agents can import into an address book.

// Limits of contact cards.
const (
	maxCards     = 50  // per message
	maxPhoneText = 60  // characters of a phone number
	maxValue     = 300 // characters of a value in a vCard
	maxTypeName  = 20  // characters of the type of a number or address, such as WORK
)

// addCards adds contact cards to a message, each as text and as a vCard file.
func addCards(in *channels.Inbound, cards []card) {
	if hidden := len(cards) - maxCards; hidden > 0 {
		cards = cards[:maxCards]
		in.Notices = append(in.Notices, fmt.Sprintf("The customer sent %d more contacts. "+
			"They can only be seen on the customer's phone.", hidden))
	}
	var blocks []string
	for _, c := range cards {
		blocks = append(blocks, cardText(c))
		in.Attachments = append(in.Attachments, channels.Attachment{
			Name:        fileName(cardName(c)) + ".vcf",
			ContentType: "text/vcard",
			Content:     vCard(c),
		})
	}
	in.Text = strings.Join(blocks, "\n\n")
}

// cardText returns the text of a card: name, organization, phone numbers and email addresses. The file has
// the rest.
func cardText(c card) string {
	lines := []string{"👤 **" + markdown.Escape(cardName(c)) + "**"}
	org := joinNonEmpty(", ", clippedLine(c.Org.Title, maxName), clippedLine(c.Org.Department, maxName), clippedLine(c.Org.Company, maxName))
	if org != "" {
		lines = append(lines, markdown.Escape(org))
	}

	phones, morePhones := firstItems(c.Phones)
	for _, p := range phones {
		phone := loose(firstOf(p.Phone, loose(phoneKey(p.WaID))))
		lines = append(lines, markdown.Escape(clippedLine(phone, maxPhoneText)))
	}
	if morePhones != "" {
		lines = append(lines, morePhones+" in the file")
	}

	mails, moreMails := firstItems(c.Emails)
	for _, e := range mails {
		lines = append(lines, markdown.Escape(clippedLine(e.Email, maxTitle)))
	}
	if moreMails != "" {
		lines = append(lines, moreMails+" in the file")
	}

	return strings.Join(lines, "\n")
}

// cardName returns the name on a card: the formatted name or, in this order, first and last name, the
// company, or the name in its vCard.
func cardName(c card) string {
	firstAndLast := joinNonEmpty(" ", clippedLine(c.Name.First, maxName), clippedLine(c.Name.Last, maxName))
	return cmp.Or(clippedLine(c.Name.Formatted, maxTitle), firstAndLast, clippedLine(c.Org.Company, maxTitle),
		clippedLine(vCardName(c.VCard), maxTitle), "Contact")
}

// vCardName returns the name in the text of a vCard, or "" if it has none.
func vCardName(text loose) loose {
	for line := range strings.Lines(string(text)) {
		field, value, _ := strings.Cut(line, ":")
		field, _, _ = strings.Cut(field, ";") // remove parameters
		if strings.EqualFold(field, "FN") {
			return loose(strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, " ").Replace(value))
		}
	}
	return ""
}

// fileName converts text to a file name that is valid on all operating systems.
func fileName(text string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, text)
	return cmp.Or(strings.Trim(name, ". "), "contact")
}

// vCard returns a card as a vCard file:
//
//	BEGIN:VCARD
//	VERSION:3.0
//	N:Berg;Ana;;;
//	FN:Ana Berg
//	TEL;TYPE=WORK:+49 170 1234567
//	END:VCARD
//
// Source: RFC 2426 (vCard 3.0), the version that phones support.
func vCard(c card) []byte {
	var w vCardWriter
	w.WriteString("BEGIN:VCARD\r\nVERSION:3.0\r\n")
	if c.Name.Last == "" && c.Name.First == "" {
		w.writeLine("N", loose(cardName(c)), "", "", "", "") // vCard requires a name
	} else {
		w.writeLine("N", c.Name.Last, c.Name.First, "", "", "")
	}
	w.writeLine("FN", loose(cardName(c)))
	w.writeLine("ORG", c.Org.Company, c.Org.Department)
	w.writeLine("TITLE", c.Org.Title)
	w.writeLine("BDAY", c.Birthday)

	for _, p := range c.Phones {
		w.writeLine("TEL"+vType(p.Type), loose(firstOf(p.Phone, loose(phoneKey(p.WaID)))))
	}
	for _, e := range c.Emails {
		w.writeLine("EMAIL"+vType(e.Type), e.Email)
	}
	for _, u := range c.URLs {
		w.writeLine("URL", u.URL)
	}
	for _, a := range c.Addresses {
		w.writeLine("ADR", "", "", a.Street, a.City, a.State, a.Zip, a.Country)
	}

	w.WriteString("END:VCARD\r\n")
	return []byte(w.String())
}

// vCardWriter collects the lines of a vCard.
type vCardWriter struct{ strings.Builder }

// writeLine writes a property with its values, unless all of them are empty.
func (w *vCardWriter) writeLine(name string, values ...loose) {
	if firstOf(values...) == "" {
		return
	}

	var written []string
	for _, v := range values {
		written = append(written, vEscape(clippedLine(v, maxValue)))
	}
	w.WriteString(name + ":" + strings.Join(written, ";") + "\r\n")
}

// vEscape escapes a value.
// Source: RFC 2426, section 5.
func vEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(s)
}

// vType returns a TYPE parameter, or "" unless t consists of at most maxTypeName letters.
func vType(t loose) string {
	kind := strings.ToUpper(string(t))
	if kind == "" || len(kind) > maxTypeName {
		return ""
	}
	if strings.Trim(kind, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" { // it could inject another line
		return ""
	}
	return ";TYPE=" + kind
}
