package bodytext

import (
	"regexp"
	"strings"
)

// maxSignatureLines is the longest signature that is collapsed.
const maxSignatureLines = 25

// maxFooterLines is how many lines a phone or its mail program may have added.
const maxFooterLines = 10

// findSignature returns the index at which the signature at the end begins: with "-- ", with a mail
// program's mark, or with the footer of a phone. It returns len(lines) if there is none.
func findSignature(lines []line) int {
	end := endOfText(lines)
	start := len(lines)
	for range maxFooterLines {
		if end == 0 {
			break
		}

		last := lines[end-1]
		if last.quoteDepth > 0 || !isFooter(last.text) {
			break
		}

		start = end - 1
		end = endOfText(lines[:start])
	}

	for i := end - 1; i >= max(0, end-maxSignatureLines); i-- {
		if lines[i].quoteDepth > 0 && !lines[i].isBlank {
			break
		}
		if strings.TrimRight(lines[i].text, " "+nbsp) == "--" {
			return i
		}
	}

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

// mobileFooter matches a line that a phone or its mail program adds: "Sent from my …". See isFooter.
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

// mayMatchFooter reports whether a line, in lower case, names a phone or a mail program, as all lines do that
// mobileFooter matches. It is much faster than the regular expression, and most lines name none.
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

// iosWord matches the name of Apple's system, which is also a part of words, such as "curios".
var iosWord = regexp.MustCompile(`\bios\b`)

// maxFooterBytes is the length of the longest line that may be a footer.
const maxFooterBytes = 200

// maxDeviceWords is how many words the name of a phone has at most: "Samsung Galaxy smartphone".
const maxDeviceWords = 4

// isFooter reports whether a phone or its mail program added a line. Behind a comma, a footer may go on with more of the phone's name, as
// in "Sent from my Verizon, Samsung Galaxy smartphone". If it goes on with a sentence, the phone must be named before the comma.
func isFooter(text string) bool {
	naming, rest, _ := strings.Cut(text, ", ")
	goesOnWithSentence := len(strings.Fields(rest)) > maxDeviceWords || strings.ContainsAny(rest, ".!?")
	if !goesOnWithSentence {
		naming = text
	}
	if len(text) > maxFooterBytes || !mayMatchFooter(strings.ToLower(naming)) {
		return false
	}
	return mobileFooter.MatchString(text)
}
