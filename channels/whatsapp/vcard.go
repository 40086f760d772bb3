package whatsapp

import (
	"cmp"
	"fmt"
	"strings"

	"parley/channels"
	"parley/channels/wamark"
)

// A customer can send contacts from the phone's address book. This file shows each of them as text, and attaches it
// as a vCard file, which an address book can import.

// Limits of contact cards that are shown.
const (
	maxCards     = 50  // of one message
	maxPhoneText = 60  // characters of a phone number
	maxValue     = 300 // characters of a value in a vCard
	maxTypeName  = 20  // characters of a kind of number or address: WORK, HOME
)

// addCards adds contact cards as text, and each as a vCard file.
func addCards(in *channels.Inbound, cards []card) {
	if left := len(cards) - maxCards; left > 0 {
		cards = cards[:maxCards]
		in.Notices = append(in.Notices, fmt.Sprintf("The customer sent %d more contacts. "+
			"They can only be seen on the customer's phone.", left))
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

// cardText shows a contact card: name, organisation, phone numbers and addresses. What doesn't fit is in the file.
func cardText(c card) string {
	lines := []string{"👤 **" + wamark.Escape(cardName(c)) + "**"}
	org := joinNonEmpty(", ", clippedLine(c.Org.Title, maxName), clippedLine(c.Org.Department, maxName), clippedLine(c.Org.Company, maxName))
	if org != "" {
		lines = append(lines, wamark.Escape(org))
	}

	phones, morePhones := firstItems(c.Phones)
	for _, p := range phones {
		phone := loose(firstOf(p.Phone, loose(phoneKey(p.WaID))))
		lines = append(lines, wamark.Escape(clippedLine(phone, maxPhoneText)))
	}
	if morePhones != "" {
		lines = append(lines, morePhones+" in the file")
	}

	mails, moreMails := firstItems(c.Emails)
	for _, e := range mails {
		lines = append(lines, wamark.Escape(clippedLine(e.Email, maxTitle)))
	}
	if moreMails != "" {
		lines = append(lines, moreMails+" in the file")
	}

	return strings.Join(lines, "\n")
}

// cardName returns the name on a contact card: the written one, else first and last name, else the company, else that
// of its vCard.
func cardName(c card) string {
	firstAndLast := joinNonEmpty(" ", clippedLine(c.Name.First, maxName), clippedLine(c.Name.Last, maxName))
	return cmp.Or(clippedLine(c.Name.Formatted, maxTitle), firstAndLast, clippedLine(c.Org.Company, maxTitle),
		clippedLine(vCardName(c.VCard), maxTitle), "Contact")
}

// vCardName returns the name in a vCard; "" if it has none.
func vCardName(text loose) loose {
	for line := range strings.Lines(string(text)) {
		field, value, _ := strings.Cut(line, ":")
		field, _, _ = strings.Cut(field, ";") // without parameters
		if strings.EqualFold(field, "FN") {
			return loose(strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, " ").Replace(value))
		}
	}
	return ""
}

// fileName turns a customer's text into a file name that all systems take.
func fileName(text string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, text)
	return cmp.Or(strings.Trim(name, ". "), "contact")
}

// vCard writes a card as a file. Source: RFC 2426 (vCard 3.0), which phones read.
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

// vEscape writes a value. Source: RFC 2426, section 5.
func vEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(s)
}

// vType returns a TYPE parameter; "" unless t consists of letters, and not too many.
func vType(t loose) string {
	kind := strings.ToUpper(string(t))
	if kind == "" || len(kind) > maxTypeName {
		return ""
	}
	if strings.Trim(kind, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" { // it could end the line, and begin another
		return ""
	}
	return ";TYPE=" + kind
}
