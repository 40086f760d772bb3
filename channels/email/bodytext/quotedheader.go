package bodytext

import (
	"strings"
	"unicode/utf8"
)

// This file recognises the headers above a quoted mail. Outlook and other programs write them in place of an
// attribution, in the language of the person who answers:
//
//	Von: Ann Bauer <ann@acme.test>
//	Gesendet: Montag, 2. November 2026 10:15
//	An: help@shop.test
//	Betreff: Invoice

// quotedField is a field of such headers.
type quotedField int

const (
	noField quotedField = iota
	fieldFrom
	fieldSent
	fieldTo
	fieldCc
	fieldSubject
)

// headerField returns the field that has a label ("betreff"), which must be in lower case.
func headerField(label string) quotedField {
	switch label {
	case "from", "von", "de", "da", "van", "od", "från", "fra", "lähettäjä", "от", "kimden", "feladó",
		"发件人", "寄件者", "差出人", "보낸 사람", "من":
		return fieldFrom
	case "sent", "date", "gesendet", "datum", "envoyé", "envoyé le", "enviado", "enviado el", "enviada em", "enviado em",
		"enviada", "fecha", "data", "inviato", "verzonden", "wysłano", "skickat", "sendt", "dato", "lähetetty", "päivämäärä",
		"odesláno", "отправлено", "дата", "gönderildi", "gönderme tarihi", "tarih", "elküldve", "dátum",
		"发送时间", "发送日期", "日期", "時間", "寄件日期", "送信日時", "日時", "送信日", "보낸 날짜", "날짜", "تم الإرسال", "التاريخ":
		return fieldSent
	case "to", "an", "à", "a", "para", "aan", "do", "till", "til", "vastaanottaja", "komu", "кому", "kime", "címzett",
		"收件人", "收件者", "宛先", "받는 사람", "إلى":
		return fieldTo
	case "cc", "kopie", "copie", "kopia", "kopi", "kopio", "копия", "bilgi", "抄送", "副本", "참조", "نسخة":
		return fieldCc
	case "subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "temat", "ämne", "emne", "aihe",
		"předmět", "predmet", "тема", "konu", "tárgy", "主题", "主旨", "件名", "제목", "الموضوع":
		return fieldSubject
	}

	return noField
}

// fieldOfLine returns the field with which a line begins: fieldFrom for "> *Von:* Ann".
func fieldOfLine(s string) quotedField {
	for before := -1; before != len(s); {
		before = len(s)
		s = strings.TrimLeft(trimBlanks(s), "*_>")
	}
	const maxLabel = 60 // in bytes; the labels of headerField are shorter, even with marks around them
	end := strings.IndexAny(s[:min(len(s), maxLabel+utf8.UTFMax)], ":：")
	if end <= 0 || end > maxLabel {
		return noField
	}
	return headerField(strings.ToLower(strings.Trim(s[:end], " \t*_"+nbsp)))
}

// Limits of a block of headers.
const (
	maxHeaderLines     = 16 // including blank lines
	maxHeaderTextLines = 9
	minHeaderFields    = 3
)

// isHeaderBlock reports whether lines begin with the headers of a mail: From and at least two more fields. It requires
// a subject or an address, because people also write From, To and Date for a journey.
func isHeaderBlock(lines []line) bool {
	seen, hasAddress := headerFields(lines)
	return isLikeHeaders(seen) && (seen[fieldSubject] || hasAddress)
}

// isLikeHeaders reports whether the header fields seen are enough for a quoted mail.
func isLikeHeaders(seen map[quotedField]bool) bool {
	return seen[fieldFrom] && len(seen) >= minHeaderFields
}

// headerFields returns the header fields in the first few lines, and whether one of these lines has an address. It
// doesn't return fieldCc, which few quoted mails have.
func headerFields(lines []line) (seen map[quotedField]bool, hasAddress bool) {
	seen = map[quotedField]bool{}
	textLines := 0
	for _, l := range lines[:min(len(lines), maxHeaderLines)] {
		if l.isBlank {
			continue
		}

		textLines++
		if textLines > maxHeaderTextLines {
			break
		}
		if l.field == noField {
			continue
		}
		if l.field != fieldCc {
			seen[l.field] = true
		}
		hasAddress = hasAddress || strings.Contains(l.text, "@")
	}

	return seen, hasAddress
}
