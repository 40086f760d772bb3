package whatsapp

import (
	"cmp"
	"fmt"
	"strings"

	"parley/channels"
	"parley/channels/wamark"
)

// addCards adds contact cards as text, and each as a vCard file.
func addCards(in *channels.Inbound, cards []card) {
	const most = 50
	if n := len(cards) - most; n > 0 {
		cards = cards[:most]
		in.Notices = append(in.Notices, fmt.Sprintf("The customer sent %d more contacts. They can only be seen on the customer's phone.", n))
	}
	var blocks []string
	for _, c := range cards {
		name := cardName(c)
		lines := []string{"👤 **" + wamark.Escape(name) + "**"}
		if org := joinNonEmpty(", ", clippedLine(c.Org.Title, 100), clippedLine(c.Org.Department, 100), clippedLine(c.Org.Company, 100)); org != "" {
			lines = append(lines, wamark.Escape(org))
		}
		phones, morePhones := firstItems(c.Phones)
		for _, p := range phones {
			lines = append(lines, wamark.Escape(clippedLine(loose(firstOf(p.Phone, loose(phoneKey(p.WaID)))), 60)))
		}
		mails, moreMails := firstItems(c.Emails)
		for _, e := range mails {
			lines = append(lines, wamark.Escape(clippedLine(e.Email, 200)))
		}
		if more := cmp.Or(morePhones, moreMails); more != "" {
			lines = append(lines, more+" in the file")
		}
		blocks = append(blocks, strings.Join(lines, "\n"))
		in.Attachments = append(in.Attachments, channels.Attachment{Name: fileName(name) + ".vcf", ContentType: "text/vcard", Content: vCard(c)})
	}
	in.Text = strings.Join(blocks, "\n\n")
}

func cardName(c card) string {
	for _, name := range []string{clippedLine(c.Name.Formatted, 200), joinNonEmpty(" ", clippedLine(c.Name.First, 100), clippedLine(c.Name.Last, 100)), clippedLine(c.Org.Company, 200)} {
		if name != "" {
			return name
		}
	}
	return "Contact"
}

// joinNonEmpty joins the texts that are not empty.
func joinNonEmpty(by string, list ...string) string {
	var kept []string
	for _, s := range list {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, by)
}

// fileName turns a customer's text into a file name.
func fileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, s)
	if s = strings.Trim(s, ". "); s == "" {
		return "contact"
	}
	return s
}

// vCard writes a card. Source: RFC 2426 (vCard 3.0), which phones read.
func vCard(c card) []byte {
	var b strings.Builder
	put := func(name string, values ...loose) {
		any := false
		for i, v := range values {
			values[i] = loose(vEscape(clippedLine(v, 300)))
			any = any || v != ""
		}
		if !any {
			return
		}
		b.WriteString(name)
		for i, v := range values {
			b.WriteString(map[bool]string{true: ":", false: ";"}[i == 0] + string(v))
		}
		b.WriteString("\r\n")
	}
	b.WriteString("BEGIN:VCARD\r\nVERSION:3.0\r\n")
	put("N", c.Name.Last, c.Name.First, "", "", "")
	if c.Name.Last == "" && c.Name.First == "" {
		put("N", loose(cardName(c)), "", "", "", "")
	}
	put("FN", loose(cardName(c)))
	put("ORG", c.Org.Company, c.Org.Department)
	put("TITLE", c.Org.Title)
	put("BDAY", c.Birthday)
	for _, p := range c.Phones {
		put("TEL"+vType(p.Type), loose(firstOf(p.Phone, loose(phoneKey(p.WaID)))))
	}
	for _, e := range c.Emails {
		put("EMAIL"+vType(e.Type), e.Email)
	}
	for _, u := range c.URLs {
		put("URL", u.URL)
	}
	for _, a := range c.Addresses {
		put("ADR", "", "", a.Street, a.City, a.State, a.Zip, a.Country)
	}
	b.WriteString("END:VCARD\r\n")
	return []byte(b.String())
}

// vEscape writes a value. Source: RFC 2426, section 5.
func vEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(s)
}

// vType returns a TYPE parameter; "" unless t consists of letters.
func vType(t loose) string {
	kind := strings.ToUpper(string(t))
	if kind == "" || len(kind) > 20 || strings.Trim(kind, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return ";TYPE=" + kind
}
