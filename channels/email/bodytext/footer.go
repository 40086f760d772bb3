package bodytext

import (
	"regexp"
	"strings"
)

// This file finds the signature at the end of a mail's text, which agents see only on demand. In this mail it is the
// last three lines. The last one is a footer: a line that a phone or its mail program adds.
//
//	Could you resend the invoice?
//
//	--
//	Ann Bauer, Acme Ltd
//	Sent from my iPhone

// Limits of a signature. Longer ones are taken for text.
const (
	maxSignatureLines = 25
	maxFooterLines    = 10 // at the end of a mail
)

// findSignature returns the index at which the signature at the end of lines begins, or len(lines) if there is none.
// A signature begins with "-- ", with lines that HTML marks as a signature, or with a footer.
func findSignature(lines []line) int {
	footer := findFooters(lines)
	end := endOfText(lines[:footer])
	if separator, ok := findSeparator(lines[:end]); ok {
		return separator
	}

	start := footer
	for i := end - 1; i >= 0; i-- {
		if lines[i].isBlank {
			continue
		}
		if !lines[i].isSignature {
			break
		}
		start = i
	}
	return start
}

// findFooters returns the index of the first of the footers that end lines, or len(lines) if there is none.
func findFooters(lines []line) int {
	first := len(lines)
	for range maxFooterLines {
		end := endOfText(lines[:first])
		if end == 0 {
			break
		}
		last := lines[end-1]
		if last.quoteDepth > 0 || !isFooter(last.text) {
			break
		}
		first = end - 1
	}
	return first
}

// findSeparator returns the index of the line "-- " above a signature that is the end of lines.
func findSeparator(lines []line) (index int, ok bool) {
	for i := len(lines) - 1; i >= max(0, len(lines)-maxSignatureLines); i-- {
		if lines[i].quoteDepth > 0 && !lines[i].isBlank {
			return 0, false
		}
		if strings.TrimRight(lines[i].text, " "+nbsp) == "--" {
			return i, true
		}
	}
	return 0, false
}

// mobileFooter matches a footer, such as "Sent from my iPhone", in many languages. Callers use isFooter.
var mobileFooter = regexp.MustCompile(`(?i)^[\s_*(<]*(?:` +
	`(?:sent|gesendet|envoyé|enviado|inviato|verstuurd|verzonden|wysłan[eoy]|skickat|sendt|lähetetty|odesláno|` +
	`odoslané|отправлено|gönderildi|küldve|trimis)\s+` +
	`(?:from|via|with|using|mit|von|depuis|de|desde|do|da|dal|vanaf|vanuit|van|met|z|ze|från|fra|med|z mého|с|со|ve)\s+.{2,60}` +
	`|von (?:meinem|meiner) .{2,40} gesendet|diese nachricht wurde von meinem .{2,60} gesendet` +
	`|envoyé à partir d.{2,60}|lähetetty .{2,40}(?:sta|stä|lla|llä)|.{2,30}['’]?(?:den|dan|umdan) gönderildi` +
	`|get outlook for .{2,80}|(?:hol(?:en sie sich|e? dir)? )?outlook für .{2,80}|von .{2,40} gesendet` +
	`|télécharge[zr] outlook pour .{2,20}|(?:obtener|obter o|obtenha o) outlook para .{2,20}|az .{2,30}r[óő]l küldve|` +
	`download outlook .{2,20}` +
	`|从我的 ?.{2,20}发送|发自我的.{2,20}|從我的 ?.{2,20}傳送|.{2,20}から送信|나의 .{2,20}에서 보냄|أ\x{64f}?رسلت من .{2,40}` +
	`)[\s.!_*)>]*$`)

// mayMatchFooter reports whether a lower-case line names a phone or a mail program. Every footer does, and most other
// lines don't, which saves the slow regular expression.
func mayMatchFooter(lower string) bool {
	for _, word := range []string{
		"iphon", "ipad", "android", "samsung", "galaxy", "huawei", "xiaomi", "pixel", "blackberry", "nokia", "xperia",
		"windows", "mail", "outlook", "yahoo", "gmx", "web.de", "proton", "mobil", "handy", "tablet", "phone",
		"téléphone", "telefon", "móvil", "celular", "cellulare", "gerät", "device",
	} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return strings.Contains(lower, "ios") && iosWord.MatchString(lower)
}

// iosWord matches "iOS" as a word, not as a part of one, such as "curios".
var iosWord = regexp.MustCompile(`\bios\b`)

// Limits of a footer.
const (
	maxFooterBytes = 200
	maxDeviceWords = 4 // in the name of a phone: "Samsung Galaxy smartphone"
)

// isFooter reports whether a phone or its mail program added a line. The name of the phone may contain a comma, as in
// "Sent from my Verizon, Samsung Galaxy smartphone". But if a sentence follows the comma, the phone must be named
// before it.
func isFooter(text string) bool {
	nameArea, rest, _ := strings.Cut(text, ", ")
	restIsSentence := len(strings.Fields(rest)) > maxDeviceWords || strings.ContainsAny(rest, ".!?")
	if !restIsSentence {
		nameArea = text
	}
	if len(text) > maxFooterBytes || !mayMatchFooter(strings.ToLower(nameArea)) {
		return false
	}
	return mobileFooter.MatchString(text)
}
