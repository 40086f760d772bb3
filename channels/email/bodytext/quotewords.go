package bodytext

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// attributionVerb matches how mail programs say "wrote" above a quote.
var attributionVerb = regexp.MustCompile(`(?i)\b(?:wrote|writes|schrieb|schreibt|geschrieben|escribi[oó]|escreveu|` +
	`ha scritto|scrisse|schreef|napisał\(?a?\)?|pisze|skrev|kirjoitti|napsal\(?a?\)?|napísal\(?a?\)?|yazdı|` +
	`a scris)(?:\P{L}|$)` +
	`|a [ée]crit|írta|написал|пишет|писал|написав|写道|寫道|書きました|のメッセージ|작성|님이|كتب|כתב|έγραψε`)

// Limits of the beginning of an attribution: how much of a line is looked at, with its marks and behind them; how
// many characters, such as a name, may stand before a date; and how many digits a year has.
const (
	maxMarkedBytes = 400
	maxBeginBytes  = 100
	maxRunesBefore = 61
	maxYearDigits  = 4
)

// canBeginAttribution reports whether a line begins like an attribution in one of the languages of attributionVerb, or
// with a date. It uses no regular expression, because that took a millisecond for a long line.
func canBeginAttribution(s string) bool {
	s = strings.TrimLeft(s[:min(len(s), maxMarkedBytes)], "*_>- \t\r\f")
	s = strings.ToLower(s[:min(len(s), maxBeginBytes)])
	for _, word := range []string{
		"on", "am", "le", "el", "em", "il", "op", "w dniu", "dnia", "den", "på", "dne", "dňa", "в", "ve", "tarihinde",
		"στις", "pe", "في", "בתאריך",
	} {
		rest, ok := strings.CutPrefix(s, word)
		next, _ := utf8.DecodeRuneInString(rest)
		if ok && !unicode.IsLetter(next) {
			return true
		}
	}

	first := strings.IndexAny(s, "0123456789@")
	if first < 0 || s[first] == '@' {
		return false
	}
	if utf8.RuneCountInString(s[:first]) > maxRunesBefore {
		return false
	}

	rest := strings.TrimLeft(s[first:], "0123456789")
	digits := len(s) - first - len(rest)
	if digits > maxYearDigits || rest == "" {
		return false
	}
	if rest[0] == ':' { // "10:15 AM, November 2, 2026, …"
		return first == 0 && strings.Contains(rest, ", 20")
	}

	return strings.IndexByte("./- ", rest[0]) >= 0 || strings.HasPrefix(rest, "年")
}

// startsWithDate matches the beginning of older attributions, which have a date and no verb.
var startsWithDate = regexp.MustCompile(`^\d{4}[-/.年]\s?\d{1,2}`)

// mailInText matches a mail address in a line.
var mailInText = regexp.MustCompile(`[\w.+%\-]+@[\w\-]+(?:\.[\w\-]+)+`)

// AddressInText returns the first mail address in a text, or "" if there is none.
func AddressInText(text string) string { return mailInText.FindString(text) }

// clockInText matches a time of day in an attribution. Behind a point it needs a word for the time: 12.11 may also be
// a date, and 49.90 a price.
var clockInText = regexp.MustCompile(`\d{1,2}\s?[:h時点]\s?\d{2}|(?i)\b(?:um|kl|klo|kello|ore|pukul)\.?\s\d{1,2}\.\d{2}`)

// ownWords matches what a person writes and no attribution has: the first person, or the end of a sentence. No
// abbreviation of a date or a name is as long as the word before that end.
var ownWords = regexp.MustCompile(`(?:^|\s)(?:I|[Ww]e|[Ii]ch|[Ww]ir|[Ii]k|[Ww]ij|[Jj]ag|[Jj]eg|[Vv]i|jsem|[Яя]|[Мм]ы)\s` +
	`|\p{Ll}{4}[.!?]\s+\p{Lu}`)

// dateInText matches a year, or a day with its month, in an attribution.
var dateInText = regexp.MustCompile(`\p{Nd}{4}|\p{Nd}[./\-]\s?\p{Nd}`)

// lacksName reports whether an attribution doesn't begin with a name, which then stands in the line above: it has only
// a verb, or begins with the address.
func lacksName(s string) bool {
	return strings.HasPrefix(s, "<") || !strings.ContainsFunc(attributionVerb.ReplaceAllString(s, ""), unicode.IsLetter)
}

// cutVerb ends an attribution of which a program has taken the dashes or the colon away.
const cutVerb = "> wrote"

// maxAttributionRunes is the length of the longest attribution that is recognised.
const maxAttributionRunes = 400

// isAttribution reports whether s introduces a quote. If strict is true, which is for quotes whose lines
// aren't marked, s must say who wrote and when.
func isAttribution(s string, strict bool) bool {
	s = strings.TrimSpace(s)
	if s == "" || utf8.RuneCountInString(s) > maxAttributionRunes {
		return false
	}

	hasColon := strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：")
	if strings.HasPrefix(s, "--") && strings.HasSuffix(s, "--") { // Zoho writes dashes in place of the colon
		s = strings.Trim(s, "- ")
		hasColon = true
	}

	hasDigit := strings.ContainsAny(s, "0123456789")
	if strict {
		return hasDigit && isStrictAttribution(s, hasColon)
	}

	// Most lines are decided without the regular expressions, which are slow.
	mayHaveAddressAndDate := hasDigit && strings.Contains(s, "@")
	if !hasColon && !mayHaveAddressAndDate {
		return false
	}

	hasVerb := attributionVerb.MatchString(s)
	hasAddress := mailInText.MatchString(s)

	if hasColon && hasVerb {
		return true
	}
	if !hasAddress || !hasDigit {
		return false
	}

	return hasColon || hasVerb || startsWithDate.MatchString(s)
}

// isStrictAttribution reports whether s introduces a quote and says who wrote and when, without words of the sender's own. It needs
// two of a verb, an address and a time of day, or all three if no colon ends it. The caller has checked that s has digits.
func isStrictAttribution(s string, hasColon bool) bool {
	hasCutVerb := !hasColon && strings.HasSuffix(s, cutVerb)
	hasEnd := hasColon || hasCutVerb
	if !hasEnd || !canBeginAttribution(s) {
		return false
	}

	hasAddress := mailInText.MatchString(s)
	if hasCutVerb {
		return hasAddress && clockInText.MatchString(s)
	}

	hasVerb := attributionVerb.MatchString(s)
	if ownWords.MatchString(s) || !endsAsAttribution(s) {
		return false
	}
	if hasVerb && hasAddress {
		return true
	}
	if !hasVerb && !hasAddress {
		return false
	}

	return clockInText.MatchString(s)
}

// Limits of what may stand between the verb or address of an attribution and its colon, in words.
const (
	maxNameWords = 4
	maxTimeWords = 9
)

// endsAsAttribution reports whether nothing stands between the last verb or address of s and its colon but a name
// ("schrieb Ann Bauer:"), a time ("schrieb am Mo., 2. Nov. 2026, 10:15:") or, behind an address in brackets, a verb
// that attributionVerb doesn't know ("<help@acme.test> menulis:").
func endsAsAttribution(s string) bool {
	end := 0
	for _, pattern := range []*regexp.Regexp{attributionVerb, mailInText} {
		for _, found := range pattern.FindAllStringIndex(s, -1) {
			end = max(end, found[1])
		}
	}

	rest := s[end:]
	words := strings.Fields(strings.Trim(rest, "<>()[]\"'*_:：\u200e\u200f "+nbsp))
	if len(words) == 0 {
		return true
	}
	if strings.HasPrefix(rest, ">") && len(words) <= maxNameWords {
		return true
	}

	isLower := func(word string) bool {
		first, _ := utf8.DecodeRuneInString(word)
		return unicode.IsLower(first)
	}
	if isLower(words[len(words)-1]) {
		return false
	}
	isName := len(words) <= maxNameWords && !isLower(words[0])
	return isName || len(words) <= maxTimeWords && clockInText.MatchString(rest)
}

// maxSeparatorBytes is the length of the longest line that may separate two mails.
const maxSeparatorBytes = 200

// isSeparator reports whether a line is what older mail programs write above the mail that they answer: words
// between dashes. It uses no regular expression, which would be slow for a mail of dashes.
func isSeparator(text string) bool {
	text = strings.TrimLeft(text, " \t>*")
	if text == "" || len(text) > maxSeparatorBytes {
		return false
	}
	if strings.IndexByte("-_\xe2", text[0]) < 0 { // \xe2 begins the longer dashes
		return false
	}

	dashes, words := cutDashes(text)
	if dashes < 2 || words == "" {
		return false
	}

	words = strings.ToLower(strings.TrimLeft(words, " \t"))
	for _, answered := range []string{
		"original message", "original-nachricht", "ursprüngliche nachricht", "ursprüngliche mail", "urspruengliche nachricht",
		"urspruengliche mail", "message d'origine", "message d’origine", "mensaje original", "mensagem original",
		"messaggio originale",
		"oorspronkelijk bericht", "wiadomość oryginalna", "oryginalna wiadomość", "ursprungligt meddelande", "oprindelig meddelelse", "oprindelig besked",
		"opprinnelig melding", "alkuperäinen viesti", "původní zpráva", "исходное сообщение", "orijinal ileti",
		"原始邮件", "原始郵件", "原邮件",
		"元のメッセージ", "원본 메시지", "الرسالة الأصلية", "reply message", "antwortnachricht", "antwort",
	} {
		if rest, ok := strings.CutPrefix(words, answered); ok {
			dashes, _ = cutDashes(strings.TrimLeft(rest, " \t"))
			return dashes >= 2
		}
	}

	return false
}

// cutDashes removes dashes of all kinds from the beginning of a text and counts them.
func cutDashes(text string) (dashes int, rest string) {
	for text != "" {
		switch r, size := utf8.DecodeRuneInString(text); r {
		case '-', '_', '–', '—':
			text = text[size:]
			dashes++
		default:
			return dashes, text
		}
	}
	return dashes, text
}

// forwardLine matches the line that mail programs write above a forwarded mail.
var forwardLine = regexp.MustCompile(`(?i)^[\s>*\-_–—]*(?:begin )?(?:` +
	`forwarded (?:message|by)|weitergeleitete (?:nachricht|mail)|anfang der weitergeleiteten|` +
	`message (?:transféré|réexpédié)|début du message (?:transféré|réexpédié)|` +
	`mensaje reenviado|inicio del mensaje reenviado|mensagem encaminhada|início da mensagem (?:encaminhada|reenviada)|` +
	`messaggio inoltrato|inizio messaggio inoltrato|doorgestuurd bericht|begin doorgestuurd bericht|` +
	`wiadomość przekazana|przekazana wiadomość|vidarebefordrat (?:meddelande|brev)|videresendt (?:meddelelse|melding)|` +
	`välitetty viesti|přeposlaná zpráva|пересылаемое сообщение|перенаправленное сообщение|iletilen ileti|` +
	`转发(?:的)?邮件|轉寄的郵件|転送(?:された)?メッセージ|전달된 메시지|رسالة معاد توجيهها)`)

// forwardSubject matches the subject of a forwarded mail.
var forwardSubject = regexp.MustCompile(`(?i)^\s*(?:fwd?|wg|tr|rv|enc|i|vs|vb|pd|ilt|doorst|转发|轉寄|転送|전달)\s*[:：]`)

// IsForwardSubject reports whether a subject is that of a forwarded mail, in the words of many languages.
func IsForwardSubject(subject string) bool { return forwardSubject.MatchString(subject) }

// answersInside matches how people say that their answers are inside of the quote.
var answersInside = regexp.MustCompile(`(?i)\b(?:` +
	`see (?:my )?(?:answers?|comments?|replies|notes)?\s*(?:below|inline|in-line|in (?:red|blue|green|bold))|` +
	`(?:answers?|comments?|replies|responses?) (?:below|inline|in-line|in (?:red|blue|green|bold))|` +
	`inline (?:answers?|comments?|replies)|` +
	`siehe unten|s\. ?u\.|(?:antworten|kommentare|anmerkungen) (?:unten|im text|in (?:rot|blau|grün))|inline beantwortet|` +
	`(?:réponses?|commentaires?) (?:ci-dessous|dans le texte|en (?:rouge|bleu))|voir ci-dessous|` +
	`(?:respuestas|comentarios) (?:abajo|más abajo|en (?:rojo|azul))|` +
	`vedi (?:sotto|risposte)|(?:risposte|commenti) (?:sotto|in (?:rosso|blu))|` +
	`zie (?:hieronder|onder)|antwoorden (?:hieronder|in (?:rood|blauw)))`)

// Fields of a quoted header.
const (
	fieldFrom    = 'f'
	fieldSent    = 's'
	fieldTo      = 't'
	fieldCc      = 'c'
	fieldSubject = 'j'
)

// headerField returns the field of a quoted header that a label in lower case names, or 0 if it names none.
func headerField(label string) byte {
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

	return 0
}

// fieldOfLine returns the field of a quoted header that a line has ("Von: Ann"), or 0 if it has none.
func fieldOfLine(s string) byte {
	for before := -1; before != len(s); {
		before = len(s)
		s = strings.TrimLeft(trimBlanks(s), "*_>")
	}
	const maxLabel = 60 // bytes: the longest label of headerField is shorter, even with marks around it
	end := strings.IndexAny(s[:min(len(s), maxLabel+utf8.UTFMax)], ":：")
	if end <= 0 || end > maxLabel {
		return 0
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
func isLikeHeaders(seen map[byte]bool) bool { return seen[fieldFrom] && len(seen) >= minHeaderFields }

// headerFields returns which header fields the first few lines have, and whether one of them has an address. Cc is
// not among them, because answers rarely have it.
func headerFields(lines []line) (seen map[byte]bool, hasAddress bool) {
	seen = map[byte]bool{}
	textLines := 0
	for _, l := range lines[:min(len(lines), maxHeaderLines)] {
		if l.isBlank {
			continue
		}

		textLines++
		if textLines > maxHeaderTextLines {
			break
		}
		if l.field == 0 {
			continue
		}
		if l.field != fieldCc {
			seen[l.field] = true
		}
		hasAddress = hasAddress || strings.Contains(l.text, "@")
	}

	return seen, hasAddress
}

// withoutDirections returns a text without the invisible marks of direction that programs write into Arabic and Hebrew.
func withoutDirections(text string) string {
	if !strings.Contains(text, "\xe2\x80") { // all of them begin so
		return text
	}
	return strings.Map(func(r rune) rune {
		if r == '\u200e' || r == '\u200f' || r >= '\u202a' && r <= '\u202e' {
			return -1
		}
		return r
	}, text)
}
