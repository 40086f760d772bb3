package bodytext

import (
	"strings"
	"unicode/utf8"
)

// Some mail programs quote a mail below its headers: From, Sent, To and Subject, in the language of the person who answers.

// quotedField is a field of a quoted header.
type quotedField int

// Fields of a quoted header.
const (
	noField quotedField = iota
	fieldFrom
	fieldSent
	fieldTo
	fieldCc
	fieldSubject
)

// headerField returns the field of a quoted header that a label in lower case names.
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

// fieldOfLine returns the field of a quoted header that a line has ("Von: Ann").
func fieldOfLine(s string) quotedField {
	for before := -1; before != len(s); {
		before = len(s)
		s = strings.TrimLeft(trimBlanks(s), "*_>")
	}
	const maxLabel = 60 // bytes: the longest label of headerField is shorter, even with marks around it
	end := strings.IndexAny(s[:min(len(s), maxLabel+utf8.UTFMax)], ":：")
	if end <= 0 || end > maxLabel {
		return noField
	}
	return headerField(strings.ToLower(strings.Trim(s[:end], " \t*_"+nbsp)))
}

// Limits of a block of headers: how many lines it has, with blank ones and without, and how many fields.
const (
	maxHeaderLines     = 16
	maxHeaderTextLines = 9
	minHeaderFields    = 3
)

// isHeaderBlock reports whether lines begin with the headers of a mail: From and two more fields within a few lines,
// with a subject or an address among them. Without these it may be the sender's own list: of a journey, which also
// has From, To and Date.
func isHeaderBlock(lines []line) bool {
	seen, hasAddress := headerFields(lines)
	return isLikeHeaders(seen) && (seen[fieldSubject] || hasAddress)
}

// isLikeHeaders reports whether header fields are those of a quoted mail.
func isLikeHeaders(seen map[quotedField]bool) bool {
	return seen[fieldFrom] && len(seen) >= minHeaderFields
}

// headerFields returns which header fields the first few lines have, and whether one of them has an address. Cc is
// not among them, because answers rarely have it.
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
