package bodytext

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// This file has the words by which mail programs and people announce a quoted or forwarded mail, in many languages.

const maxSeparatorBytes = 200

// isSeparator reports whether a line separates an answer from the quoted mail, as older mail programs write it:
// "-----Original Message-----". It avoids regular expressions, which would be slow for a mail full of dashes.
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
	for _, title := range []string{
		"original message", "original-nachricht", "ursprüngliche nachricht", "ursprüngliche mail", "urspruengliche nachricht",
		"urspruengliche mail", "message d'origine", "message d’origine", "mensaje original", "mensagem original",
		"messaggio originale",
		"oorspronkelijk bericht", "wiadomość oryginalna", "oryginalna wiadomość", "ursprungligt meddelande", "oprindelig meddelelse",
		"oprindelig besked",
		"opprinnelig melding", "alkuperäinen viesti", "původní zpráva", "исходное сообщение", "orijinal ileti",
		"原始邮件", "原始郵件", "原邮件",
		"元のメッセージ", "원본 메시지", "الرسالة الأصلية", "reply message", "antwortnachricht", "antwort",
	} {
		if rest, ok := strings.CutPrefix(words, title); ok {
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

// forwardLine matches the line above a forwarded mail: "---------- Forwarded message ----------".
var forwardLine = regexp.MustCompile(`(?i)^[\s>*\-_–—]*(?:begin )?(?:` +
	`forwarded (?:message|by)|weitergeleitete (?:nachricht|mail)|anfang der weitergeleiteten|` +
	`message (?:transféré|réexpédié)|début du message (?:transféré|réexpédié)|` +
	`mensaje reenviado|inicio del mensaje reenviado|mensagem encaminhada|início da mensagem (?:encaminhada|reenviada)|` +
	`messaggio inoltrato|inizio messaggio inoltrato|doorgestuurd bericht|begin doorgestuurd bericht|` +
	`wiadomość przekazana|przekazana wiadomość|vidarebefordrat (?:meddelande|brev)|videresendt (?:meddelelse|melding)|` +
	`välitetty viesti|přeposlaná zpráva|пересылаемое сообщение|перенаправленное сообщение|iletilen ileti|` +
	`转发(?:的)?邮件|轉寄的郵件|転送(?:された)?メッセージ|전달된 메시지|رسالة معاد توجيهها)`)

// forwardSubject matches the subject of a forwarded mail: "Fwd: Invoice", "WG: Invoice".
var forwardSubject = regexp.MustCompile(`(?i)^\s*(?:fwd?|wg|tr|rv|enc|i|vs|vb|pd|ilt|doorst|转发|轉寄|転送|전달)\s*[:：]`)

// IsForwardSubject reports whether a subject is that of a forwarded mail, in any of many languages.
func IsForwardSubject(subject string) bool { return forwardSubject.MatchString(subject) }

// answersInside matches a remark that the answers are inside the quote: "see my comments below".
var answersInside = regexp.MustCompile(`(?i)\b(?:` +
	`see (?:my )?(?:answers?|comments?|replies|notes)?\s*(?:below|inline|in-line|in (?:red|blue|green|bold))|` +
	`(?:answers?|comments?|replies|responses?) (?:below|inline|in-line|in (?:red|blue|green|bold))|` +
	`inline (?:answers?|comments?|replies)|` +
	`siehe unten|s\. ?u\.|(?:antworten|kommentare|anmerkungen) (?:unten|im text|in (?:rot|blau|grün))|inline beantwortet|` +
	`(?:réponses?|commentaires?) (?:ci-dessous|dans le texte|en (?:rouge|bleu))|voir ci-dessous|` +
	`(?:respuestas|comentarios) (?:abajo|más abajo|en (?:rojo|azul))|` +
	`vedi (?:sotto|risposte)|(?:risposte|commenti) (?:sotto|in (?:rosso|blu))|` +
	`zie (?:hieronder|onder)|antwoorden (?:hieronder|in (?:rood|blauw)))`)

// withoutDirections removes the invisible direction marks that mail programs insert into Arabic and Hebrew text.
func withoutDirections(text string) string {
	if !strings.Contains(text, "\xe2\x80") { // the first bytes of all direction marks
		return text
	}
	return strings.Map(func(r rune) rune {
		if r == '\u200e' || r == '\u200f' || r >= '\u202a' && r <= '\u202e' {
			return -1
		}
		return r
	}, text)
}
